"""Strategies for types of tensors and settings, some of which fit together and some do not."""

from __future__ import annotations

import torch
from hypothesis import strategies as st

from qmlc.types.polynomial import Polynomial, Symbol
from qmlc.types.tensors import RecordType, ShapeError, TensorType

SIZES = st.sampled_from([1, 2, 2, 3, 4, 4, 6])
KINDS = ("bool", "int", "real", "complex")
AXIS = st.integers(-5, 4)
AXES = st.one_of(st.none(), AXIS, st.lists(AXIS, min_size=1, max_size=3).map(tuple))

N, M = Symbol("n"), Symbol("m")
VALUES = {N: 2, M: 3}
_n, _m = Polynomial.symbol("n"), Polynomial.symbol("m")
SYMBOLIC = {2: _n, 4: 2 * _n, 6: 3 * _n, 3: _m}


ANY_KIND = st.sampled_from(["real", "real", *KINDS])


def accepts(law, types, chosen):
    """Whether a law holds."""
    try:
        law(types, chosen)
    except ShapeError:
        return False
    return True


def dims(least=0, most=4):
    return st.lists(SIZES, min_size=least, max_size=most).map(tuple)


def kinds(*names):
    return st.sampled_from(names or KINDS)


@st.composite
def tensor(draw, least=0, most=4, kind=None):
    return TensorType(draw(ANY_KIND if kind is None else kind), draw(dims(least, most)))


@st.composite
def related(draw, number, least=0, most=4, kind=None):
    """Tensors whose shapes broadcast, or nearly do."""
    base = draw(dims(least, most))
    found = []
    for _ in range(number):
        shape = list(base[draw(st.integers(0, len(base))) if draw(st.booleans()) else 0 :])
        if shape and draw(st.integers(0, 3)) == 0:
            shape[draw(st.integers(0, len(shape) - 1))] = draw(SIZES)
        found.append(TensorType(draw(ANY_KIND if kind is None else kind), tuple(shape)))
    return found


def nearly(draw, shape):
    """`shape`, now and then with another size in it, or one less or more."""
    shape = list(shape)
    change = draw(st.integers(0, 11))
    if change == 0 and shape:
        shape[draw(st.integers(0, len(shape) - 1))] = draw(SIZES)
    elif change == 1 and shape:
        shape.pop()
    elif change == 2:
        shape.append(draw(SIZES))
    return tuple(shape)


def make_tensor(kind, integer=1):
    """A tensor of a type; whole numbers are `integer`."""
    if kind.dtype == "bool":
        return torch.ones(kind.dims, dtype=torch.bool)
    if kind.dtype == "int":
        return torch.full(kind.dims, integer, dtype=torch.int64)
    generator = torch.Generator().manual_seed(0)
    dtype = torch.complex64 if kind.dtype == "complex" else torch.float32
    return torch.rand(kind.dims, dtype=dtype, generator=generator) * 0.9 + 0.05


def type_of(value):
    """The type of a tensor of torch, or of a named tuple of them."""
    if isinstance(value, tuple):
        return RecordType(tuple((n, type_of(getattr(value, n))) for n in value.__match_args__))
    kind = "real"
    if value.dtype == torch.bool:
        kind = "bool"
    elif value.is_complex():
        kind = "complex"
    elif not value.is_floating_point():
        kind = "int"
    return TensorType(kind, tuple(value.shape))


def with_symbols(kind, chosen):
    """`kind` with symbols in the place of the sizes in `chosen`."""
    if kind is None:
        return None
    return TensorType(kind.dtype, tuple(SYMBOLIC[d] if d in chosen else d for d in kind.dims))


def with_numbers(kind):
    """`kind` with the symbols' values."""
    if isinstance(kind, RecordType):
        return RecordType(tuple((name, with_numbers(field)) for name, field in kind.fields))
    values = (d.substitute(VALUES) if isinstance(d, Polynomial) else d for d in kind.dims)
    return TensorType(kind.dtype, tuple(values))
