"""Angles and coefficients in the language, as short as they can be exact."""

from __future__ import annotations

import math
from collections.abc import Callable

from qmlc.types.polynomial import (
    INFIX,
    Apply,
    Atom,
    Monomial,
    Number,
    Polynomial,
    Symbol,
    Value,
    lift,
)

PrintSymbol = Callable[[Symbol], str]

MAX_DIVISOR = 64

DENOMINATORS = (*range(1, 65), *(2**k for k in range(7, 25)))
MAX_NUMERATOR = 100
ROUNDING = 2**-50
"""Texts from elsewhere have computed their angles, or written 16 digits of them."""


def print_number(value: Value, symbol: PrintSymbol) -> str:
    """An expression for `value`; `symbol` names an element of an input or parameter."""
    text = ""
    for monomial, coefficient in lift(value).terms:
        negative = not isinstance(coefficient, complex) and coefficient < 0
        term = _term(monomial, -coefficient if negative else coefficient, symbol)
        sign = "-" if negative else "+" if text else ""
        text += f" {sign} {term}" if text else sign + term
    return text or "0"


def _term(monomial: Monomial, size: Number, symbol: PrintSymbol) -> str:
    factors = "*".join(_factor(atom, exponent, symbol) for atom, exponent in monomial)
    if not factors:
        return plain_number(size)
    if size == 1:
        return factors
    if isinstance(size, float) and size < 1:
        divisor = round(1 / size)
        if divisor <= MAX_DIVISOR and 1 / divisor == size:
            return f"{factors} / {divisor}"
    return f"{plain_number(size)}*{factors}"


def plain_number(value: Number) -> str:
    """A number: whole ones without a point, multiples of pi as such."""
    if isinstance(value, complex):
        sign = "-" if value.imag < 0 else "+" if value.real else ""
        imaginary = f"{abs(value.imag)!r}j"
        return f"({value.real!r} {sign} {imaginary})" if value.real else sign + imaginary
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return _multiple_of_pi(value) or repr(value)


def _multiple_of_pi(value: Number) -> str:
    """`3*pi/8` for what is this but for rounding; else an empty text."""
    for denominator in DENOMINATORS if isinstance(value, float) else ():
        numerator = round(value * denominator / math.pi)
        near = abs(numerator * math.pi / denominator - value) <= ROUNDING * abs(value)
        if numerator and abs(numerator) < MAX_NUMERATOR and near:
            count = {1: "pi", -1: "-pi"}.get(numerator, f"{numerator}*pi")
            return count if denominator == 1 else f"{count}/{denominator}"
    return ""


def _factor(atom: Atom, exponent: int, symbol: PrintSymbol) -> str:
    text = symbol(atom) if isinstance(atom, Symbol) else _apply(atom, symbol)
    return text if exponent == 1 else f"{text}**{exponent}"


def _apply(atom: Apply, symbol: PrintSymbol) -> str:
    texts = [print_number(a, symbol) for a in atom.arguments]
    if atom.function in INFIX:
        left, right = (
            t if _alone(a) else f"({t})" for t, a in zip(texts, atom.arguments, strict=True)
        )
        return f"({left} {INFIX[atom.function]} {right})"
    return f"{atom.function}({', '.join(texts)})"


def _alone(value: Polynomial) -> bool:
    match value.terms:
        case ((((Symbol(), 1),), 1),):
            return True
    return isinstance(value.constant, int) and value.constant >= 0
