"""One declaration for certain settings and sizes: a `Unit`, made once and shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from qmlc.check.apply import call_node, check_types, hold_unit, register
from qmlc.check.call_function import bind_arguments, plain, run_body
from qmlc.check.declare_variables import check_size
from qmlc.check.dimensions import (
    REST,
    Binding,
    Mismatch,
    dimension_names,
    match_dims,
    mismatch_error,
    resolve_type,
)
from qmlc.check.errors_names import NotAvailable, SelfReference
from qmlc.check.errors_types import UnknownDimension, WrongArguments
from qmlc.check.evaluate import evaluate
from qmlc.check.finish_unit import circuit_output, finish_circuit, network_output
from qmlc.check.frame import CircuitState, Frame, NetworkState, Session
from qmlc.check.run_gate import as_gate
from qmlc.check.values import (
    Declared,
    Instance,
    NeedsDimensions,
    Poison,
    Scope,
    Stop,
    Tensor,
    Unplaced,
    Value,
    describe,
    fail,
    type_of,
)
from qmlc.ir.array import Array
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.operator import Operator, lift_operator
from qmlc.ir.program import Setting, Submodule, Unit
from qmlc.ops.parameters import REQUIRED, Parameter
from qmlc.source.diagnostic import Label
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial, lift
from qmlc.types.polynomial import Value as Exact
from qmlc.types.tensors import RecordType, TensorType, Type

CIRCUITS = ("circuit", "kernel")
KINDS = {"int": int, "real": (int, float), "str": str, "bool": bool}


@dataclass
class Units:
    """The units made so far, by declaration and settings."""

    session: Session
    made: dict[tuple[Any, ...], tuple[Unit, Type]] = field(default_factory=dict)
    order: list[Unit] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    active: list[Any] = field(default_factory=list)
    trained: dict[str, int] = field(default_factory=dict)
    """How many train blocks there were of each model."""

    def class_name(self, name: str) -> str:
        """A class name for another unit of the declaration `name`."""
        base = camel_case(name)
        count = self.names.get(base, 0)
        self.names[base] = count + 1
        return base if count == 0 else f"{base}{count + 1}"


def camel_case(name: str) -> str:
    """The class name of a declaration: `ground_state` becomes `GroundState`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_") if part) or "Unit"


@dataclass
class Making:
    """A declaration while it becomes a unit."""

    units: Units
    callee: Declared
    node: tree.Node
    given: dict[str, Value]
    """Settings as given, by name."""
    binding: Binding = field(default_factory=dict)

    @property
    def declaration(self) -> tree.Component:
        declaration = self.callee.declaration
        assert isinstance(declaration, tree.Component)
        return declaration

    def frame(self) -> Frame:
        """A frame in the declaration's file that knows the settings and sizes so far."""
        scope = Scope()
        for name, value in {**self.given, **self.binding}.items():
            if name != REST:
                scope.bind(name, value)
        return Frame(self.units.session, self.callee.module, scope)


def apply_unit(
    units: Units,
    frame: Frame,
    node: tree.Node,
    instance: Instance,
    arguments: Sequence[Value],
    keywords: Mapping[str, Value],
) -> Value:
    """An instance of a declared component applied to tensors."""
    callee = instance.target
    assert isinstance(callee, Declared)
    making = Making(units, callee, node, bind_settings(units, frame, node, instance))
    declaration = making.declaration
    if declaration.kind == "extern":
        fail(NotAvailable, node, "`extern` layers are not run yet", "a module of your own",
             "embed the compiled part in your own torch module instead")  # fmt: skip
    if declaration.kind == "kernel":
        fail(NotAvailable, node, "kernels are not applied yet", "a kernel",
             "return `state` from a circuit, and compute overlaps of two")  # fmt: skip
    rows = [
        Parameter(p.name.name, REQUIRED if p.default is None else p.default)
        for p in declaration.inputs
    ]
    bound = bind_arguments(node, callee.name, rows, list(arguments), dict(keywords))
    pairs = [(p, bound[p.name.name]) for p in declaration.inputs]
    check_types(node, pairs)
    from qmlc.check.operate import as_node

    tensors = [v if type_is_node(v) else as_node(frame, node, v) for _, v in pairs]
    kinds = [(p, type_of(t)) for (p, _), t in zip(pairs, tensors, strict=True)]
    leading = match_inputs(making, kinds)
    unit, output, outer = make_unit(making)
    kind = _substitute(output, outer)
    if leading:
        kind = _lead(kind, leading)
    path = register(frame.network, instance, callee.name)
    hold_unit(frame, node, Submodule(path, unit.class_name, unit.settings, is_unit=True))
    return call_node(frame, path, tensors, kind)


def type_is_node(value: Value) -> bool:
    """Whether a value is a node of the graph already."""
    return isinstance(value, Tensor)


def bind_settings(
    units: Units, frame: Frame | None, node: tree.Node, instance: Instance
) -> dict[str, Value]:
    """The settings of an instance that were given, by name."""
    callee = instance.target
    assert isinstance(callee, Declared) and isinstance(callee.declaration, tree.Component)
    declared = callee.declaration.settings or ()
    rows = [Parameter(p.name.name, None) for p in declared]
    values = bind_arguments(
        node, callee.name, rows, list(instance.arguments), dict(instance.keywords)
    )
    given = {name: value for name, value in values.items() if value is not None}
    for parameter in declared:
        if parameter.name.name in given:
            check_setting(node, parameter, given[parameter.name.name])
    return given


def check_setting(node: tree.Node, parameter: tree.Parameter, value: Value) -> None:
    """Refuse a setting of the wrong kind."""
    written = parameter.type
    kind = written.name.name if isinstance(written, tree.TypeName) else "real"
    wanted: Any = KINDS.get(kind)
    if isinstance(value, Tensor):
        fail(WrongArguments, node, f"the setting `{parameter.name.name}` must be known when compiling",
             f"this is {describe(value)}", "settings first, inputs second: `c(…)(x)`",
             (Label(parameter.span, "declared here"),))  # fmt: skip
    if kind in ("layer", "circuit"):
        fail(NotAvailable, node, f"settings of kind `{kind}` are not there yet",
             f"`{parameter.name.name}`", "mention the component in the body instead",
             (Label(parameter.span, "declared here"),))  # fmt: skip
    plain_scalar = isinstance(written, tree.TypeName) and not written.dims
    if wanted is None or not plain_scalar or isinstance(value, Polynomial):
        return
    if not isinstance(value, wanted) or (isinstance(value, bool) and kind != "bool"):
        fail(WrongArguments, node, f"the setting `{parameter.name.name}` is `{kind}`",
             f"this is {describe(value)}", "", (Label(parameter.span, "declared here"),))  # fmt: skip


def match_inputs(
    making: Making, kinds: Sequence[tuple[tree.Parameter, Type | None]]
) -> tuple[Exact, ...]:
    """Bind the sizes of the inputs; the leading dimensions that a circuit maps over."""
    declaration = making.declaration
    leading: list[tuple[Exact, ...]] = []
    for name, value in making.given.items():
        if isinstance(value, int) and not isinstance(value, bool):
            making.binding.setdefault(name, value)
    for parameter, kind in kinds:
        written = parameter.type
        if isinstance(kind, RecordType) or not isinstance(written, tree.TypeName):
            raise Stop(None)
        assert kind is not None
        dims = kind.dims
        if declaration.kind in CIRCUITS:
            own = len(written.dims)
            leading.append(dims[: len(dims) - own] if len(dims) >= own else ())
            dims = dims[len(dims) - own :] if len(dims) >= own else dims
        try:
            _check_dtype(written, kind)
            match_dims(making.frame(), written.dims, dims, making.binding)
        except Mismatch as mismatch:
            raise mismatch_error(
                _place(making.node, parameter, declaration),
                f"`{declaration.name.name}`",
                parameter,
                kind,
                mismatch,
                _proposal(declaration, parameter, kind),
            ) from None
    return _broadcast(making, leading)


def _place(node: tree.Node, parameter: tree.Parameter, declaration: tree.Component) -> tree.Node:
    """The argument in the text that fills a parameter."""
    position = declaration.inputs.index(parameter)
    if isinstance(node, tree.Pipe):
        return node.value if position == 0 else node
    if isinstance(node, tree.Call):
        for keyword in node.keywords:
            if keyword.name.name == parameter.name.name:
                return keyword.value
        if position < len(node.arguments):
            return node.arguments[position]
    return node


def _proposal(declaration: tree.Component, parameter: tree.Parameter, kind: TensorType) -> str:
    if declaration.kind in CIRCUITS and kind.dims and isinstance(kind.dims[-1], int):
        if kind.dims[-1] > 24:
            return f"bring the {kind.dims[-1]} features down first: `… |> linear(4) |> tanh`"
    return ""


def _check_dtype(written: tree.TypeName, kind: TensorType) -> None:
    from qmlc.check.dimensions import DTYPES

    wanted = DTYPES.get(written.name.name)
    if wanted == kind.dtype or wanted is None or (wanted == "real" and kind.dtype == "int"):
        return
    raise Mismatch(f"its elements are `{kind.dtype}`, not `{written.name.name}`")


def _broadcast(making: Making, leading: list[tuple[Exact, ...]]) -> tuple[Exact, ...]:
    """The common leading dimensions of a circuit's inputs."""
    width = max((len(dims) for dims in leading), default=0)
    result: list[Exact] = []
    for i in range(-width, 0):
        sizes = [dims[i] for dims in leading if len(dims) >= -i and dims[i] != 1]
        if any(size != sizes[0] for size in sizes):
            other = next(size for size in sizes if size != sizes[0])
            fail(WrongArguments, making.node, "the inputs do not broadcast together",
                 f"leading dimensions {sizes[0]} and {other}",
                 "a circuit maps over leading dimensions, which must be equal or 1")  # fmt: skip
        result.append(sizes[0] if sizes else 1)
    return tuple(result)


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
    key = (id(declaration), *_key(settings), *_key({k: v for k, v in own.items() if k != REST}))
    if key not in units.made:
        if declaration in units.active:
            fail(SelfReference, making.node, f"`{declaration.name.name}` contains itself",
                 "there is no recursion", "write a `for` over a setting")  # fmt: skip
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
    return tuple((name, type(v).__name__, str(v)) for name, v in values.items())


def complete_settings(making: Making) -> dict[str, Value]:
    """All settings: given, or by default; operators are placed on the register's positions."""
    settings: dict[str, Value] = {}
    for parameter in making.declaration.settings or ():
        name = parameter.name.name
        written = parameter.type
        kind = written.name.name if isinstance(written, tree.TypeName) else "real"
        if name in making.given:
            value = making.given[name]
        elif parameter.default is None:
            fail(WrongArguments, making.node, f"`{making.callee.name}` needs the setting `{name}`",
                 "not given", f"write `{making.callee.name}({name}=…)(…)`",
                 (Label(parameter.span, "declared here, without a default"),))  # fmt: skip
        elif kind == "gate":
            value = as_gate(making.frame(), parameter.default)
        else:
            value = evaluate(making.frame(), parameter.default)
            if isinstance(value, Poison):
                raise Stop(None)
            check_setting(parameter, parameter, value)
        if kind == "operator":
            value = _placed(making, parameter, value)
        settings[name] = value
        making.given[name] = _placeable(value) if kind == "operator" else value
        if isinstance(value, int) and not isinstance(value, bool):
            making.binding[name] = value
    return settings


def _placed(making: Making, parameter: tree.Parameter, value: Value) -> Value:
    """An operator setting: on the positions 0…n-1 of the register it will be placed on."""
    written = parameter.type
    assert isinstance(written, tree.TypeName)
    values = list(value) if isinstance(value, tuple) else [value]
    dims = written.dims
    if not dims:
        fail(UnknownDimension, parameter, "an operator says on how many qubits it acts",
             "no dimension", "write `operator[n]` or `operator[m, n]`")  # fmt: skip
    from qmlc.check.dimensions import dimension
    from qmlc.check.require_number import require_number

    frame = making.frame()
    size = require_number(frame, dimension(frame, dims[-1], making.binding), dims[-1], "the size")
    if all(isinstance(v, Unplaced) for v in values):
        placed = [v.place(tuple(range(size))) for v in values]
        value = placed[0] if len(placed) == 1 and not isinstance(value, tuple) else _flatten(placed)
    if len(dims) == 2:
        array = value if isinstance(value, Array) else Array.stack([value])
        value = array.map(lift_operator)
        match_dims(frame, dims[:1], (len(array),), making.binding)
    return value


def _placeable(value: Operator | Array) -> Unplaced:
    """An operator on positions, to be placed on a register."""
    if isinstance(value, Operator):
        return Unplaced(value.place)
    return Unplaced(lambda qubits: value.map(lambda operator: operator.place(qubits)))


def _flatten(placed: list[Any]) -> Array:
    items = [x for p in placed for x in (p.items if isinstance(p, Array) else (p,))]
    return Array.stack(items)


def _build(making: Making, settings: dict[str, Value]) -> tuple[Unit, Type]:
    """Run the body of a declaration."""
    declaration = making.declaration
    frame = making.frame()
    frame.stack = (declaration,)
    names = {n for p in declaration.inputs if p.type for n in dimension_names(p.type)}
    frame.dimensions = frozenset(
        s.name for v in making.binding.values() if isinstance(v, Polynomial) for s in v.symbols()
    )
    if declaration.kind in CIRCUITS:
        return _build_circuit(making, settings, frame, sorted(names))
    frame.network = NetworkState()
    inputs = []
    for parameter in declaration.inputs:
        kind = _input_type(making, frame, parameter)
        name = parameter.name.name
        frame.network.taken[name] = 1
        node = frame.network.graph.add("input", [], kind, name=name)
        frame.scope.bind(name, Tensor(node, kind), parameter.name.span)
        inputs.append((name, kind))
    value = run_body(frame, declaration)
    output, node, kind = network_output(making.binding, frame, declaration, value)
    unit = _unit(making, settings, tuple(inputs), kind)
    unit = replace(
        unit,
        graph=frame.network.graph.build(node),
        parameters=tuple(frame.network.parameters),
        submodules=tuple(frame.network.submodules.values()),
    )
    return unit, output


def _input_type(making: Making, frame: Frame, parameter: tree.Parameter) -> TensorType:
    if parameter.type is None:
        return TensorType("real")
    kind = resolve_type(frame, parameter.type, making.binding)
    if not isinstance(kind, TensorType):
        fail(NotAvailable, parameter, "records are not taken as inputs yet", "a record",
             "hand over its fields one by one")  # fmt: skip
    return kind


def _build_circuit(
    making: Making, settings: dict[str, Value], frame: Frame, names: list[str]
) -> tuple[Unit, Type]:
    from qmlc.check.require_number import require_number

    declaration = making.declaration
    state = CircuitState(CircuitBuilder(declaration.name.name))
    frame.circuit = state
    inputs = []
    for parameter in declaration.inputs:
        kind = _input_type(making, frame, parameter)
        dims = [require_number(frame, d, parameter, "a dimension of a circuit") for d in kind.dims]
        check_size(parameter, tuple(dims))
        kind = TensorType(kind.dtype, tuple(dims))
        symbols = state.builder.input(parameter.name.name, *dims)
        frame.scope.bind(parameter.name.name, symbols, parameter.name.span)
        inputs.append((parameter.name.name, kind))
    value = (
        run_body(frame, declaration)
        if declaration.kind == "circuit"
        else _prepare(frame, declaration)
    )
    output = circuit_output(making.binding, frame, declaration, value)
    finish_circuit(frame, declaration)
    circuit = state.builder.build()
    unit = replace(
        _unit(making, settings, tuple(inputs), output),
        circuit=circuit,
        parameters=circuit.parameters,
    )
    return unit, output


def _prepare(frame: Frame, declaration: tree.Component) -> Value:
    """A kernel's body prepares a state, which is its result."""
    from qmlc.check.run_block import run_block
    from qmlc.check.values import Measured

    assert isinstance(declaration.body, tree.Block) and frame.circuit is not None
    run_block(frame, declaration.body)
    every = tuple(q for _, _, register in frame.circuit.declared for q in register)
    return Measured("state", qubits=every)


def _unit(
    making: Making,
    settings: dict[str, Value],
    inputs: tuple[tuple[str, TensorType], ...],
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
        source=header_of(declaration),
        place=declaration.name.span,
    )


def _setting_value(value: Value) -> Any:
    return value.name if isinstance(value, Declared) else plain(value)


def signature(declaration: tree.Component, sizes: tuple[str, ...]) -> tuple[Setting, ...]:
    """The keywords of the constructor: settings with literal defaults, then sizes."""
    settings = []
    for parameter in declaration.settings or ():
        kind = parameter.type.span.text if parameter.type is not None else "real"
        default = parameter.default
        value = default.value if isinstance(default, tree.Literal) else None
        settings.append(Setting(parameter.name.name, kind, value))
    return (*settings, *(Setting(name, "dimension") for name in sizes))


def header_of(declaration: tree.Component) -> str:
    """The declaration as written, without its body."""
    text = declaration.span.source.text
    head = text[declaration.span.start : declaration.body.span.start].rstrip()
    return " ".join(head.removesuffix("=").split())


def _substitute(kind: Type, binding: Binding) -> Type:
    if isinstance(kind, RecordType):
        return RecordType(tuple((n, _tensor(_substitute(k, binding))) for n, k in kind.fields))
    dims: list[Exact] = []
    for size in kind.dims:
        polynomial = lift(size)
        if size == Polynomial.symbol(REST):
            dims += binding.get(REST, (size,))
        else:
            values = {s: binding[s.name] for s in polynomial.symbols() if s.name in binding}
            dims.append(polynomial.substitute(values))
    return TensorType(kind.dtype, tuple(dims))


def _lead(kind: Type, leading: tuple[Exact, ...]) -> Type:
    if isinstance(kind, RecordType):
        return RecordType(tuple((n, _tensor(_lead(k, leading))) for n, k in kind.fields))
    return TensorType(kind.dtype, (*leading, *kind.dims))


def _tensor(kind: Type) -> TensorType:
    assert isinstance(kind, TensorType)
    return kind
