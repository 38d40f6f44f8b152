"""Circuits that differ in the names of their symbols alone, made equal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from qmlc.ir.circuit import Instruction
from qmlc.types.polynomial import Monomial, Polynomial, Symbol, Value

Monomials = list[Monomial]


def number_monomials(
    instructions: Iterable[Instruction],
) -> tuple[tuple[Instruction, ...], Monomials]:
    """The instructions with symbols 0, 1, … for what their angles are sums of, and these.

    Angles that are added up and scaled stay sums of the same.
    """
    numbers: dict[Monomial, int] = {}

    def rename(monomial: Monomial) -> Monomial:
        if not monomial:
            return monomial
        return ((Symbol("", (numbers.setdefault(monomial, len(numbers)),)), 1),)

    numbered = tuple(
        replace(i, angles=tuple(_renamed(a, rename) for a in i.angles)) if i.angles else i
        for i in instructions
    )
    return numbered, list(numbers)


def restore_monomials(
    instructions: Iterable[Instruction], monomials: Sequence[Monomial]
) -> list[Instruction]:
    """What was made of such instructions, with the old `monomials` back in their places."""

    def rename(monomial: Monomial) -> Monomial:
        match monomial:
            case ((Symbol("", (number,)), 1),):
                return monomials[number]
        return monomial

    return [
        replace(i, angles=tuple(_renamed(a, rename) for a in i.angles)) if i.angles else i
        for i in instructions
    ]


def _renamed(angle: Value, rename: Callable[[Monomial], Monomial]) -> Value:
    if not isinstance(angle, Polynomial):
        return angle
    return Polynomial(tuple((rename(m), coefficient) for m, coefficient in angle.terms))
