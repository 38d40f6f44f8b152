"""`chunk`, `split` and `unbind`: a tensor in parts; `meshgrid`: vectors spread over a grid."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from qmlc.check.bind_arguments import bind_arguments, plain
from qmlc.check.errors.types import WrongArguments
from qmlc.check.frame import Frame
from qmlc.check.operate import add_node, as_node
from qmlc.check.require_number import require_number
from qmlc.check.values import Tensor, Value, fail
from qmlc.ops.indexing import Slice
from qmlc.ops.parameters import Parameter
from qmlc.ops.shape_laws import axis
from qmlc.syntax import tree
from qmlc.types.polynomial import Value as Size
from qmlc.types.sizes import add, share_out
from qmlc.types.tensors import ShapeError

_X, _DIM = Parameter("x", tensor=True), Parameter("dim", 0)
SPLITS = {
    "chunk": (_X, Parameter("chunks"), _DIM),
    "split": (_X, Parameter("split_size_or_sections"), _DIM),
    "unbind": (_X, _DIM),
    "meshgrid": (Parameter("tensors"), Parameter("indexing", "ij")),
}
"""What yields a list of tensors, and the parameters of each, PyTorch's."""


def split_tensor(
    frame: Frame, node: tree.Node, name: str, arguments: list[Value], keywords: dict[str, Value]
) -> tuple[Tensor, ...]:
    """The parts, as a list; how many there are is known when compiling."""
    if name == "meshgrid":
        return _grid(frame, node, arguments, keywords)
    values = bind_arguments(node, name, SPLITS[name], arguments, keywords)
    x = as_node(frame, node, values["x"])
    try:
        place = axis(plain(values["dim"]), len(x.type.dims))
        if not x.type.dims:
            raise ShapeError("a scalar has no parts", 0)
    except ShapeError as error:
        fail(WrongArguments, node, f"`{name}` does not apply", error.message, error.proposal)
    size = x.type.dims[place]
    before: tuple[Any, ...] = (Slice(),) * place if place < len(x.type.dims) - 1 or not place else (
        ...,)  # fmt: skip
    if name == "unbind":
        count = require_number(frame, size, node, "the number of parts")
        return tuple(add_node(frame, node, "index", [x], index=(*before, i)) for i in range(count))
    given = plain(values["chunks" if name == "chunk" else "split_size_or_sections"])
    ends = _sections(node, size, given) if isinstance(given, tuple) else _equal(
        frame, node, name, size, given)  # fmt: skip
    bounds = [0, *ends]
    slices = [Slice(a or None, None if b == size else b) for a, b in pairwise(bounds)]
    return tuple(add_node(frame, node, "index", [x], index=(*before, s)) for s in slices)


def _equal(frame: Frame, node: tree.Node, name: str, size: Size, given: Value) -> list[Size]:
    """Where parts of one size end; the last may be shorter."""
    if name == "chunk":
        count = require_number(frame, given, node, "`chunks`")
        step = share_out(size, count) if count > 0 else None
        if step is not None and not isinstance(size, int):
            return [size if i == count else _times(step, i) for i in range(1, count + 1)]
        given = -(-require_number(frame, size, node, "the size") // count) if count > 0 else 0
    else:
        given = require_number(frame, given, node, "the size of a part")
    if given < 1:
        fail(WrongArguments, node, f"`{name}` makes parts of at least 1", f"this asks for {given}")
    total = require_number(frame, size, node, f"the size that `{name}` takes apart")
    return [min(end, total) for end in range(given, total + given, given)] if total else [0]


def _grid(
    frame: Frame, node: tree.Node, arguments: list[Value], keywords: dict[str, Value]
) -> tuple[Tensor, ...]:
    """Each vector along its own dimension, repeated along those of the others."""
    listed = arguments[0] if len(arguments) == 1 else None
    vectors = listed if isinstance(listed, tuple) else tuple(arguments)
    values = bind_arguments(node, "meshgrid", SPLITS["meshgrid"], [vectors], keywords)
    parts = [as_node(frame, node, vector) for vector in vectors]
    places = list(range(len(parts)))
    match plain(values["indexing"]):
        case "xy":
            places[:2] = places[1::-1]
        case other if other != "ij":
            fail(WrongArguments, node, '`indexing` is "ij" or "xy"', f"not {other!r}")
    if not parts or any(len(part.type.dims) != 1 for part in parts):
        shown = ", ".join(f"`{part.type}`" for part in parts) or "nothing"
        fail(WrongArguments, node, "`meshgrid` takes vectors", f"these are {shown}")
    dims: list[Any] = [0] * len(parts)
    for place, part in zip(places, parts, strict=True):
        dims[place] = part.type.dims[0]

    def spread(place: int, part: Any) -> Tensor:
        index = tuple(Slice() if i == place else None for i in range(len(parts)))
        row = add_node(frame, node, "index", [part], index=index)
        return add_node(frame, node, "expand", [row], size=tuple(dims))

    return tuple(spread(place, part) for place, part in zip(places, parts, strict=True))


def _times(step: Size, count: int) -> Size:
    total: Size = 0
    for _ in range(count):
        total = add(total, step)
    return total


def _sections(node: tree.Node, size: Size, sections: tuple[Any, ...]) -> list[Size]:
    """Where parts of these sizes end; together they make up the dimension."""
    ends: list[Size] = []
    for section in sections:
        ends.append(add(ends[-1] if ends else 0, section))
    if not ends or ends[-1] != size:
        what = f"the parts add up to {ends[-1] if ends else 0}, the dimension is {size}"
        fail(WrongArguments, node, "`split` makes parts of all there is", what)
    return ends
