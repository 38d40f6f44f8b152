"""Elements of a tensor: by subscripts, one of which may be a tensor of places."""

from __future__ import annotations

from typing import Any

from qmlc.check.errors.types import BadIndex
from qmlc.check.frame import Frame
from qmlc.check.operate import add_node
from qmlc.check.values import Tensor, describe, fail
from qmlc.ops.indexing import Slice
from qmlc.syntax import tree


def take_places(frame: Frame, node: tree.Index, base: Tensor, items: tuple[Any, ...]) -> Tensor:
    """`x[:, 0]`; `x[places]`, where the dimensions of the places stand for the one they are in."""
    found = [place for place, item in enumerate(items) if isinstance(item, Tensor)]
    if not found:
        return add_node(frame, node, "index", [base], index=items)
    places = items[found[0]]
    if places.type.dtype != "int" or len(found) > 1 or not _all_whole(items):
        fail(
            BadIndex,
            node,
            "an index is a whole number, a slice, `none` or `...`, or one tensor of places",
            f"this is {describe(places)}",
            _proposal(places, len(found)),
        )
    before = items[: found[0]]
    whole = (*before, Slice(), *items[found[0] + 1 :])
    x = add_node(frame, node, "index", [base], index=whole) if len(whole) > 1 else base
    behind = ... in before
    dim = found[0] - len(items) if behind else found[0]
    dim += len(x.type.dims) if behind else 0
    rows = places
    if len(places.type.dims) != 1:
        rows = add_node(frame, node, "reshape", [places], shape=(-1,))
    taken = add_node(frame, node, "index_select", [x, rows], dim=dim)
    if rows is places:
        return taken
    dims = (*x.type.dims[:dim], *places.type.dims, *x.type.dims[dim + 1 :])
    return add_node(frame, node, "reshape", [taken], shape=dims)


def _proposal(places: Tensor, count: int) -> str:
    if places.type.dtype == "bool":
        return "choose with `where(mask, a, b)`"
    if places.type.dtype != "int":
        return "places are whole numbers: `int(x)`"
    if count > 1:
        return "take elements by several tensors with `take_along_dim` or `gather`"
    return "one after the other: `x[0][places]`"


def _all_whole(items: tuple[Any, ...]) -> bool:
    """Whether all besides the tensor keep their dimensions: others torch puts in front."""
    return all(isinstance(item, Tensor | Slice) or item is None or item is ... for item in items)
