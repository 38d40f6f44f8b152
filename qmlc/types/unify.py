"""The numbers for which patterns of polynomials are given values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qmlc.types.polynomial import Number, Polynomial, Symbol, Value, lift

Numbers = dict[Symbol, Value]


def unify(
    equations: Sequence[tuple[Any, Any]], bound: Mapping[Symbol, Value], partial: bool = False
) -> Numbers | None:
    """What the symbols of patterns stand for where each pattern equals its value, or None.

    A symbol is found where it alone is unknown and stands in its first power: `u`, `2*u + pi`,
    `u + v` once `v` is found. What is no number must be equal. With `partial`, what cannot be found
    is left out.
    """
    found = dict(bound)
    left = list(equations)
    while left:
        later = []
        for pattern, value in left:
            solved = _solve(pattern, value, found)
            if solved is False:
                return None
            if solved is None:
                later.append((pattern, value))
        if len(later) == len(left):
            return found if partial else None
        left = later
    return found


def _solve(pattern: Any, value: Any, found: Numbers) -> bool | None:
    """Whether `pattern` is `value`, with one more symbol `found`; None where two are unknown."""
    if not isinstance(pattern, Polynomial):
        return _same(pattern, value)
    if not isinstance(value, Number | Polynomial):
        return False
    unknown = {s for s in pattern.symbols() if s not in found}
    if not unknown:
        return bool(pattern.substitute(found) == value)
    affine = pattern.affine()
    if len(unknown) > 1 or affine is None:
        return None
    (symbol,) = unknown
    factors, offset = affine
    rest = value - offset - sum(found[s] * f for s, f in factors.items() if s != symbol)
    found[symbol] = rest if factors[symbol] == 1 else _divide(rest, factors[symbol])
    return True


def _same(pattern: Any, value: Any) -> bool:
    """Equality in which truth values are no numbers."""
    return isinstance(pattern, bool) == isinstance(value, bool) and bool(pattern == value)


def _divide(value: Value, divisor: Number) -> Value:
    result = lift(value) / divisor
    constant = lift(result).constant
    return result if constant is None else constant
