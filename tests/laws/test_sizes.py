"""Arithmetic of sizes against whole numbers: the one form has the value of what was written."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from qmlc.types.polynomial import Polynomial, Symbol, lift
from qmlc.types.sizes import (
    add,
    divide_exactly,
    doubtful_sizes,
    floor_divide,
    normalise,
    product,
    rounded,
    same_size,
    share_out,
)

T, H = Polynomial.symbol("T"), Polynomial.symbol("H")
SMALL = st.integers(-4, 8)
LINEAR = st.builds(lambda a, b, c: add(add(a * T, b * H), c), SMALL, SMALL, SMALL)
SIZES = st.recursive(
    LINEAR,
    lambda inner: st.one_of(
        st.builds(floor_divide, inner, st.integers(1, 6)),
        st.builds(add, inner, inner),
        st.builds(lambda x, k: product((x, k)), inner, st.integers(1, 4)),
    ),
    max_leaves=4,
)


def value(size, t, h):
    return (
        size.substitute({Symbol("T"): t, Symbol("H"): h}) if isinstance(size, Polynomial) else size
    )


@given(SIZES, st.integers(1, 6), st.integers(0, 40), st.integers(0, 40))
def test_quotients_are_those_of_whole_numbers(size, divisor, t, h):
    assert value(floor_divide(size, divisor), t, h) == value(size, t, h) // divisor


@given(SIZES, st.integers(1, 6), st.integers(1, 6), st.integers(0, 40), st.integers(0, 40))
def test_what_is_shared_out_evenly_comes_back(size, first, second, t, h):
    shared = share_out(size, first)
    again = None if shared is None else share_out(shared, second)
    assume(again is not None)
    assert same_size(product((again, first, second)), size)
    if value(size, t, h) % (first * second) == 0:
        assert value(rounded(again), t, h) == value(size, t, h) // (first * second)


@given(SIZES, st.integers(0, 40), st.integers(0, 40))
def test_the_one_form_keeps_the_value(size, t, h):
    assert value(normalise(size), t, h) == value(size, t, h)
    assert normalise(normalise(size)) == normalise(size)


def test_equal_sizes_look_equal():
    assert add(floor_divide(add(H, -2), 2), 1) == normalise(H // 2) == floor_divide(H, 2)
    assert normalise((H // 2) // 2) == normalise(H // 4)
    assert normalise(T / 2) == share_out(T, 2)
    assert normalise((T + 1) / 2) == share_out(add(T, 1), 2)
    assert normalise(T / 2 * 2) == T
    assert product((share_out(T, H), H)) == T
    assert same_size(share_out(T, 2), normalise(T // 2))
    assert not same_size(floor_divide(add(T, 1), 2), floor_divide(T, 2))


def test_what_never_comes_out_even_is_known():
    assert share_out(2 * T + 1, 2) is None
    assert share_out(7, T) is None
    assert divide_exactly(T * H, H) == T


def test_doubtful_sizes_are_those_that_may_fail():
    half = share_out(T, 2)
    sizes = [T, 4, T + 1, T + -2, T + -3, half, floor_divide(T, 2), Polynomial.apply("sin", T)]
    assert doubtful_sizes(sizes) == [T + -3, lift(half)]
