"""The arithmetic of shapes that all laws share: axes, broadcasting, kinds.

A dimension is a number or a polynomial. What cannot be decided for a symbol (is `T` even?) is
left to the moment when the module is called; what is wrong for every value is a ShapeError here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qmlc.source.count_noun import count_noun
from qmlc.types.polynomial import Polynomial, Value
from qmlc.types.sizes import same_size
from qmlc.types.tensors import DTYPES, ShapeError, TensorType, UnknownDimension

KINDS = ("bool", "int", "real", "complex")
"""Kinds of numbers in the order in which one is promoted to the next."""

Dims = tuple[Value, ...]


def show(dims: Iterable[Value]) -> str:
    """`[B, 4]`."""
    return f"[{', '.join(map(str, dims))}]"


def promote(*kinds: str) -> str:
    """The kind that holds all of `kinds`."""
    return max(kinds, key=KINDS.index)


def convert_kind(kind: str, table: str, name: str, argument: int | None = 0) -> str:
    """The result's kind for an operand's: `table` has a letter for each of KINDS, `-` for none."""
    letter = table[KINDS.index(kind)]
    if letter != "-":
        return next(k for k in DTYPES if k[0] == letter)
    accepted = [k for k, x in zip(KINDS, table, strict=True) if x != "-"]
    raise ShapeError(
        f"`{name}` takes {' or '.join(accepted)} numbers, this is {kind}",
        argument,
        "compute with real numbers: `1.0 * x`" if kind in ("bool", "int") else "",
    )


def kind_of(value: Any) -> str:
    """The kind of a number that is written as a setting."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    return "complex" if isinstance(value, complex) else "real"


def is_dimension(value: Any) -> bool:
    """Whether `value` may be a size: a whole number or a polynomial."""
    return isinstance(value, Polynomial) or (isinstance(value, int) and not isinstance(value, bool))


def whole(value: Any, name: str, least: int | None = None) -> int:
    """`value` where it is a whole number of at least `least`, else ShapeError."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise ShapeError(f"`{name}` must be a whole number, not `{value!r}`")
    if least is not None and value < least:
        raise ShapeError(f"`{name}` must be at least {least}, not {value}")
    return value


def known(dimension: Value) -> int:
    """`dimension` where it is a number; UnknownDimension where it holds a symbol."""
    if isinstance(dimension, int):
        return dimension
    raise UnknownDimension(dimension)


def axis(dim: Any, rank: int, name: str = "dim") -> int:
    """The place of `dim`, which may count from the end, among `rank` dimensions."""
    place = whole(dim, name)
    limit = max(rank, 1)
    if not -limit <= place < limit:
        raise ShapeError(
            f"`{name}={place}` does not exist: the tensor has {count_noun(rank, 'dimension')}",
            0,
            f"choose from {-limit} to {limit - 1}",
        )
    return place % limit


def axes(dim: Any, rank: int, name: str = "dim") -> tuple[int, ...]:
    """The places of `dim`: None (all of them), a number, or a list without repetitions."""
    if dim is None:
        return tuple(range(rank))
    if not isinstance(dim, (tuple, list)):
        return (axis(dim, rank, name),)
    places = tuple(axis(d, rank, name) for d in dim)
    if len(set(places)) < len(places):
        raise ShapeError(f"`{name}={tuple(dim)}` names a dimension twice", 0)
    return places


def need_rank(x: TensorType, least: int, name: str, argument: int = 0) -> None:
    """ShapeError where `x` has fewer than `least` dimensions."""
    if len(x.dims) < least:
        raise ShapeError(
            f"`{name}` needs at least {count_noun(least, 'dimension')}, this is `{x}`", argument
        )


def broadcast(*shapes: Dims) -> Dims:
    """The common shape: dimensions align from the end, equal ones agree, a literal 1 stretches."""
    result: Dims = ()
    for argument, dims in enumerate(shapes):
        rank = max(len(result), len(dims))
        left = (1,) * (rank - len(result)) + result
        right = (1,) * (rank - len(dims)) + dims
        merged: list[Value] = []
        for a, b in zip(left, right, strict=True):
            if a != 1 and b != 1 and not same_size(a, b):
                raise ShapeError(
                    f"`{a}` and `{b}` do not agree: {show(result)} against {show(dims)}", argument
                )
            merged.append(b if a == 1 else a)
        result = tuple(merged)
    return result


def same(left: Value, right: Value, message: str, argument: int | None = None) -> None:
    """ShapeError unless two sizes are equal; the message is followed by both."""
    if not same_size(left, right):
        raise ShapeError(f"{message}: {left} and {right}", argument)


def per_axis(value: Any, axes: int, name: str, least: int = 0) -> tuple[int, ...]:
    """A setting that is one number for all axes, or a tuple with one for each."""
    if isinstance(value, (tuple, list)):
        if len(value) != axes:
            raise ShapeError(f"`{name}` takes {count_noun(axes, 'number')}, {len(value)} given")
        return tuple(whole(v, name, least) for v in value)
    return (whole(value, name, least),) * axes
