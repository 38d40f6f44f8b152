"""An instance of a declared component applied to tensors: sizes matched, a unit made or found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qmlc.check.apply import call_node, hold_unit, register
from qmlc.check.bind_arguments import argument_at
from qmlc.check.bind_settings import bind_settings
from qmlc.check.call_function import bind_declared, fill_default
from qmlc.check.check_width import check_width
from qmlc.check.declare_pretrained import declare_pretrained, is_pretrained
from qmlc.check.dimensions import (
    DTYPES,
    REST,
    Binding,
    Mismatch,
    match_dims,
    mismatch_error,
)
from qmlc.check.errors_names import NotAvailable
from qmlc.check.errors_types import WrongArguments
from qmlc.check.frame import Frame
from qmlc.check.hand_over import constructor_arguments
from qmlc.check.make_unit import make_unit
from qmlc.check.making import CIRCUITS, Input, Making, Units
from qmlc.check.operate import as_node
from qmlc.check.origin import origin
from qmlc.check.values import (
    Declared,
    Instance,
    RecordNode,
    Scope,
    Stop,
    Tensor,
    Value,
    describe,
    fail,
    type_of,
)
from qmlc.ir.program import Submodule
from qmlc.source.diagnostic import Label
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
    settings = bind_settings(node, instance)
    making = Making(units, callee, node, dict(settings))
    declaration = making.declaration
    if declaration.kind in _NOT_APPLIED:
        fail(NotAvailable, node, *_NOT_APPLIED[declaration.kind])
    pairs = bind_declared(frame, node, callee, list(arguments), dict(keywords))
    home = Frame(frame.session, callee.module, Scope(), stack=frame.stack)
    inputs = [_input(frame, node, p, fill_default(home, p, v), i) for i, (p, v) in enumerate(pairs)]
    leading = match_inputs(making, frame, inputs)
    check_width(making, frame, inputs)
    unit, output, outer = make_unit(making)
    kind = _substitute(output, outer)
    if leading:
        kind = _lead(kind, leading)
    path = register(frame.network, instance, callee.name)
    handed = constructor_arguments(frame, node, settings, unit)
    module = Submodule(path, unit.class_name, handed, is_unit=True, given=instance.given)
    hold_unit(frame, node, module)
    return call_node(frame, path, [i.tensor for i in inputs], kind)


_NOT_APPLIED = {
    "kernel": (
        "kernels are not applied yet",
        "a kernel",
        "return `state` from a circuit, and compute overlaps of two",
    ),
}


def _input(
    frame: Frame, node: tree.Node, parameter: tree.Parameter, value: Value, position: int
) -> Input:
    """A value given for an input, as a tensor; WrongArguments where it is none."""
    place = argument_at(node, position, parameter.name.name)
    listed = isinstance(value, tuple) and any(isinstance(v, Tensor) for v in value)
    if type_of(value) is None and not listed:
        what = f"`{parameter.name.name}` takes a tensor"
        related = (Label(parameter.span, "declared here"),)
        fail(WrongArguments, place, what, f"this is {describe(value)}", "", related)
    if isinstance(value, RecordNode):
        what, fields = f"`{parameter.name.name}` takes a tensor", value.type.fields
        fail(
            WrongArguments,
            place,
            what,
            f"this is the record `{value.type}`",
            f"hand over one of its fields: `….{fields[0][0]}`" if fields else "",
            (Label(parameter.span, "declared here"),),
        )
    return Input(parameter, as_node(frame, place, value), place)


def match_inputs(making: Making, frame: Frame, inputs: Sequence[Input]) -> tuple[Exact, ...]:
    """Bind the sizes of the inputs; the leading dimensions that a circuit maps over."""
    declaration = making.declaration
    leading: list[tuple[Exact, ...]] = []
    for name, value in making.given.items():
        if isinstance(value, int) and not isinstance(value, bool):
            making.binding.setdefault(name, value)
    for given in inputs:
        written, kind = given.parameter.type, given.tensor.type
        if isinstance(written, tree.TypeRecord):
            raise Stop(None)
        wanted = written.dims if written is not None else ()
        dims = kind.dims
        if declaration.kind in CIRCUITS:
            own = len(wanted)
            leading.append(dims[: len(dims) - own] if len(dims) >= own else ())
            dims = dims[len(dims) - own :] if len(dims) >= own else dims
        try:
            _check_dtype(written, kind)
            match_dims(making.frame(), wanted, dims, making.binding)
        except Mismatch as mismatch:
            name, source = f"`{declaration.name.name}`", origin(frame, given.place)
            proposal = _proposal(declaration, given, making.binding)
            raise mismatch_error(
                given.place, name, given.parameter, kind, mismatch, proposal, source
            ) from None
    return _broadcast(making, leading)


def _proposal(declaration: tree.Component, given: Input, binding: Binding) -> str:
    """How a tensor can be brought to the declared type."""
    written, dims = given.parameter.type, given.tensor.type.dims
    wanted = written.dims if isinstance(written, tree.TypeName) else ()
    if declaration.kind not in CIRCUITS and len(dims) > len(wanted) and wanted:
        last = wanted[-1].span.text
        return f"`{declaration.name.name}` could take any leading dimensions: `real[..., {last}]`"
    if len(dims) < len(wanted) or not wanted or not dims:
        return ""
    last = wanted[-1].span.text
    size = binding.get(last, int(last) if last.isdigit() else None)
    if isinstance(size, int) and size != dims[-1] and given.tensor.type.dtype == "real":
        shown = given.place.span.text if isinstance(given.place, tree.Identifier) else "…"
        return f"bring it to {size} features first: `{shown} |> linear({size})`"
    return ""


def _check_dtype(written: tree.TypeName | None, kind: TensorType) -> None:
    name = "real" if written is None else written.name.name
    wanted = DTYPES.get(name)
    if wanted == kind.dtype or wanted is None or (wanted == "real" and kind.dtype == "int"):
        return
    raise Mismatch(f"its elements are `{kind.dtype}`, not `{name}`")


def _broadcast(making: Making, leading: list[tuple[Exact, ...]]) -> tuple[Exact, ...]:
    """The common leading dimensions of a circuit's inputs."""
    width = max((len(dims) for dims in leading), default=0)
    result: list[Exact] = []
    for i in range(-width, 0):
        sizes = [dims[i] for dims in leading if len(dims) >= -i and dims[i] != 1]
        if any(size != sizes[0] for size in sizes):
            other = next(size for size in sizes if size != sizes[0])
            fail(
                WrongArguments,
                making.node,
                "the inputs do not broadcast together",
                f"leading dimensions {sizes[0]} and {other}",
                "a circuit maps over leading dimensions, which must be equal or 1",
            )
        result.append(sizes[0] if sizes else 1)
    return tuple(result)


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
