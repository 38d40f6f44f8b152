"""Small dense arrays of exact values: the tensors of a circuit's classical side.

A circuit is written for one example of known size, so its inputs, parameters and angles are arrays
of polynomials (and its observables arrays of operators), worked out element by element.
"""

from __future__ import annotations

import itertools
import math
import operator as op
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from qmlc.types.polynomial import Polynomial

Shape = tuple[int, ...]
Index = int | slice | None


class ArrayError(ValueError):
    """What does not fit: shapes that do not broadcast, an index out of range."""


@dataclass(frozen=True, slots=True)
class Array:
    """`shape`, and the elements in row-major order."""

    shape: Shape
    items: tuple[Any, ...]

    @staticmethod
    def symbols(name: str, shape: Shape) -> Any:
        """The array of the symbols `name[i, j]`; the bare symbol for an empty shape."""
        if not shape:
            return Polynomial.symbol(name)
        indices = itertools.product(*map(range, shape))
        return Array(shape, tuple(Polynomial.symbol(name, index) for index in indices))

    @staticmethod
    def stack(values: list[Any] | tuple[Any, ...]) -> Array:
        """The array of `values` along a new first axis."""
        shapes = [shape_of(v) for v in values]
        if len(set(shapes)) > 1:
            raise ArrayError(f"elements of shapes {shapes[0]} and {_other(shapes)} in one list")
        items = tuple(item for v in values for item in items_of(v))
        return Array((len(values), *(shapes[0] if shapes else ())), items)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(self.shape[0]))

    def __getitem__(self, index: Index | tuple[Index, ...]) -> Any:
        picks = index if isinstance(index, tuple) else (index,)
        if len(picks) == len(self.shape) and all(type(pick) is int for pick in picks):
            return self.items[self._place(picks)]
        axes: list[list[int]] = []
        shape: list[int] = []
        axis = 0
        for pick in picks:
            if pick is None:
                shape.append(1)
                continue
            if axis >= len(self.shape):
                raise ArrayError(f"{len(picks)} indices for a tensor with {len(self.shape)} axes")
            size = self.shape[axis]
            if isinstance(pick, slice):
                for bound in (pick.start, pick.stop):
                    if bound is not None and not -size <= bound <= size:
                        raise ArrayError(f"there is no slice to {bound} on an axis of {size}")
                chosen = list(range(size))[pick]
                shape.append(len(chosen))
            else:
                chosen = [_within(pick, size)]
            axes.append(chosen)
            axis += 1
        axes += [list(range(size)) for size in self.shape[axis:]]
        shape += self.shape[axis:]
        strides = [math.prod(self.shape[i + 1 :]) for i in range(len(self.shape))]
        items = tuple(
            self.items[sum(map(op.mul, place, strides))] for place in itertools.product(*axes)
        )
        return Array(tuple(shape), items) if shape else items[0]

    def _place(self, picks: tuple[Any, ...]) -> int:
        """Where the element of these indices, one for each axis, stands in row-major order."""
        place = 0
        for pick, size in zip(picks, self.shape, strict=True):
            place = place * size + _within(pick, size)
        return place

    def map(self, function: Callable[[Any], Any]) -> Array:
        """`function` of each element."""
        return Array(self.shape, tuple(map(function, self.items)))

    def reshape(self, shape: Shape) -> Any:
        """The same elements in another shape."""
        return Array(shape, self.items) if shape else self.items[0]

    def transpose(self, order: tuple[int, ...]) -> Array:
        """The axes in another order."""
        shape = tuple(self.shape[i] for i in order)
        strides = [math.prod(self.shape[i + 1 :]) for i in range(len(self.shape))]
        places = itertools.product(*map(range, shape))
        items = tuple(
            self.items[sum(strides[axis] * i for axis, i in zip(order, place, strict=True))]
            for place in places
        )
        return Array(shape, items)

    def reduce(self, function: Callable[[Any, Any], Any], axis: int, start: Any) -> Any:
        """`function` folded over one axis."""
        axis %= len(self.shape)
        order = (*(i for i in range(len(self.shape)) if i != axis), axis)
        moved = self.transpose(order)
        size = self.shape[axis]
        folded = []
        for i in range(math.prod(moved.shape[:-1])):
            total = start
            for item in moved.items[i * size : (i + 1) * size]:
                total = function(total, item)
            folded.append(total)
        shape = moved.shape[:-1]
        return Array(shape, tuple(folded)) if shape else folded[0]


def shape_of(value: Any) -> Shape:
    """The shape of an array; () for anything else."""
    return value.shape if isinstance(value, Array) else ()


def items_of(value: Any) -> tuple[Any, ...]:
    """The elements of an array; the value itself for anything else."""
    return value.items if isinstance(value, Array) else (value,)


def _within(index: int, size: int) -> int:
    """An index from the front; ArrayError where the axis does not have it."""
    if not -size <= index < size:
        raise ArrayError(f"index {index} is out of range for an axis of {size}")
    return index % size


def broadcast_shapes(*shapes: Shape) -> Shape:
    """The shape that `shapes` broadcast to, by PyTorch's rules; ArrayError if none."""
    width = max(map(len, shapes))
    padded = [(1,) * (width - len(s)) + s for s in shapes]
    result = []
    for sizes in zip(*padded, strict=True):
        size = max(sizes) if 0 not in sizes else 0
        if any(s not in (1, size) for s in sizes):
            raise ArrayError(f"shapes {shapes[0]} and {_other(list(shapes))} do not broadcast")
        result.append(size)
    return tuple(result)


def elementwise(function: Callable[..., Any], *values: Any) -> Any:
    """`function` over the broadcast elements of `values`."""
    if not any(isinstance(v, Array) for v in values):
        return function(*values)
    shape = broadcast_shapes(*map(shape_of, values))
    columns = [_expand(v, shape) for v in values]
    return Array(shape, tuple(function(*row) for row in zip(*columns, strict=True)))


def matmul(left: Array, right: Array) -> Any:
    """The matrix product, for vectors and matrices."""
    if not left.shape or not right.shape or max(len(left.shape), len(right.shape)) > 2:
        raise ArrayError("`@` takes vectors and matrices here")
    a = left if len(left.shape) == 2 else left.reshape((1, *left.shape))
    b = right if len(right.shape) == 2 else right.reshape((*right.shape, 1))
    if a.shape[1] != b.shape[0]:
        raise ArrayError(f"shapes {left.shape} and {right.shape} cannot be multiplied")
    rows, inner, columns = a.shape[0], a.shape[1], b.shape[1]
    items: list[Any] = []
    for i in range(rows):
        for j in range(columns):
            total: Any = 0
            for k in range(inner):
                total = total + a.items[i * inner + k] * b.items[k * columns + j]
            items.append(total)
    shape = left.shape[:-1] + right.shape[1:]
    return Array(shape, tuple(items)) if shape else items[0]


def _expand(value: Any, shape: Shape) -> Iterator[Any]:
    if not isinstance(value, Array):
        return itertools.repeat(value, math.prod(shape))
    if value.shape == shape:
        return iter(value.items)
    sizes = (1,) * (len(shape) - len(value.shape)) + value.shape
    strides = [0 if size == 1 else math.prod(sizes[i + 1 :]) for i, size in enumerate(sizes)]
    places = itertools.product(*map(range, shape))
    return (value.items[sum(map(op.mul, place, strides))] for place in places)


def _other(shapes: list[Shape]) -> Shape:
    return next(s for s in shapes if s != shapes[0])
