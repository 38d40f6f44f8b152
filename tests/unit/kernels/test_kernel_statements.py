"""Statements of kernels: those that Python has do as in Python, the others as written out."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest

from qmlc.kernels.language import (
    LANES,
    Int,
    Ints,
    Real,
    Reals,
    Static,
    Vector,
    Vectors,
    entry,
    function,
    inline,
    registers,
    to_real,
    total,
    unroll,
)
from qmlc.kernels.load_library import compile_entries

CASES = [(real, width) for real in ("float32", "float64") for width in (64, 32, 16)]
WEIGHTS = (2, 3, 5, 7)
TAU = 2 * math.pi


@entry
def collatz(out: Ints, count: Int) -> None:
    """Steps of each number."""
    for n in range(1, count):
        x, steps = n, 0
        while x != 1:
            if x % 2 == 0:
                x //= 2
            else:
                x = 3 * x + 1
            steps += 1
        out[n] = steps


@entry
def divisors(out: Ints, count: Int) -> None:
    """Greatest common divisors, by the differences."""
    for i in range(count):
        for j in range(count):
            a, b = i, j
            while a > 0 and b > 0:
                if a >= b:
                    a, b = a - b, b
                else:
                    a, b = b, a
            out[i * count + j] = a + b


@entry
def steps(out: Ints, count: Int) -> None:
    """Ranges of all kinds."""
    place = 0
    for i in range(count - 5, 3, -3):
        out[place] += i
        place += 1
    for step in range(1, 4):
        for i in range(place, count, step):
            out[i] = out[i] * 3 + step
    for i in range(5, 2):
        out[i] = 1000


@entry
def kinds(out: Ints, count: Int) -> None:
    """Branches: chains of comparisons, `and`, `or`, `not`, which look no further than they must."""
    for i in range(count):
        j = i * i % 23
        if 3 < j <= 9 or j == 11:
            kind = 1
        elif i > 0 and out[i - 1] == 1 and not j == 4:
            kind = 2
        elif not (j < 15 or i % 2 == 1):
            kind = 3
        else:
            kind = 4
            if j == 0:
                kind += 10
        out[i] = kind


@entry
def sieve(out: Ints, count: Int) -> None:
    """The smallest factor of each number."""
    for n in range(2, count):
        if out[n] == 0:
            for multiple in range(n, count, n):
                if out[multiple] == 0:
                    out[multiple] = n


@entry
def sorted_by_insertion(out: Ints, count: Int) -> None:
    """Numbers of a simple generator, sorted."""
    seed = 1
    for i in range(count):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        out[i] = seed >> 8
    for i in range(1, count):
        j = i
        while j > 0 and out[j - 1] > out[j]:
            out[j - 1], out[j] = out[j], out[j - 1]
            j -= 1


AS_IN_PYTHON = (collatz, divisors, steps, kinds, sieve, sorted_by_insertion)


@inline
def two(x: Any, y: Any) -> Any:
    return x + y, x - y


@inline
def butterflies(a: Any, count: Static) -> None:
    if count > 1:
        half = count // 2
        for k in unroll(half):
            a[k], a[k + half] = two(a[k], a[k + half])
        lower, upper = registers(half), registers(half)
        for k in unroll(half):
            lower[k], upper[k] = a[k], a[k + half]
        butterflies(lower, half)
        butterflies(upper, half)
        for k in unroll(half):
            a[k] = lower[k]
            a[k + half] = upper[k]


@entry
def walsh_in_registers(rows: Vectors) -> None:
    """A Walsh transform of eight rows, by kernels that are expanded in themselves."""
    a = registers(8)
    for k in unroll(len(a)):
        a[k] = rows[k]
    butterflies(a, 8)
    for k in unroll(8):
        rows[k] = a[k]


@function
def power(x: Any, n: Static) -> Any:
    y = x
    for _ in unroll(n - 1):
        y *= x
    return y


@function
def moments(x: Real, y: Real) -> Any:
    return power(x, 2) + power(y, 2), power(x, 3) * 2, power(3, 4)


@entry
def functions(out: Reals, n: Int) -> None:
    out[0], out[1], fourth = moments(1.5, to_real(n))
    out[2] = fourth
    out[3] = power(n, 3)
    out[4] = power(out[3], 2)


@entry
def known_at_translation(out: Ints) -> None:
    place = 0
    for weight in WEIGHTS:
        scaled = weight * 10 if weight != 3 else -1
        for k in unroll(1, 4):
            if k == 2 and weight in (5, 7):
                out[place] = scaled + k
            elif k != 2:
                out[place] = min(scaled, len(WEIGHTS), k)
            place += 1
    out[place] = LANES
    out[place + 1] = TAU > 6 and math.e < 3


@entry
def sums(rows: Vectors, out: Reals, count: Int) -> None:
    """Variables of a type that is said, and of one that a loop keeps."""
    total_of_all: Vector = 0
    last = rows[0]
    moving = rows
    for row in range(count):
        total_of_all += rows[row] * (row + 1)
        last = moving[0] - last
        moving += 1
    out[0] = total(total_of_all)
    out[1] = total(last)


ENTRIES = (*AS_IN_PYTHON, walsh_in_registers, functions, known_at_translation, sums)


@cache
def library(real, width):
    return compile_entries(ENTRIES, real, width)


@pytest.mark.parametrize("width", [64, 16])
@pytest.mark.parametrize("kernel", AS_IN_PYTHON, ids=lambda kernel: kernel.name)
def test_as_in_python(kernel, width):
    count = 20 if kernel is divisors else 60
    got, expected = np.zeros((2, 400), np.int64)
    getattr(library("float32", width), kernel.name)(got.ctypes.data, count)
    kernel.source(expected, count)
    assert got.tolist() == expected.tolist()


@pytest.mark.parametrize("real, width", CASES)
def test_registers_pass_to_inlined_kernels(real, width):
    kernels = library(real, width)
    x = np.random.default_rng(0).integers(-50, 50, size=(8, kernels.lanes)).astype(real)
    got = x.copy()
    kernels.walsh_in_registers(got.ctypes.data)
    signs = [[(-1) ** (i & j).bit_count() for i in range(8)] for j in range(8)]
    assert (got == signs @ x).all()


@pytest.mark.parametrize("real, width", CASES)
def test_functions_for_each_type(real, width):
    out = np.zeros(5, real)
    library(real, width).functions(out.ctypes.data, 4)
    assert out.tolist() == [18.25, 6.75, 81, 64, 4096]


def test_known_at_translation():
    out = np.zeros(14, np.int64)
    library("float32", 32).known_at_translation(out.ctypes.data)
    assert out.tolist() == [1, 0, 3, -1, 0, -1, 1, 52, 3, 1, 72, 3, 8, 1]


@pytest.mark.parametrize("real, width", CASES)
def test_variables_keep_their_type(real, width):
    kernels = library(real, width)
    x = np.random.default_rng(0).integers(-50, 50, size=(5, kernels.lanes)).astype(real)
    out = np.zeros(2, real)
    kernels.sums(x.ctypes.data, out.ctypes.data, 5)
    last = x[4] - x[3] + x[2] - x[1] + (x[0] - x[0])
    assert out.tolist() == [(np.arange(1, 6) @ x).sum(), last.sum()]
