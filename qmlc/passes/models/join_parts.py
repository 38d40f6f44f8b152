"""`stack` and `cat` of parts of a tensor: where they are all of it, a view of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qmlc.ir.graph import GraphBuilder
from qmlc.ops.indexing import Slice
from qmlc.passes.append_function import append_function
from qmlc.types.polynomial import Value
from qmlc.types.tensors import TensorType


@dataclass(frozen=True, slots=True)
class Part:
    """`size` entries of a node along an axis from `start` on; `dropped`: one, without its axis."""

    source: int
    axis: int
    start: int
    size: int
    dropped: bool


def append_joined(builder: GraphBuilder, operation: str, operands: Sequence[int], dim: int) -> int:
    """The node of a `stack` or `cat` along `dim`, a view where its operands are a whole tensor."""
    parts = [_read_part(builder, n) for n in operands]
    first = parts[0]
    if first is not None and _are_whole(builder, parts):
        return _append_view(builder, operation, first, len(parts), dim)
    return append_function(builder, operation, operands, dim=dim)


def natural_axis(builder: GraphBuilder, operands: Sequence[int]) -> int:
    """Along which dimension `stack` would move no data; 0 where it has to in any case."""
    parts = [_read_part(builder, n) for n in operands]
    first = parts[0]
    return first.axis if first is not None and _are_whole(builder, parts) else 0


def _read_part(builder: GraphBuilder, n: int) -> Part | None:
    """What a node takes of another along one axis, if it does only that."""
    node = builder.nodes[n]
    if node.operation != "index":
        return None
    dims = _dims(builder, node.inputs[0])
    items = list(node.attribute("index"))
    if Ellipsis in items:
        place = items.index(Ellipsis)
        items[place : place + 1] = [Slice()] * (len(dims) - len(items) + 1)
    taken = [axis for axis, item in enumerate(items) if item != Slice()]
    if len(taken) != 1 or not isinstance(dims[taken[0]], int):
        return None
    (axis,), item = taken, items[taken[0]]
    size = dims[axis]
    assert isinstance(size, int)
    if type(item) is int:
        return Part(node.inputs[0], axis, item % size, 1, True)
    bounds = (item.start, item.stop, item.step) if isinstance(item, Slice) else ()
    if not bounds or not all(b is None or type(b) is int for b in bounds):
        return None
    found = range(*slice(*bounds).indices(size))
    if found.step != 1 or not found:
        return None
    return Part(node.inputs[0], axis, found.start, len(found), False)


def _are_whole(builder: GraphBuilder, parts: Sequence[Part | None]) -> bool:
    """Whether parts are all of a tensor, in order, each as large as the others."""
    first = parts[0]
    assert first is not None
    wanted = [
        Part(first.source, first.axis, i * first.size, first.size, first.dropped)
        for i in range(len(parts))
    ]
    return list(parts) == wanted and _dims(builder, first.source)[first.axis] == (
        first.size * len(parts)
    )


def _append_view(builder: GraphBuilder, operation: str, part: Part, count: int, dim: int) -> int:
    """All of the tensor of `part`, of which so many are joined along `dim`."""
    source, axis = part.source, part.axis
    dims = _dims(builder, source)
    rank = len(dims) - part.dropped + (operation == "stack")
    dim %= rank
    if operation == "cat" and not part.dropped and dim == axis:
        return source
    if not part.dropped:
        shape = (*dims[:axis], count, part.size, *dims[axis + 1 :])
        source = append_function(builder, "reshape", [source], shape=shape)
    if axis != dim:
        source = append_function(builder, "movedim", [source], source=axis, destination=dim)
    if operation == "cat":
        dims = _dims(builder, source)
        size = dims[dim + 1]
        assert isinstance(size, int)
        shape = (*dims[:dim], count * size, *dims[dim + 2 :])
        source = append_function(builder, "reshape", [source], shape=shape)
    return source


def _dims(builder: GraphBuilder, n: int) -> tuple[Value, ...]:
    kind = builder.nodes[n].type
    assert isinstance(kind, TensorType)
    return kind.dims
