"""Rows of `ops.functions`: sorting, and picking elements by places that tensors hold."""

from __future__ import annotations

from typing import Any

from qmlc.ops.rows import Function, Law, Settings, settings, tensors
from qmlc.ops.shape_laws import axis, convert_kind, need_rank, same, whole
from qmlc.types.polynomial import Value
from qmlc.types.sizes import product
from qmlc.types.tensors import RecordType, ShapeError, TensorType

Dims = tuple[Value, ...]


def _with(dims: Dims, place: int, size: Value) -> Dims:
    """`dims` with another size at `place`; a scalar stays one."""
    return (*dims[:place], size, *dims[place + 1 :]) if dims else dims


def _without(dims: Dims, place: int, keepdim: Any) -> Dims:
    return _with(dims, place, 1) if keepdim else dims[:place] + dims[place + 1 :]


def _record(x: TensorType, dims: Dims) -> RecordType:
    return RecordType((("values", TensorType(x.dtype, dims)), ("indices", TensorType("int", dims))))


def _ordered(name: str, record: bool) -> Law:
    """Sorting along a dimension, and running extremes: the shape stays."""

    def law(types: Any, s: Settings) -> Any:
        x = types[0]
        convert_kind(x.dtype, "bir-", name)
        axis(s["dim"], len(x.dims))
        return _record(x, x.dims) if record else TensorType("int", x.dims)

    return law


def _topk(types: Any, s: Settings) -> RecordType:
    x = types[0]
    convert_kind(x.dtype, "-ir-", "topk")
    place, k = axis(s["dim"], len(x.dims)), whole(s["k"], "k", 0)
    size = x.dims[place] if x.dims else 1
    if isinstance(size, int) and k > size:
        raise ShapeError(f"`topk` picks {k} of {size} elements", 0)
    return _record(x, _with(x.dims, place, k))


def _kth(types: Any, s: Settings) -> RecordType:
    x = types[0]
    convert_kind(x.dtype, "-ir-", "kthvalue")
    place, k = axis(s["dim"], len(x.dims)), whole(s["k"], "k", 1)
    size = x.dims[place] if x.dims else 1
    if isinstance(size, int) and k > size:
        raise ShapeError(f"`kthvalue` picks number {k} of {size} elements", 0)
    return _record(x, _without(x.dims, place, s["keepdim"]))


def _need_places(x: TensorType, name: str, argument: int) -> None:
    if x.dtype != "int":
        raise ShapeError(f"`{name}` takes places, `int`, this is `{x}`", argument)


def _gather(name: str) -> Law:
    def law(types: Any, s: Settings) -> TensorType:
        x, index = types
        _need_places(index, name, 1)
        place = axis(s["dim"], len(x.dims))
        if max(len(x.dims), 1) != max(len(index.dims), 1):
            raise ShapeError(
                f"`{name}` takes places with the dimensions of `{x}`, not `{index}`", 1
            )
        for i, (size, taken) in enumerate(zip(x.dims, index.dims, strict=False)):
            too_many = isinstance(size, int) and isinstance(taken, int) and taken > size
            if i != place and too_many:
                raise ShapeError(f"`{name}` picks {taken} of {size} in dimension {i}", 1)
        return TensorType(x.dtype, index.dims)

    return law


def _take_along(types: Any, s: Settings) -> TensorType:
    x, index = types
    _need_places(index, "take_along_dim", 1)
    if len(x.dims) != len(index.dims) or not x.dims:
        raise ShapeError(f"`take_along_dim`: `{x}` and `{index}` differ in dimensions", 1)
    place = axis(s["dim"], len(x.dims))
    dims = []
    for i, (size, taken) in enumerate(zip(x.dims, index.dims, strict=True)):
        if i == place:
            dims.append(taken)
            continue
        if 1 not in (size, taken):
            same(size, taken, f"`take_along_dim` in dimension {i}", 1)
        dims.append(taken if size == 1 else size)
    return TensorType(x.dtype, tuple(dims))


def _index_select(types: Any, s: Settings) -> TensorType:
    x, index = types
    _need_places(index, "index_select", 1)
    if len(index.dims) > 1:
        raise ShapeError(f"`index_select` takes a list of places, this is `{index}`", 1,
                         "`gather` and `embedding` take more dimensions")  # fmt: skip
    place = axis(s["dim"], len(x.dims))
    number = product(index.dims)
    if not x.dims and number != 1:
        raise ShapeError("a scalar has one element", 1)
    return TensorType(x.dtype, _with(x.dims, place, number))


def _scatter(types: Any, s: Settings) -> TensorType:
    x, index, source = types
    _need_places(index, "scatter", 1)
    axis(s["dim"], len(x.dims))
    if x.dtype != source.dtype:
        raise ShapeError(f"`scatter` puts `{source}` into `{x}`", 2)
    shapes = [max(len(t.dims), 1) for t in types]
    if len(set(shapes)) > 1:
        raise ShapeError(f"`scatter`: `{x}`, `{index}` and `{source}` differ in dimensions", 1)
    place = axis(s["dim"], len(x.dims))
    for i, taken in enumerate(index.dims):
        for argument, other in ((0, x), (2, source)):
            size = other.dims[i] if i < len(other.dims) else 1
            too_many = isinstance(size, int) and isinstance(taken, int) and taken > size
            if too_many and (argument == 2 or i != place):
                raise ShapeError(f"`scatter` picks {taken} of {size} in dimension {i}", argument)
    return TensorType(x.dtype, x.dims)


def _isin(types: Any, s: Settings) -> TensorType:
    for argument, x in enumerate(types):
        convert_kind(x.dtype, "-ir-", "isin", argument)
    return TensorType("bool", types[0].dims)


def _searchsorted(types: Any, s: Settings) -> TensorType:
    edges, values = types
    need_rank(edges, 1, "searchsorted")
    for argument, x in enumerate(types):
        convert_kind(x.dtype, "-ir-", "searchsorted", argument)
    if edges.dtype != values.dtype:
        raise ShapeError(f"`searchsorted` takes numbers of one kind, not `{edges}`, `{values}`", 1)
    if len(edges.dims) > 1 and edges.dims[:-1] != values.dims[:-1]:
        raise ShapeError(f"`{edges}` and `{values}` differ before the last dimension", 1)
    return TensorType("int", values.dims)


def _bucketize(types: Any, s: Settings) -> TensorType:
    values, edges = types
    for argument, x in enumerate(types):
        convert_kind(x.dtype, "-ir-", "bucketize", argument)
    if len(edges.dims) != 1 or edges.dtype != values.dtype:
        raise ShapeError(f"`boundaries` is a list of numbers as in `{values}`, not `{edges}`", 1)
    return TensorType("int", values.dims)


_X = tensors("x")

SELECTIONS: dict[str, Function] = {
    "sort": Function((*_X, *settings(dim=-1, descending=False, stable=False)),
                     _ordered("sort", True),
                     "torch.sort({x}, dim={dim}, descending={descending}, stable={stable})",
                     "In order: values, and where they stood (indices)."),
    "argsort": Function((*_X, *settings(dim=-1, descending=False, stable=False)),
                        _ordered("argsort", False),
                        "torch.argsort({x}, dim={dim}, descending={descending}, stable={stable})",
                        "The places of the elements in order."),
    "topk": Function((*_X, *settings("k", dim=-1, largest=True, sorted=True)), _topk,
                     "torch.topk({x}, {k}, dim={dim}, largest={largest}, sorted={sorted})",
                     "The k largest: values, and where they stood (indices)."),
    "kthvalue": Function((*_X, *settings("k", dim=-1, keepdim=False)), _kth,
                         "torch.kthvalue({x}, {k}, dim={dim}, keepdim={keepdim})",
                         "The k-th smallest: values, and where they stood (indices)."),
    "cummax": Function((*_X, *settings("dim")), _ordered("cummax", True),
                       "torch.cummax({x}, dim={dim})", "Largest up to each place, and where."),
    "cummin": Function((*_X, *settings("dim")), _ordered("cummin", True),
                       "torch.cummin({x}, dim={dim})", "Smallest up to each place, and where."),
    "gather": Function((*_X, *settings("dim"), *tensors("index")), _gather("gather"),
                       "torch.gather({x}, {dim}, {index})", "Elements by places along dim."),
    "take_along_dim": Function(
        (*tensors("x", "indices"), *settings("dim")), _take_along,
        "torch.take_along_dim({x}, {indices}, dim={dim})",
        "Elements by places along dim; the others broadcast."),
    "index_select": Function((*_X, *settings("dim"), *tensors("index")), _index_select,
                             "torch.index_select({x}, {dim}, {index})",
                             "Rows (or columns) by a list of places."),
    "scatter": Function((*_X, *settings("dim"), *tensors("index", "src")), _scatter,
                        "{x}.scatter({dim}, {index}, {src})", "x with src put in at places."),
    "scatter_add": Function((*_X, *settings("dim"), *tensors("index", "src")), _scatter,
                            "{x}.scatter_add({dim}, {index}, {src})", "x with src added in."),
    "isin": Function(tensors("elements", "test_elements"), _isin,
                     "torch.isin({elements}, {test_elements})", "Whether among the others."),
    "searchsorted": Function(
        (*tensors("sorted_sequence", "input"), *settings(right=False)), _searchsorted,
        "torch.searchsorted({sorted_sequence}, {input}, right={right})",
        "Where each would be put to keep the order."),
    "bucketize": Function(
        (*tensors("input", "boundaries"), *settings(right=False)), _bucketize,
        "torch.bucketize({input}, {boundaries}, right={right})",
        "The number of the interval between boundaries."),
}  # fmt: skip
