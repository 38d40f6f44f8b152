"""Many polynomials at once: for the numbers of all symbols, the numbers of all angles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qmlc.backends.qasm.bind_circuit import bind_value, real_number
from qmlc.types.polynomial import Apply, Atom, Polynomial, Symbol, Value, lift

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class AngleTable:
    """Sums of products of columns.

    The first column is 1, then come `symbols`, then `functions`. Term i adds `coefficients[i]`
    times the columns `factors[i]` to row `rows[i]`.
    """

    symbols: tuple[Symbol, ...]
    functions: tuple[Apply, ...]
    rows: NDArray[np.int64]
    coefficients: Numbers
    factors: NDArray[np.int64]
    count: int

    def evaluate(self, numbers: Numbers) -> Numbers:
        """The angles for the numbers of `symbols`; ValueError where a function has no value."""
        columns = [np.ones(1), numbers]
        if self.functions:
            known = dict(zip(self.symbols, numbers.tolist(), strict=True))
            columns.append(np.array([_function(f, known) for f in self.functions]))
        terms = np.concatenate(columns)[self.factors].prod(axis=1) * self.coefficients
        return np.asarray(np.bincount(self.rows, terms, self.count), dtype=np.float64)


def _function(function: Apply, known: Mapping[Symbol, Value]) -> float:
    return real_number(bind_value(Polynomial(((((function, 1),), 1),)), known))


def tabulate_angles(angles: Sequence[Value], symbols: Sequence[Symbol]) -> AngleTable:
    """The table of `angles` over `symbols`; they hold no others."""
    columns: dict[Atom, int] = {symbol: i for i, symbol in enumerate(symbols, 1)}
    rows: list[int] = []
    coefficients: list[float] = []
    products: list[list[int]] = []
    for row, angle in enumerate(angles):
        for monomial, coefficient in lift(angle).terms:
            product = []
            for atom, exponent in monomial:
                product += [columns.setdefault(atom, 1 + len(columns))] * exponent
            rows.append(row)
            coefficients.append(real_number(coefficient))
            products.append(product)
    width = max(map(len, products), default=0)
    factors = [product + [0] * (width - len(product)) for product in products]
    return AngleTable(
        tuple(symbols),
        tuple(atom for atom in columns if isinstance(atom, Apply)),
        np.array(rows, dtype=np.int64),
        np.array(coefficients, dtype=np.float64),
        np.array(factors, dtype=np.int64).reshape(len(factors), width),
        len(angles),
    )
