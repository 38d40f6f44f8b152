"""An instance of a declared component applied to tensors: sizes matched, a unit made or found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qmlc.check.circuits.check_width import check_width
from qmlc.check.dimensions import REST, Binding
from qmlc.check.frame import Frame
from qmlc.check.units.apply import call_node, hides_parameters, hold_unit, register
from qmlc.check.units.bind_settings import bind_settings
from qmlc.check.units.declare_pretrained import declare_pretrained, is_pretrained
from qmlc.check.units.hand_over import constructor_arguments
from qmlc.check.units.make_unit import make_unit
from qmlc.check.units.making import Input, Making, Units
from qmlc.check.units.match_inputs import match_inputs, match_rows
from qmlc.check.units.open_sizes import make_open_unit
from qmlc.check.units.read_outside import override_settings
from qmlc.check.values import Declared, Instance, Value
from qmlc.ir.program import Submodule, Unit
from qmlc.ops.layer_parameters import layer_parameters
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial, lift
from qmlc.types.polynomial import Value as Exact
from qmlc.types.tensors import RecordType, TensorType, Type


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
    assert isinstance(callee, Declared) and isinstance(callee.declaration, tree.Component)
    if is_pretrained(callee.declaration):
        instance = declare_pretrained(units, frame, node, instance, arguments, keywords)
        callee = instance.target
        assert isinstance(callee, Declared)
    settings = {**bind_settings(node, instance), **override_settings(units, callee)}
    caller = frame.caller or node.span if callee.module.is_library else None
    making = Making(units, callee, node, dict(settings), caller=caller)
    if callee.kind == "kernel":
        inputs, overlaps = match_rows(making, frame, arguments, keywords)
    else:
        inputs, leading = match_inputs(making, frame, arguments, keywords)
    check_width(making, frame, inputs)
    # a train block's model goes on to other data; what is inside of a unit has the sizes of that
    trained = not units.active and callee.kind in ("model", "layer")
    unit, output, outer = make_open_unit(making) if trained else make_unit(making)
    kind = overlaps if callee.kind == "kernel" else _lead(_substitute(output, outer), leading)
    path = register(frame.network, instance, callee.name)
    handed = constructor_arguments(frame, node, settings, unit)
    module = Submodule(path, unit.class_name, handed, True, instance.given, instance.changes)
    hold_unit(frame, node, module, parameter_types(units, unit))
    return call_node(frame, path, [i.node for i in inputs], kind, **_places(callee, inputs))


def _places(callee: Declared, inputs: Sequence[Input]) -> dict[str, tuple[int, ...]]:
    """Which inputs are given, where one of them stands behind one that is left out."""
    assert isinstance(callee.declaration, tree.Component)
    names = [parameter.name.name for parameter in callee.declaration.inputs]
    places = tuple(names.index(given.parameter.name.name) for given in inputs)
    in_order = callee.kind == "kernel" or places == tuple(range(len(places)))
    return {} if in_order else {"places": places}


def parameter_types(units: Units, unit: Unit) -> dict[str, TensorType]:
    """The type of each parameter of a unit and of the parts that it holds, by its path."""
    found = {p.name: TensorType(p.dtype, p.shape) for p in unit.parameters}
    known = {made.class_name: made for made in units.order}
    for part in unit.submodules:
        if hides_parameters(part.changes):
            continue
        if part.is_unit:
            inner = parameter_types(units, known[part.target])
        else:
            shapes = layer_parameters(part.target, dict(part.arguments))
            inner = {name: TensorType("real", shape) for name, shape in shapes.items()}
        found |= {f"{part.path}.{name}": kind for name, kind in inner.items()}
    return found


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
    """The type of a result that a circuit yields for each of its leading dimensions."""
    if isinstance(kind, RecordType):
        return RecordType(tuple((n, _tensor(_lead(k, leading))) for n, k in kind.fields))
    return TensorType(kind.dtype, (*leading, *kind.dims))


def _tensor(kind: Type) -> TensorType:
    assert isinstance(kind, TensorType)
    return kind
