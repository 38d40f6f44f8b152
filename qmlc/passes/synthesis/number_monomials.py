"""Circuits that differ in the names of their symbols alone, made equal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from qmlc.ir.circuit import Instruction
from qmlc.types.polynomial import Atom, Monomial, Polynomial, Symbol, Value

Monomials = list[Monomial]


def number_monomials(
    instructions: Iterable[Instruction],
) -> tuple[tuple[Instruction, ...], Monomials]:
    """The instructions with symbols 0, 1, … for what their angles are sums of, and these.

    Angles that are added up and scaled stay sums of the same.
    """
    numbers: dict[Monomial, int] = {}

    def number(angle: Value) -> Value:
        if not isinstance(angle, Polynomial):
            return angle
        terms = []
        for monomial, coefficient in angle.terms:
            if monomial:
                monomial = ((_symbol(numbers.setdefault(monomial, len(numbers))), 1),)
            terms.append((monomial, coefficient))
        return Polynomial(tuple(terms))

    numbered = tuple([i.by(tuple(map(number, i.angles))) if i.angles else i for i in instructions])
    return numbered, list(numbers)


def restore_monomials(
    instructions: Iterable[Instruction], monomials: Sequence[Monomial]
) -> list[Instruction]:
    """What was made of such instructions, with the old `monomials` back in their places."""
    symbols = [_symbol(number) for number in range(len(monomials))]
    names: dict[Atom, Monomial] = dict(zip(symbols, monomials, strict=True))
    values = {symbol: Polynomial(((names[symbol], 1),)) for symbol in symbols}

    def restore(angle: Value) -> Value:
        if not isinstance(angle, Polynomial):
            return angle
        if any(m and (len(m) > 1 or m[0][0] not in names) for m, _ in angle.terms):
            # coefficients of an operator may have come in
            return angle.substitute(values)
        return Polynomial(tuple((names[m[0][0]] if m else m, c) for m, c in angle.terms))

    return [i.by(tuple(map(restore, i.angles))) if i.angles else i for i in instructions]


@cache
def _symbol(number: int) -> Symbol:
    return Symbol("", (number,))
