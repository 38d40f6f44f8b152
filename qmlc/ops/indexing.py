"""The law of `x[...]`: whole numbers, slices, `none` and `...`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qmlc.ops.shape_laws import is_dimension
from qmlc.source.count_noun import count_noun
from qmlc.types.polynomial import Value, lift
from qmlc.types.sizes import add, floor_divide
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
    dims: list[Value] = []
    for item, size in _aligned(x, settings["index"]):
        if item is None:
            dims.append(1)
        elif isinstance(item, (Slice, slice)):
            dims.append(_length(item, size))
        else:
            _check(item, size)
    return TensorType(x.dtype, tuple(dims))


def _aligned(x: TensorType, index: tuple[Any, ...]) -> list[tuple[Any, Value]]:
    """Each item with the size of the dimension that it picks from, 1 for a new one."""
    items = list(index)
    used = sum(i is not None and i is not Ellipsis for i in items)
    if sum(i is Ellipsis for i in items) > 1:
        raise ShapeError("an index has at most one `...`", 0)
    if used > len(x.dims):
        raise ShapeError(f"an index of {used} for {count_noun(len(x.dims), 'dimension')}: `{x}`", 0)
    rest = [Slice()] * (len(x.dims) - used)
    place = next((p for p, i in enumerate(items) if i is Ellipsis), len(items))
    items[place : place + 1] = rest
    sizes = iter(x.dims)
    return [(item, 1 if item is None else next(sizes)) for item in items]


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
        if isinstance(bound, int) and isinstance(size, int) and not -size <= bound <= size:
            proposal = f"bounds are from 0 to {size}; leave it out to go to the end"
            raise ShapeError(f"there is no slice to {bound} among {size}", 0, proposal)
    if isinstance(size, int) and all(b is None or isinstance(b, int) for b in bounds):
        return len(range(*slice(*bounds, step).indices(size)))
    length = add(_place(item.stop, size, size), lift(_place(item.start, size, 0)) * -1)
    steps = floor_divide(add(length, step - 1), step)
    return max(steps, 0) if isinstance(steps, int) else steps


def _place(bound: Value | None, size: Value, default: Value) -> Value:
    """Where a bound of a slice lies, counted from the front."""
    if bound is None:
        return default
    return add(size, bound) if isinstance(bound, int) and bound < 0 else bound


def demanded_sizes(x: TensorType, index: tuple[Any, ...]) -> list[Value]:
    """What must not be negative for the places in `index` to exist where sizes are symbols."""
    found: list[Value] = []
    for item, size in _aligned(x, index):
        if isinstance(item, (Slice, slice)):
            start, stop = _place(item.start, size, 0), _place(item.stop, size, size)
            found += [start, stop, add(size, lift(stop) * -1), add(stop, lift(start) * -1)]
        elif item is not None:
            place = _place(item, size, 0)
            found += [place, add(size, lift(place) * -1 - 1)]
    return found
