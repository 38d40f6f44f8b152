"""The angles that a program evaluates, each once, and their polynomials as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from qmlc.runtime.normal_form import Array
from qmlc.types.polynomial import Polynomial, Symbol, Value, lift


class Angle(NamedTuple):
    """A row of the angles that differ between samples, or of those that all share."""

    sample: bool
    row: int


@dataclass
class AngleRows:
    """Collects angles; equal ones are kept once, shared ones apart from those per sample."""

    inputs: frozenset[str]
    shared: dict[Polynomial, int] = field(default_factory=dict)
    sample: dict[Polynomial, int] = field(default_factory=dict)

    def add(self, value: Value) -> Angle:
        """The row of an angle."""
        polynomial = lift(value)
        sample = any(symbol.name in self.inputs for symbol in polynomial.symbols())
        rows = self.sample if sample else self.shared
        return Angle(sample, rows.setdefault(polynomial, len(rows)))

    def add_sample(self, value: Value) -> int:
        """The row of a number among those that differ between samples, whether it does or not."""
        return self.sample.setdefault(lift(value), len(self.sample))


class Sums(NamedTuple):
    """Rows `sum(coefficient * product of symbols)`: where each row's terms and factors begin."""

    starts: Array
    coefficients: Array
    terms: Array
    factors: Array


def make_sums(rows: Iterable[Polynomial], places: Mapping[Symbol, int]) -> Sums:
    """The arrays of polynomials in symbols; all are whole numbers but the coefficients."""
    starts, terms = [0], [0]
    coefficients: list[float] = []
    factors: list[int] = []
    for polynomial in rows:
        for monomial, coefficient in polynomial.terms:
            for atom, power in monomial:
                assert isinstance(atom, Symbol)
                factors += [places[atom]] * power
            coefficients.append(float(complex(coefficient).real))
            terms.append(len(factors))
        starts.append(len(coefficients))
    return Sums(whole(starts), np.array(coefficients), whole(terms), whole(factors))


def whole(numbers: Iterable[int]) -> Array:
    """An array of 64-bit integers."""
    return np.array(list(numbers), dtype=np.int64)
