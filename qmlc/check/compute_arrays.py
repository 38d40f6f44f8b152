"""Functions of whole tensors where a circuit's numbers are worked out: moved about, or summed."""

from __future__ import annotations

import operator as op
from collections.abc import Callable, Sequence
from typing import Any

from qmlc.ir.array import Array, elementwise
from qmlc.ops.einops_patterns import bind_axes, parse_pattern
from qmlc.ops.rows import Function
from qmlc.types.polynomial import Polynomial
from qmlc.types.tensors import TensorType

Compute = Callable[[Sequence[Array], dict[str, Any], tuple[int, ...]], Any]


def compute_array(name: str, row: Function, values: Sequence[Any], settings: dict[str, Any]) -> Any:
    """The function `name` of arrays, by its row's law; ShapeError where the law refuses them."""
    arrays = [v if isinstance(v, Array) else Array((), (v,)) for v in values]
    kind = row.law([TensorType("real", a.shape) for a in arrays], settings)
    assert isinstance(kind, TensorType)
    shape = tuple(d for d in kind.dims if isinstance(d, int))
    return ARRAY_FUNCTIONS[name](arrays, settings, shape)


def _reshape(arrays: Sequence[Array], settings: dict[str, Any], shape: tuple[int, ...]) -> Any:
    return arrays[0].reshape(shape)


def _permute(arrays: Sequence[Array], settings: dict[str, Any], shape: tuple[int, ...]) -> Any:
    return arrays[0].transpose(tuple(d % len(shape) for d in settings["dims"]))


def _rearrange(arrays: Sequence[Array], settings: dict[str, Any], shape: tuple[int, ...]) -> Any:
    pattern = parse_pattern(settings["pattern"])
    kind = TensorType("real", arrays[0].shape)
    sizes: dict[str, Any] = bind_axes(pattern, kind, dict(settings["sizes"]))
    axes = [(name, i) for g in pattern.left for name in g for i in range(len(sizes[name]))]
    wanted = [(name, i) for g in pattern.right for name in g for i in range(len(sizes[name]))]
    split = Array(tuple(sizes[name][i] for name, i in axes), arrays[0].items)
    return split.transpose(tuple(axes.index(axis) for axis in wanted)).reshape(shape)


def _to_front(array: Array, axis: int) -> Array:
    order = range(len(array.shape))
    return array.transpose((axis, *(i for i in order if i != axis)))


def _from_front(array: Array, axis: int) -> Array:
    order = [*range(1, len(array.shape))]
    return array.transpose((*order[:axis], 0, *order[axis:]))


def _cat(arrays: Sequence[Array], settings: dict[str, Any], shape: tuple[int, ...]) -> Any:
    axis = settings["dim"] % len(shape)
    parts = [_to_front(a, axis) for a in arrays]
    rows = (shape[axis], *parts[0].shape[1:])
    return _from_front(Array(rows, tuple(i for p in parts for i in p.items)), axis)


def _stack(arrays: Sequence[Array], settings: dict[str, Any], shape: tuple[int, ...]) -> Any:
    return _from_front(Array.stack(list(arrays)), settings["dim"] % len(shape))


def _softmax(arrays: Sequence[Array], settings: dict[str, Any], shape: tuple[int, ...]) -> Any:
    axis = settings["dim"] % len(shape)
    powers = _to_front(arrays[0].map(lambda v: Polynomial.apply("exp", v)), axis)
    total = powers.reduce(op.add, 0, 0)
    return _from_front(elementwise(op.truediv, powers, total), axis)


ARRAY_FUNCTIONS: dict[str, Compute] = {
    "reshape": _reshape,
    "permute": _permute,
    "rearrange": _rearrange,
    "cat": _cat,
    "stack": _stack,
    "softmax": _softmax,
}
"""By name of the row of `ops.functions`; elementwise functions need no entry."""
