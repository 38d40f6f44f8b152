"""From polynomials to a few vectorised steps that evaluate all of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmlc.types.polynomial import Apply, Atom, Monomial, Number, Polynomial, Symbol

Table = Any
"""A numpy array in a plan; a tensor on a device once the plan is placed."""


ONE = -1
"""In a column of factors: no value, but the number 1. Values end with a row of ones for it."""


@dataclass(frozen=True, eq=False)
class Sums:
    """Rows of `offset + sum(coefficient * product of values)`.

    Rows of one product come first, then rows of several, then constant ones; `order` puts them
    back (None where it need not).
    """

    factors: tuple[Table, ...]
    """Columns of positions of values: the n-th factor of each product, single rows' first."""
    scale: Table | None
    """(single rows, 1), or None for ones."""
    mixing: Table | None
    """(rows of several products, products), or None."""
    offset: Table | None
    """(rows, 1) before `order`, or None for zeros."""
    order: Table | None
    single: int
    constant: int
    rows: int


@dataclass(frozen=True, eq=False)
class Calls:
    """One function of many arguments at once: slices of rows, or numbers."""

    function: str
    arguments: tuple[tuple[int, int] | Number, ...]


@dataclass(frozen=True, eq=False)
class Level:
    """Function calls whose arguments only need the levels before."""

    rows: Sums
    calls: tuple[Calls, ...]


@dataclass(frozen=True, eq=False)
class Expressions:
    """Symbols to gather, levels of function calls, and the rows that come out."""

    symbols: tuple[Symbol, ...]
    levels: tuple[Level, ...]
    outputs: Sums

    def __len__(self) -> int:
        return self.outputs.rows


def plan_expressions(
    polynomials: Sequence[Polynomial], first: frozenset[str] = frozenset()
) -> Expressions:
    """The steps that evaluate `polynomials`, in their order.

    Symbols with the names `first` come first. Functions are evaluated level by level, equal calls once, equal functions of a level together.
    """
    found = dict.fromkeys(s for p in polynomials for s in p.symbols())
    symbols = tuple(sorted(found, key=lambda symbol: symbol.name not in first))
    slots: dict[Atom, int] = {symbol: i for i, symbol in enumerate(symbols)}
    depths: dict[Apply, int] = {}
    for polynomial in polynomials:
        _measure_depth(polynomial, depths)
    levels = []
    for depth in range(1, max(depths.values(), default=0) + 1):
        atoms = [atom for atom, d in depths.items() if d == depth]
        levels.append(_plan_level(atoms, slots))
    return Expressions(symbols, tuple(levels), _plan_sums(polynomials, slots))


def _measure_depth(polynomial: Polynomial, depths: dict[Apply, int]) -> int:
    deepest = 0
    for monomial, _ in polynomial.terms:
        for atom, _ in monomial:
            if isinstance(atom, Apply):
                if atom not in depths:
                    depths[atom] = 1 + max(_measure_depth(a, depths) for a in atom.arguments)
                deepest = max(deepest, depths[atom])
    return deepest


def _plan_level(atoms: Sequence[Apply], slots: dict[Atom, int]) -> Level:
    groups: dict[tuple[str, tuple[Number | None, ...]], list[Apply]] = {}
    for atom in atoms:
        constants = tuple(a.constant for a in atom.arguments)
        groups.setdefault((atom.function, constants), []).append(atom)
    rows: list[Polynomial] = []
    calls = []
    for (function, constants), members in groups.items():
        arguments: list[tuple[int, int] | Number] = []
        for position, constant in enumerate(constants):
            if constant is not None:
                arguments.append(constant)
                continue
            arguments.append((len(rows), len(rows) + len(members)))
            rows += [atom.arguments[position] for atom in members]
        calls.append(Calls(function, tuple(arguments)))
    level = Level(_plan_sums(rows, slots), tuple(calls))
    for members in groups.values():
        for atom in members:
            slots[atom] = len(slots)
    return level


def _plan_sums(polynomials: Sequence[Polynomial], slots: Mapping[Atom, int]) -> Sums:
    parts = [_split_offset(p) for p in polynomials]
    kinds = [min(len(terms), 2) for terms, _ in parts]
    single, several, constant = ([i for i, k in enumerate(kinds) if k == n] for n in (1, 2, 0))
    monomials = [parts[i][0][0][0] for i in single]
    position = {monomial: place for place, monomial in enumerate(monomials)}
    for monomial in (m for i in several for m, _ in parts[i][0]):
        if monomial not in position:
            position[monomial] = len(monomials)
            monomials.append(monomial)
    mixing = np.zeros((len(several), len(monomials)))
    for row, i in enumerate(several):
        for monomial, coefficient in parts[i][0]:
            mixing[row, position[monomial]] += _real(coefficient)
    scale = np.array([_real(parts[i][0][0][1]) for i in single]).reshape(-1, 1)
    order = [*single, *several, *constant]
    offset = np.array([_real(parts[i][1]) for i in order]).reshape(-1, 1)
    return Sums(
        factors=_factor_columns(monomials, slots),
        scale=None if np.all(scale == 1) else scale,
        mixing=mixing if several else None,
        offset=None if np.all(offset == 0) and not constant else offset,
        order=None if order == sorted(order) else np.argsort(np.array(order), kind="stable"),
        single=len(single),
        constant=len(constant),
        rows=len(order),
    )


def _split_offset(polynomial: Polynomial) -> tuple[list[tuple[Monomial, Number]], Number]:
    terms = [(monomial, c) for monomial, c in polynomial.terms if monomial]
    return terms, next((c for monomial, c in polynomial.terms if not monomial), 0)


def _factor_columns(monomials: Sequence[Monomial], slots: Mapping[Atom, int]) -> tuple[Table, ...]:
    rows = [[slots[atom] for atom, power in m for _ in range(power)] for m in monomials]
    width = max(map(len, rows), default=0)
    padded = [row + [ONE] * (width - len(row)) for row in rows]
    return tuple(np.array([row[i] for row in padded], dtype=np.int64) for i in range(width))


def _real(number: Number) -> float:
    if isinstance(number, complex):
        if number.imag:
            raise ValueError(f"{number} stands where a real number is needed")
        return number.real
    return float(number)
