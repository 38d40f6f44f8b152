"""Each function of the kernel language equals numpy's, for both reals and all widths of vectors."""

from __future__ import annotations

import ctypes
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest

from qmlc.kernels.language import (
    LANES,
    LOG_LANES,
    REAL_BITS,
    Double,
    Int,
    Ints,
    IntVectors,
    Real,
    Reals,
    Vectors,
    Words,
    address,
    bits,
    buffer,
    call_int,
    call_void,
    count_ones,
    ctz,
    doubles,
    entry,
    exchange,
    fma,
    from_bits,
    inline,
    int_vectors,
    ints,
    lane_numbers,
    maximum,
    minimum,
    parity,
    permute,
    prefetch,
    reals,
    round_even,
    select,
    splat,
    sqrt,
    to_double,
    to_int,
    to_real,
    to_word,
    total,
    unroll,
    vectors,
    words,
)
from qmlc.kernels.load_library import compile_entries

ROWS = 6
REALS = {"float32": np.int32, "float64": np.int64}
CASES = [(real, width) for real in REALS for width in (64, 32, 16)]


@inline
def mul_add(x: Any, y: Any, z: Any) -> Any:
    return fma(x, y, z)


@inline
def roots(x: Any, y: Any, z: Any) -> Any:
    return sqrt(x)


@inline
def sizes(x: Any, y: Any, z: Any) -> Any:
    return abs(x)


@inline
def smaller(x: Any, y: Any, z: Any) -> Any:
    return minimum(x, y)


@inline
def greater(x: Any, y: Any, z: Any) -> Any:
    return maximum(x, y, z)


@inline
def whole(x: Any, y: Any, z: Any) -> Any:
    return round_even(x)


@inline
def chosen(x: Any, y: Any, z: Any) -> Any:
    return select(x < y, x, z)


@inline
def chosen_by_much(x: Any, y: Any, z: Any) -> Any:
    return select((x >= y) | ~(x == z) & (y != z) ^ (x > z), 1.0, x)


@inline
def sum_of_products(x: Any, y: Any, z: Any) -> Any:
    return -x * y + 2 * z


@inline
def quotients(x: Any, y: Any, z: Any) -> Any:
    return x / y - z / 3 + 0.1


@inline
def in_doubles(x: Any, y: Any, z: Any) -> Any:
    return to_real(to_double(x) * to_double(y))


@inline
def by_bits(x: Any, y: Any, z: Any) -> Any:
    return from_bits(bits(x) ^ bits(y))


@inline
def parities(x: Any, y: Any) -> Any:
    return parity(x)


@inline
def set_bits(x: Any, y: Any) -> Any:
    return count_ones(x)


@inline
def low_zeros(x: Any, y: Any) -> Any:
    return ctz(x)


@inline
def smaller_integers(x: Any, y: Any) -> Any:
    return minimum(x, y)


@inline
def greater_integers(x: Any, y: Any) -> Any:
    return max(x, y, 5)


@inline
def integer_sizes(x: Any, y: Any) -> Any:
    return abs(x)


@inline
def chosen_integers(x: Any, y: Any) -> Any:
    return select(x <= y, x, 9)


@inline
def arithmetic(x: Any, y: Any) -> Any:
    return x * y - (x << 3) + (y >> 5)


@inline
def logic(x: Any, y: Any) -> Any:
    return ~x & y | -x ^ 77


@inline
def powers_of_two(x: Any, y: Any) -> Any:
    return x // 8 + y % 8


@inline
def lanes_and_truths(x: Any, y: Any) -> Any:
    return to_int(x > y) + lane_numbers()


def xor(x, y, z):
    integer = REALS[x.dtype.name]
    return (x.view(integer) ^ y.view(integer)).view(x.dtype)


def trailing_zeros(x, y):
    counts = [(v & -v).bit_length() - 1 if v else 8 * x.itemsize for v in x.ravel().tolist()]
    return np.array(counts).reshape(x.shape)


ON_REALS = {
    roots: lambda x, y, z: np.sqrt(x),
    sizes: lambda x, y, z: np.abs(x),
    smaller: lambda x, y, z: np.minimum(x, y),
    greater: lambda x, y, z: np.maximum(np.maximum(x, y), z),
    whole: lambda x, y, z: np.rint(x),
    chosen: lambda x, y, z: np.where(x < y, x, z),
    chosen_by_much: lambda x, y, z: np.where((x >= y) | ~(x == z) & (y != z) ^ (x > z), 1, x),
    sum_of_products: sum_of_products.source,
    quotients: quotients.source,
    in_doubles: lambda x, y, z: (x.astype(float) * y.astype(float)).astype(x.dtype),
    by_bits: xor,
}
ON_INTEGERS = {
    parities: lambda x, y: np.bitwise_count(x.view(f"u{x.itemsize}")) & 1,
    set_bits: lambda x, y: np.bitwise_count(x.view(f"u{x.itemsize}")),
    low_zeros: trailing_zeros,
    smaller_integers: np.minimum,
    greater_integers: lambda x, y: np.maximum(np.maximum(x, y), 5),
    integer_sizes: lambda x, y: np.abs(x),
    chosen_integers: lambda x, y: np.where(x <= y, x, 9),
    arithmetic: arithmetic.source,
    logic: logic.source,
    powers_of_two: powers_of_two.source,
    lanes_and_truths: lambda x, y: (x > y) + np.arange(x.shape[1]),
}
"""What numpy says; formulas of operators alone are run by Python as they are."""


def for_each_row(formula):
    """An entry that works a formula out for rows; it has the formula's name."""

    def of_reals(a: Vectors, b: Vectors, c: Vectors, out: Vectors) -> None:
        for row in range(ROWS):
            out[row] = formula(a[row], b[row], c[row])

    def of_integers(a: IntVectors, b: IntVectors, out: IntVectors) -> None:
        for row in range(ROWS):
            out[row] = formula(a[row], b[row])

    kernel = of_integers if formula in ON_INTEGERS else of_reals
    kernel.__name__ = formula.name
    return entry(kernel)


@entry
def to_integers(a: Vectors, out: IntVectors, wide: IntVectors) -> None:
    for row in range(6):
        out[row] = to_int(a[row])
        wide[row] = to_int(to_double(a[row]))


@entry
def from_integers(a: IntVectors, out: Vectors) -> None:
    for row in range(6):
        out[row] = to_real(a[row])


@entry
def permuted(a: Vectors, order: IntVectors, out: Vectors, numbers: IntVectors) -> None:
    out[0] = permute(a[0], order[0])
    numbers[0] = permute(numbers[0], order[0])


@entry
def exchanged(a: Vectors, out: Vectors) -> None:
    for k in unroll(LANES):
        out[k] = exchange(a[0], k)


@entry
def totals(a: Vectors, numbers: IntVectors, out: Reals, sums: Words) -> None:
    for row in range(6):
        out[row] = total(a[row])
        sums[row] = total(numbers[row])


@entry
def of_scalars(x: Real, y: Double, n: Int, out: Ints) -> None:
    out[0] = to_int(x) + to_int(y)
    out[1] = parity(n)
    out[2] = ctz(n)
    out[3] = min(n, 7) + max(n, 7) + minimum(n, 5) + maximum(n, 5)
    out[4] = abs(n)
    out[5] = to_word(n)
    out[6] = bits(y)
    out[7] = to_int(sqrt(x * x)) + to_int(round_even(y))
    out[8] = LANES * 100 + LOG_LANES
    out[9] = REAL_BITS
    doubles(address(out))[10] = to_double(x) * n
    doubles(out)[11] = select(n > 3 and x < 2, y, 0.5)


@entry
def pointers(a: Reals, out: Reals, count: Int) -> None:
    at = address(a)
    room = buffer(4)
    prefetch(a, 1000000)
    for row in unroll(4):
        room[row] = vectors(at)[row]
        int_vectors(room)[row] = int_vectors(room)[row] + 0
    for place in range(count):
        words(out)[place] = words(reals(room) + count)[place - count]
    ints(out + count)[0] = ints(a)[0]
    vectors(out + 2 * count)[0] = splat(a[0])


@entry
def call_back(number: Int, act: Int) -> Int:
    call_void(act, 3, 4)
    return call_int(number) + call_int(number)


FORMULAS = [for_each_row(formula) for formula in (mul_add, *ON_REALS, *ON_INTEGERS)]
ENTRIES = (to_integers, from_integers, permuted, exchanged, totals, of_scalars, pointers, call_back)


@cache
def library(real, width):
    return compile_entries([*FORMULAS, *ENTRIES], real, width)


def numbers(real, lanes, seed):
    """Reals of all sizes, with each special one somewhere in each seed's place."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(ROWS, lanes)) * 10.0 ** draw.integers(-3, 12, size=(ROWS, lanes))
    special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 0.5, 1.5, -2.5, 1e30, -1e-30, 1, -3])
    x.ravel()[draw.permutation(x.size)[: special.size]] = special
    return x.astype(real)


def integers(real, lanes, seed):
    kind = REALS[real]
    limits = np.iinfo(kind)
    draw = np.random.default_rng(seed)
    x = draw.integers(limits.min, limits.max, size=(ROWS, lanes), dtype=kind, endpoint=True)
    x[0] >>= 20
    x.ravel()[draw.permutation(x.size)[:5]] = [0, 1, -1, limits.max, limits.min]
    return x


def at(*arrays):
    return [array.ctypes.data for array in arrays]


def assert_same(got, expected):
    np.testing.assert_array_equal(got, expected)
    assert (np.isnan(expected) | (np.signbit(got) == np.signbit(expected))).all()


@pytest.mark.parametrize("real, width", CASES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("formula", ON_REALS, ids=lambda formula: formula.name)
def test_on_reals(real, width, formula):
    kernels = library(real, width)
    x, y, z = (numbers(real, kernels.lanes, seed) for seed in range(3))
    out = np.empty_like(x)
    getattr(kernels, formula.name)(*at(x, y, z, out))
    assert_same(out, ON_REALS[formula](x, y, z).astype(real))


@pytest.mark.parametrize("real, width", CASES)
def test_fma_rounds_once_where_it_can(real, width):
    kernels = library(real, width)
    x = 1 + np.finfo(real).eps * np.arange(ROWS * kernels.lanes).reshape(ROWS, -1).astype(real)
    out = np.empty_like(x)
    kernels.mul_add(*at(x, x, -(x * x), out))
    once = "fma" in kernels.host.features
    pairs = zip(x.ravel().tolist(), (x * x).ravel().tolist(), strict=True)
    rest = [float(Fraction(v) ** 2 - Fraction(w)) for v, w in pairs]
    assert_same(out, np.array(rest, real).reshape(x.shape) if once else np.zeros_like(x))


@pytest.mark.parametrize("real, width", CASES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("formula", ON_INTEGERS, ids=lambda formula: formula.name)
def test_on_integers(real, width, formula):
    kernels = library(real, width)
    x, y = (integers(real, kernels.lanes, seed) for seed in range(2))
    out = np.empty_like(x)
    getattr(kernels, formula.name)(*at(x, y, out))
    assert_same(out, ON_INTEGERS[formula](x, y).astype(x.dtype))


@pytest.mark.parametrize("real, width", CASES)
def test_conversions_take_the_nearest_there_is(real, width):
    kernels = library(real, width)
    x = numbers(real, kernels.lanes, 5)
    out, wide = (np.empty(x.shape, REALS[real]) for _ in range(2))
    kernels.to_integers(*at(x, out, wide))
    limits = np.iinfo(REALS[real])
    nearest = [
        0 if np.isnan(v) else limits.max if v > limits.max else int(max(v, limits.min))
        for v in x.ravel().tolist()
    ]
    assert out.ravel().tolist() == nearest == wide.ravel().tolist()
    back, n = np.empty_like(x), integers(real, kernels.lanes, 1)
    kernels.from_integers(*at(n, back))
    assert_same(back, n.astype(real))


@pytest.mark.parametrize("real, width", CASES)
def test_lanes_move(real, width):
    kernels = library(real, width)
    lanes = kernels.lanes
    x, n = numbers(real, lanes, 3), integers(real, lanes, 3)
    high, given = integers(real, lanes, 4) & -lanes, n.copy()
    for order in (np.arange(lanes)[::-1], np.random.default_rng(1).integers(0, lanes, lanes)):
        out, n = np.empty_like(x), given.copy()
        kernels.permuted(*at(x, high[0] + order.astype(n.dtype), out, n))
        assert_same(out[0], x[0, order])
        assert_same(n[0], given[0, order])
    out = np.empty((lanes, lanes), real)
    kernels.exchanged(*at(x, out))
    assert_same(out, x[0, np.arange(lanes)[:, None] ^ np.arange(lanes)])


@pytest.mark.parametrize("real, width", CASES)
def test_totals_add_halves(real, width):
    kernels = library(real, width)
    x = np.random.default_rng(0).normal(size=(ROWS, kernels.lanes)).astype(real)
    n = integers(real, kernels.lanes, 2)
    out, sums = np.empty(ROWS, real), np.empty(ROWS, n.dtype)
    kernels.totals(*at(x, n, out, sums))
    while x.shape[1] > 1:
        low, high = np.split(x, 2, axis=1)
        x = low + high
    assert_same(out, x[:, 0])
    assert_same(sums, n.sum(axis=1, dtype=n.dtype))


@pytest.mark.parametrize("real, width", CASES)
def test_of_scalars(real, width):
    kernels = library(real, width)
    out = np.zeros(12, np.int64)
    n = (1 << 40) + 24
    kernels.of_scalars(-3.5, 2.5, n, out.ctypes.data)
    word = 24 if real == "float32" else n
    pattern = int(np.array(2.5).view(np.int64))
    lanes = kernels.lanes
    known = [-1, 1, 3, 7 + n + 5 + n, n, word, pattern, 5, lanes * 100 + lanes.bit_length() - 1]
    assert out[:9].tolist() == known
    assert out[9] == (32 if real == "float32" else 64)
    assert out.view(float)[10:].tolist() == [-3.5 * n, 2.5]


@pytest.mark.parametrize("real, width", CASES)
def test_pointers(real, width):
    kernels = library(real, width)
    count = 4 * kernels.lanes
    x = np.arange(1.0, count + 1).astype(real)
    out = np.zeros(4 * count, real)
    kernels.pointers(*at(x, out), count)
    assert_same(out[:count], x)
    assert_same(out[2 * count : 2 * count + kernels.lanes], np.ones(kernels.lanes, real))
    eight = 8 // x.itemsize
    assert_same(out[count : count + eight], x[:eight])


def test_calls_of_c():
    seen = []
    act = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64)(lambda a, b: seen.append((a, b)))
    number = ctypes.CFUNCTYPE(ctypes.c_int64)(lambda: 20 + len(seen))
    addresses = [ctypes.cast(f, ctypes.c_void_p).value for f in (number, act)]
    assert library("float64", 64).call_back(*addresses) == 42
    assert seen == [(3, 4)]
