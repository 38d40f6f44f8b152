"""What patterns of polynomials stand for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmlc.types.polynomial import Polynomial, Symbol, lift
from qmlc.types.unify import unify

U, V, X = (Polynomial.symbol(name) for name in "uvx")
NUMBERS = st.integers(-5, 5)


@given(NUMBERS.filter(bool), NUMBERS, NUMBERS, NUMBERS)
def test_what_is_found_makes_the_patterns_their_values(a, b, first, second):
    """Whatever the author's own symbols are called."""
    patterns = (V + b, a * U + V + 1, U * V)
    chosen = {Symbol("u"): first * X + U, Symbol("v"): second * U - V}
    values = [lift(p).substitute(chosen) for p in patterns]
    assert unify(list(zip(patterns, values, strict=True)), {}) == chosen


@pytest.mark.parametrize(
    "equations",
    [
        [(U, X), (U, 2 * X)],
        [(2.0, 2.5)],
        [(U + V, X)],
        [(U * U, 4)],
        [(True, 1)],
        [(U, "name")],
        [(U, 0.5), (2 * U, 1.5)],
    ],
)
def test_what_has_no_or_no_single_solution_is_none(equations):
    assert unify(equations, {}) is None


def test_bound_symbols_help():
    v = Symbol("v")
    assert unify([(U + V, X)], {v: 2}) == {v: 2, Symbol("u"): X - 2}
    assert unify([(U + V, X), (V, 1)], {}, partial=True) == {v: 1, Symbol("u"): X - 1}
    assert unify([(U + V, X)], {}, partial=True) == {}
