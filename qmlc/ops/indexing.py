"""The law of `x[...]`: whole numbers, slices, `none` and `...`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qmlc.ops.shape_laws import add, count, floor_divide, is_dimension
from qmlc.types.polynomial import Polynomial, Value, lift
from qmlc.types.tensors import ShapeError, TensorType


@dataclass(frozen=True, slots=True)
class Slice:
    """`start:stop:step`; Python's own slices have no hash before 3.12."""

    start: Value | None = None
    stop: Value | None = None
    step: int | None = None


def index_law(types: Any, settings: Any) -> TensorType:
    """The type of `x[index]`, where `index` is a tuple of numbers, slices, None and Ellipsis."""
    x = types[0]
    items = list(settings["index"])
    used = sum(i is not None and i is not Ellipsis for i in items)
    if sum(i is Ellipsis for i in items) > 1:
        raise ShapeError("an index has at most one `...`", 0)
    if used > len(x.dims):
        raise ShapeError(f"an index of {used} for {count(len(x.dims), 'dimension')}: `{x}`", 0)
    rest = [Slice()] * (len(x.dims) - used)
    place = next((p for p, i in enumerate(items) if i is Ellipsis), None)
    if place is None:
        items += rest
    else:
        items[place : place + 1] = rest
    dims: list[Value] = []
    remaining = iter(x.dims)
    for item in items:
        if item is None:
            dims.append(1)
            continue
        size = next(remaining)
        if isinstance(item, (Slice, slice)):
            dims.append(_length(item, size))
        else:
            _check(item, size)
    return TensorType(x.dtype, tuple(dims))


def _check(item: Any, size: Value) -> None:
    if not is_dimension(item):
        raise ShapeError(f"an index is a whole number, a slice, `none` or `...`, not `{item!r}`", 0)
    if isinstance(item, int) and isinstance(size, int) and not -size <= item < size:
        raise ShapeError(
            f"there is no element {item} among {size}", 0, f"choose from {-size} to {size - 1}"
        )


def _length(item: Slice | slice, size: Value) -> Value:
    step = 1 if item.step is None else item.step
    if not isinstance(step, int) or step < 1:
        raise ShapeError(f"the step of a slice is a positive whole number, not `{step}`", 0,
                         "turn round with `flip`")  # fmt: skip
    bounds = (item.start, item.stop)
    for bound in bounds:
        if bound is not None and not is_dimension(bound):
            raise ShapeError(f"the bounds of a slice are whole numbers, not `{bound!r}`", 0)
    if isinstance(size, int) and all(b is None or isinstance(b, int) for b in bounds):
        return len(range(*slice(*bounds, step).indices(size)))
    length = add(_stop(item.stop, size), lift(_start(item.start, size)) * -1)
    return floor_divide(add(length, step - 1), step)


def _start(bound: Value | None, size: Value) -> Value:
    """Where a slice that is not empty begins."""
    if isinstance(bound, int) and bound < 0:
        return add(size, lift(Polynomial.apply("minimum", size, -bound)) * -1)
    return 0 if bound is None else bound


def _stop(bound: Value | None, size: Value) -> Value:
    """Where a slice that is not empty ends."""
    if bound is None:
        return size
    if isinstance(bound, int):
        return add(size, bound) if bound < 0 else Polynomial.apply("minimum", size, bound)
    return bound
