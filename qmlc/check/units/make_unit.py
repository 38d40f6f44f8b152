"""One declaration for certain settings and sizes: a `Unit`, made once and shared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from qmlc.check.bind_arguments import plain
from qmlc.check.circuits.declare_variables import check_size
from qmlc.check.dimensions import (
    REST,
    Binding,
    resolve_type,
)
from qmlc.check.enter_body import run_body
from qmlc.check.errors.names import SelfReference
from qmlc.check.errors.types import BadType
from qmlc.check.frame import CircuitState, Frame, NetworkState
from qmlc.check.require_number import require_number
from qmlc.check.run_block import run_block
from qmlc.check.units.complete_settings import complete_settings
from qmlc.check.units.finish_unit import circuit_output, finish_circuit, network_output
from qmlc.check.units.hand_over import component_key, component_text, reserve_names
from qmlc.check.units.input_defaults import default_node, default_numbers
from qmlc.check.units.lint_unit import lint_circuit, lint_network
from qmlc.check.units.make_extern import extern_output, name_module
from qmlc.check.units.making import CIRCUITS, Making
from qmlc.check.values import (
    Builtin,
    Declared,
    Instance,
    Measured,
    NeedsDimensions,
    PartialGate,
    RecordNode,
    Tensor,
    Value,
    fail,
)
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.program import Setting, Unit
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial, lift
from qmlc.types.tensors import RecordType, TensorType, Type

COMPONENTS = Builtin | Declared | Instance | PartialGate


def make_unit(making: Making) -> tuple[Unit, Type, Binding]:
    """The unit, its output type in its own names, and what the caller has in their place."""
    units, declaration = making.units, making.declaration
    settings = complete_settings(making)
    outer = dict(making.binding)
    own: Binding = {}
    for name, size in making.binding.items():
        if name == REST:
            own[name] = (Polynomial.symbol(REST),)
        elif name in settings or isinstance(size, int):
            own[name] = size
        else:
            own[name] = Polynomial.symbol(name)
    making.binding = own
    sizes = {name: own[name] for name in sorted(own) if name != REST and name not in settings}
    key = (id(declaration), *_key(settings), *_key(sizes))
    if key not in units.made:
        if declaration in units.active:
            fail(
                SelfReference,
                making.node,
                f"`{declaration.name.name}` contains itself",
                "there is no recursion",
                "write a `for` over a setting",
            )
        units.session.step(making.node, 200)  # a unit costs more than a statement
        units.active.append(declaration)
        try:
            units.made[key] = _build(making, settings)
        except NeedsDimensions as error:
            outer_names = [s.name for n in error.names for s in lift(outer.get(n, 0)).symbols()]
            raise NeedsDimensions(tuple(outer_names) or error.names, error.span) from None
        finally:
            units.active.pop()
        units.order.append(units.made[key][0])
    unit, output = units.made[key]
    return unit, output, outer


def _key(values: Mapping[str, Value]) -> tuple[Any, ...]:
    return tuple((name, type(v).__name__, component_key(v)) for name, v in values.items())


def _build(making: Making, settings: dict[str, Value]) -> tuple[Unit, Type]:
    """Run the body of a declaration."""
    declaration = making.declaration
    frame = making.frame()
    frame.stack = (declaration,)
    if declaration.kind in CIRCUITS:
        return _build_circuit(making, settings, frame)
    frame.network = NetworkState()
    reserve_names(frame.network, declaration)
    inputs = []
    for parameter in declaration.inputs:
        kind = _input_type(making, frame, parameter)
        name = parameter.name.name
        frame.network.taken[name] = 1
        default = default_node(making, frame, parameter, kind)
        node = frame.network.graph.add("input", default, kind, name=name)
        value = RecordNode(node, kind) if isinstance(kind, RecordType) else Tensor(node, kind)
        frame.scope.bind(name, value, parameter.name.span)
        inputs.append((name, kind))
    if declaration.kind == "extern":
        output = extern_output(making, frame)
        unit = _unit(making, settings, tuple(inputs), output)
        return name_module(frame, unit, declaration), output
    errors = frame.session.count_errors()
    value = run_body(frame, declaration)
    result = network_output(making.binding, frame, declaration, value)
    graph = frame.network.graph.build(result.node)
    if frame.session.count_errors() == errors:  # what follows an error is no warning
        lint_network(frame, declaration, graph)
    unit = replace(
        _unit(making, settings, tuple(inputs), result.type),
        graph=graph,
        parameters=tuple(frame.network.parameters),
        submodules=tuple(frame.network.submodules.values()),
    )
    return unit, result.type


def _input_type(making: Making, frame: Frame, parameter: tree.Parameter) -> Type:
    if parameter.type is None:
        return TensorType("real")
    return resolve_type(frame, parameter.type, making.binding)


def _build_circuit(making: Making, settings: dict[str, Value], frame: Frame) -> tuple[Unit, Type]:
    declaration = making.declaration
    errors = frame.session.count_errors()
    state = CircuitState(CircuitBuilder(declaration.name.name))
    frame.circuit = state
    inputs = []
    for parameter in declaration.inputs:
        kind = _input_type(making, frame, parameter)
        if isinstance(kind, RecordType):
            what = "a circuit takes numbers and tensors"
            fail(BadType, parameter, what, "a record", "take its fields one by one")
        dims = [require_number(frame, d, parameter, "a dimension of a circuit") for d in kind.dims]
        check_size(parameter, tuple(dims))
        kind = TensorType(kind.dtype, tuple(dims))
        default = default_numbers(making, parameter, kind)
        symbols = state.builder.input(parameter.name.name, *dims, default=default)
        frame.scope.bind(parameter.name.name, symbols, parameter.name.span)
        inputs.append((parameter.name.name, kind))
    value = (
        run_body(frame, declaration)
        if declaration.kind == "circuit"
        else _prepare(frame, declaration)
    )
    output = circuit_output(making.binding, frame, declaration, value)
    circuit = state.builder.build()
    if frame.session.count_errors() == errors:
        finish_circuit(frame)
        lint_circuit(frame, declaration, circuit)
    unit = replace(
        _unit(making, settings, tuple(inputs), output),
        circuit=circuit,
        parameters=circuit.parameters,
    )
    return unit, output


def _prepare(frame: Frame, declaration: tree.Component) -> Value:
    """A kernel's body prepares a state, which is its result."""
    assert isinstance(declaration.body, tree.Block) and frame.circuit is not None
    run_block(frame, declaration.body)
    return Measured("state", qubits=frame.circuit.every_qubit())


def _unit(
    making: Making,
    settings: dict[str, Value],
    inputs: tuple[tuple[str, Type], ...],
    output: Type,
) -> Unit:
    declaration = making.declaration
    sizes = {n: v for n, v in making.binding.items() if isinstance(v, int) and n not in settings}
    full = {**{k: _setting_value(v) for k, v in settings.items()}, **sizes}
    return Unit(
        declaration.name.name,
        making.units.class_name(declaration.name.name),
        declaration.kind,
        inputs,
        output,
        signature(declaration, tuple(sizes)),
        tuple(full.items()),
        doc=declaration.doc,
        source=declaration.header,
        place=declaration.name.span,
    )


def _setting_value(value: Value) -> Any:
    """A setting as plain data; components and gates, also in lists, as they are written."""
    some = value[0] if isinstance(value, tuple) and value else value
    return component_text(value) if isinstance(some, COMPONENTS) else plain(value)


def signature(declaration: tree.Component, sizes: tuple[str, ...]) -> tuple[Setting, ...]:
    """The keywords of the constructor: settings with literal defaults, then sizes."""
    settings = []
    for parameter in declaration.settings or ():
        kind = parameter.type.span.text if parameter.type is not None else "real"
        default = parameter.default
        value = default.value if isinstance(default, tree.Literal) else None
        settings.append(Setting(parameter.name.name, kind, value))
    return (*settings, *(Setting(name, "dimension") for name in sizes))
