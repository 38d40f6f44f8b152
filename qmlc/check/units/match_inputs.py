"""What is given for inputs, against their declared types: tensors, records, rows for a kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from qmlc.check.bind_arguments import argument_at, bind_arguments
from qmlc.check.dimensions import (
    Binding,
    Mismatch,
    match_type,
    mismatch_error,
)
from qmlc.check.enter_body import bind_declared, fill_default
from qmlc.check.errors.types import WrongArguments
from qmlc.check.frame import Frame
from qmlc.check.operate import add_node, as_node, as_record
from qmlc.check.origin import origin
from qmlc.check.units.making import CIRCUITS, Input, Making
from qmlc.check.values import Fields, RecordNode, Scope, Tensor, Value, describe, fail, type_of
from qmlc.ops.parameters import Parameter
from qmlc.source.diagnostic import Label
from qmlc.syntax import tree
from qmlc.types.polynomial import Value as Exact
from qmlc.types.tensors import RecordType, TensorType

Arguments = Sequence[Value]
Keywords = Mapping[str, Value]


def match_inputs(
    making: Making, frame: Frame, arguments: Arguments, keywords: Keywords
) -> tuple[list[Input], tuple[Exact, ...]]:
    """The inputs, whose sizes are bound now; the leading dimensions that a circuit maps over.

    Inputs that are left out are not among them: the unit knows what stands for them, except where
    it comes from elsewhere.
    """
    pairs = bind_declared(making.node, making.callee, list(arguments), dict(keywords))
    home = Frame(frame.session, making.callee.module, Scope(), stack=frame.stack)
    inputs = []
    for i, (parameter, value) in enumerate(pairs):
        if value is not parameter.default or parameter.default is None:
            inputs.append(_input(frame, making.node, parameter, value, i))
        elif making.callee.kind == "extern":
            value = fill_default(home, parameter, value)
            inputs.append(_input(frame, making.node, parameter, value, i))
    if making.declaration.kind not in CIRCUITS:
        inputs = [_as_tensor(frame, given) for given in inputs]
    _bind_whole_settings(making)
    leading = [_match(making, frame, given, 0) for given in inputs]
    return inputs, _broadcast(making.node, leading)


def match_rows(
    making: Making, frame: Frame, arguments: Arguments, keywords: Keywords
) -> tuple[list[Input], TensorType]:
    """The two inputs of a kernel, and the type of the matrix of their rows' overlaps."""
    name = making.callee.name
    (parameter,) = making.declaration.inputs
    rows = [Parameter("a"), Parameter("b")]
    values = bind_arguments(making.node, name, rows, arguments, keywords)
    inputs = [_input(frame, making.node, parameter, v, i) for i, v in enumerate(values.values())]
    _bind_whole_settings(making)
    leading = [_match(making, frame, given, 1) for given in inputs]
    common = _broadcast(making.node, [dims[:-1] for dims in leading])
    return inputs, TensorType("real", (*common, *(dims[-1] for dims in leading)))


def _bind_whole_settings(making: Making) -> None:
    for name, value in making.given.items():
        if isinstance(value, int) and not isinstance(value, bool):
            making.binding.setdefault(name, value)


def _input(
    frame: Frame, node: tree.Node, parameter: tree.Parameter, value: Value, position: int
) -> Input:
    """A value given for an input, as a node of the graph; WrongArguments where it is none."""
    place = argument_at(node, position, parameter.name.name)
    name, declared = parameter.name.name, (Label(parameter.span, "declared here"),)
    if isinstance(parameter.type, tree.TypeRecord):
        if isinstance(value, Fields | RecordNode):
            return Input(parameter, as_record(frame, place, value), place)
        what = f"`{name}` takes a record `{parameter.type.span.text}`"
        fail(WrongArguments, place, what, f"this is {describe(value)}", "", declared)
    what = f"`{name}` takes a tensor"
    if isinstance(kind := type_of(value), RecordType):
        proposal = f"hand over one of its fields: `….{kind.fields[0][0]}`" if kind.fields else ""
        fail(WrongArguments, place, what, f"this is the record `{kind}`", proposal, declared)
    listed = isinstance(value, tuple) and any(isinstance(v, Tensor) for v in value)
    if kind is None and not listed:
        fail(WrongArguments, place, what, f"this is {describe(value)}", "", declared)
    return Input(parameter, as_node(frame, place, value), place)


def _as_tensor(frame: Frame, given: Input) -> Input:
    """An input of a network, where a number is a tensor, too."""
    assert frame.network is not None
    node = frame.network.graph.nodes[given.node.node]
    if node.operation not in ("constant", "dimension"):
        return given
    number = node.attribute("value")
    return replace(given, node=add_node(frame, given.place, "full", [], size=(), fill_value=number))


def _match(making: Making, frame: Frame, given: Input, rows: int) -> tuple[Exact, ...]:
    """Bind the sizes of an input; what stands in front of it, at least `rows`, in a circuit."""
    written, kind = given.parameter.type, given.node.type
    leading: tuple[Exact, ...] = ()
    if isinstance(kind, TensorType) and making.declaration.kind in CIRCUITS:
        own = len(written.dims) if isinstance(written, tree.TypeName) else 0
        place = max(0, len(kind.dims) - own)
        leading, kind = kind.dims[:place], TensorType(kind.dtype, kind.dims[place:])
    try:
        match_type(making.frame(), written, kind, making.binding)
        if len(leading) < rows:
            raise Mismatch("a kernel compares the rows of two tensors")
    except Mismatch as mismatch:
        name, source = f"`{making.callee.name}`", origin(frame, given.place)
        proposal = _proposal(making.declaration, given, making.binding)
        if len(leading) < rows:
            proposal = "give it one more dimension in front: `real[M, …]`"
        raise mismatch_error(
            given.place, name, given.parameter, given.node.type, mismatch, proposal, source
        ) from None
    return leading


def _proposal(declaration: tree.Component, given: Input, binding: Binding) -> str:
    """How a tensor can be brought to the declared type."""
    written, kind = given.parameter.type, given.node.type
    if isinstance(kind, RecordType):
        return ""
    dims = kind.dims
    wanted = written.dims if isinstance(written, tree.TypeName) else ()
    if declaration.kind not in CIRCUITS and len(dims) > len(wanted) and wanted:
        last = wanted[-1].span.text
        return f"`{declaration.name.name}` could take any leading dimensions: `real[..., {last}]`"
    if len(dims) < len(wanted) or not wanted or not dims:
        return ""
    last = wanted[-1].span.text
    size = binding.get(last, int(last) if last.isdigit() else None)
    shown = given.place.span.text if isinstance(given.place, tree.Identifier) else "…"
    if channels := _moved_channels([str(d) for d in dims], [each.span.text for each in wanted]):
        return f'move the channels: `rearrange({shown}, "{channels}")`'
    if isinstance(size, int) and size != dims[-1] and kind.dtype == "real":
        return f"bring it to {size} features first: `{shown} |> linear({size})`"
    return ""


def _moved_channels(there: Sequence[str], wanted: Sequence[str]) -> str:
    """How pictures are rearranged whose channels stand where others have them; "" for others."""
    if len(there) != 4 or len(wanted) != 4:
        return ""
    if there[1] == wanted[3] != there[3]:
        return "b c h w -> b h w c"
    return "b h w c -> b c h w" if there[3] == wanted[1] != there[1] else ""


def _broadcast(node: tree.Node, leading: Sequence[tuple[Exact, ...]]) -> tuple[Exact, ...]:
    """The common leading dimensions of a circuit's inputs."""
    width = max((len(dims) for dims in leading), default=0)
    result: list[Exact] = []
    for i in range(-width, 0):
        sizes = [dims[i] for dims in leading if len(dims) >= -i and dims[i] != 1]
        if any(size != sizes[0] for size in sizes):
            other = next(size for size in sizes if size != sizes[0])
            fail(
                WrongArguments,
                node,
                "the inputs do not broadcast together",
                f"leading dimensions {sizes[0]} and {other}",
                "a circuit maps over leading dimensions, which must be equal or 1",
            )
        result.append(sizes[0] if sizes else 1)
    return tuple(result)
