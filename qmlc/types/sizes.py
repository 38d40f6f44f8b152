"""Arithmetic of sizes: whole numbers, or polynomials that stand for one when a module is called.

Sizes are kept in one form, so that equal ones look equal: `(H - 2) // 2 + 1` is `H // 2`, and
`H // 2 // 2` is `H // 4`. A division that has to come out even is the atom `T / 2`; with it,
`2 * (T / 2)` is `T`, and that it does come out even is checked when the module is called.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import lcm

from qmlc.types.polynomial import (
    INFIX,
    Apply,
    Atom,
    Monomial,
    Number,
    Polynomial,
    Value,
    lift,
    lower,
)

FINEST = 10**6
"""The largest denominator that a fraction of a size may have."""


def add(left: Value, right: Value) -> Value:
    """The sum, a number where it is one."""
    return lower(dict(lift(lift(left) + right).terms))


def product(sizes: Iterable[Value]) -> Value:
    """The product, exact divisions cancelled; 1 of none."""
    total: Value = 1
    for size in sizes:
        total = _cancel(lower(dict(lift(lift(total) * size).terms)))
    return total


def divide_exactly(value: Value, divisor: Value) -> Value | None:
    """`value / divisor` where that is a polynomial with whole coefficients, else None."""
    remainder, quotient = lift(value), lift(0)
    lead, coefficient = _leading(lift(divisor))
    while remainder.terms:
        monomial, factor = _leading(remainder)
        rest = _divide_monomial(monomial, lead)
        if rest is None or factor % coefficient:  # type: ignore[operator]
            return None
        term = Polynomial(((rest, factor // coefficient),))  # type: ignore[operator]
        quotient = lift(quotient + term)
        remainder = lift(remainder - term * divisor)
    return lower(dict(quotient.terms))


def share_out(value: Value, divisor: Value) -> Value | None:
    """`value / divisor`, which has to be whole; None where it is not, whatever the symbols are."""
    quotient = divide_exactly(value, divisor)
    if quotient is not None:
        return quotient
    if not isinstance(divisor, int):
        return None if isinstance(value, int) else Polynomial.apply("divide", value, divisor)
    whole, rest = _split(value, divisor)
    if isinstance(rest, int | float):
        return None
    inner = _alone(rest, "divide")
    if inner is not None:
        rest, divisor = inner[0], inner[1] * divisor
    return add(whole, Polynomial.apply("divide", rest, divisor))


def floor_divide(value: Value, divisor: Value) -> Value:
    """`value // divisor`; what hangs on a symbol is kept in one form."""
    if isinstance(value, int) and isinstance(divisor, int):
        return value // divisor
    exact = divide_exactly(value, divisor)
    if exact is not None or not isinstance(divisor, int) or divisor < 1:
        return Polynomial.apply("floordiv", value, divisor) if exact is None else exact
    whole, rest = _split(value, divisor)
    if isinstance(rest, int):
        return add(whole, rest // divisor)
    constant = dict(lift(rest).terms).get((), 0)
    inner = _alone(add(rest, -constant), "floordiv") or _alone(add(rest, -constant), "divide")
    if inner is not None and isinstance(constant, int):
        numerator, first = inner
        return add(whole, floor_divide(add(numerator, constant * first), first * divisor))
    return add(whole, Polynomial.apply("floordiv", rest, divisor))


def normalise(value: Value) -> Value:
    """A size as an author writes it in the form of this module: fractions are exact divisions."""
    if not isinstance(value, Polynomial):
        return value
    total: Value = 0
    for monomial, coefficient in value.terms:
        factors: list[Value] = [coefficient]
        for atom, exponent in monomial:
            factors += [_normalise_atom(atom)] * exponent
        total = add(total, product(factors))
    if not isinstance(total, Polynomial) or all(isinstance(c, int) for _, c in total.terms):
        return total
    parts = [Fraction(c).limit_denominator(FINEST) for _, c in total.terms]  # type: ignore[arg-type]
    common = lcm(*(p.denominator for p in parts))
    whole = {m: int(p * common) for (m, _), p in zip(total.terms, parts, strict=True)}
    shared = share_out(lower(dict(whole)), common)
    return total if shared is None else shared


def rounded(value: Value) -> Value:
    """`value` with `//` in the place of each exact division, which is the same where it is even."""
    if not isinstance(value, Polynomial):
        return value
    total: Value = 0
    for monomial, coefficient in value.terms:
        term: Value = coefficient
        for atom, exponent in monomial:
            factor: Value = Polynomial((((((atom, 1),)), 1),))
            if isinstance(atom, Apply):
                arguments = [rounded(a) for a in atom.arguments]
                division = atom.function in ("divide", "floordiv")
                factor = floor_divide(*arguments) if division else (
                    Polynomial.apply(atom.function, *arguments))  # fmt: skip
            for _ in range(exponent):
                term = lift(term) * factor
        total = add(total, term)
    return total


def same_size(left: Value, right: Value) -> bool:
    """Whether two sizes are equal, given that exact divisions come out even."""
    return left == right or rounded(left) == rounded(right)


def doubtful_sizes(sizes: Iterable[Value]) -> list[Polynomial]:
    """Those of `sizes` that are no whole number from 0 on for every value of their symbols.

    Of `T - 3` and `T - 2` only the first: the other follows.
    """
    found = [
        s for s in dict.fromkeys(sizes)
        if isinstance(s, Polynomial) and _is_arithmetic(s) and (_has_division(s) or _may_sink(s))
    ]  # fmt: skip
    distances = [(a, b, lift(a) + lift(b) * -1) for a in found for b in found if a != b]
    implied = {a for a, b, d in distances if isinstance(d, int) and d > 0}
    return [s for s in found if s not in implied]


def _is_arithmetic(value: Polynomial) -> bool:
    atoms = [atom for monomial, _ in value.terms for atom, _ in monomial]
    return all(
        not isinstance(a, Apply) or (a.function in INFIX and all(map(_is_arithmetic, a.arguments)))
        for a in atoms
    )


def _has_division(value: Polynomial) -> bool:
    atoms = [atom for monomial, _ in value.terms for atom, _ in monomial if isinstance(atom, Apply)]
    return any(a.function == "divide" or any(map(_has_division, a.arguments)) for a in atoms)


def _may_sink(value: Polynomial) -> bool:
    return any(not isinstance(c, complex) and c < 0 for _, c in value.terms)


def _normalise_atom(atom: Atom) -> Value:
    if not isinstance(atom, Apply):
        return Polynomial(((((atom, 1),), 1),))
    arguments = [normalise(a) for a in atom.arguments]
    if atom.function == "floordiv":
        return floor_divide(*arguments)
    if atom.function == "divide":
        shared = share_out(*arguments)
        return Polynomial.apply("divide", *arguments) if shared is None else shared
    return Polynomial.apply(atom.function, *arguments)


def _split(value: Value, divisor: int) -> tuple[Value, Value]:
    """(quotient, rest): what `divisor` divides term by term, and what is left."""
    whole: dict[Monomial, Number] = {}
    rest: dict[Monomial, Number] = {}
    for monomial, coefficient in lift(value).terms:
        if not isinstance(coefficient, int):
            rest[monomial] = coefficient
        elif monomial and coefficient % divisor:
            rest[monomial] = coefficient
        else:
            quotient, remainder = divmod(coefficient, divisor)
            whole |= {monomial: quotient} if quotient else {}
            rest |= {monomial: remainder} if remainder else {}
    return lower(whole), lower(rest)


def _alone(value: Value, function: str) -> tuple[Polynomial, int] | None:
    """The arguments where `value` is one application of `function`, by a number."""
    if not isinstance(value, Polynomial) or len(value.terms) != 1:
        return None
    ((monomial, coefficient),) = value.terms
    match monomial:
        case ((Apply(function=name, arguments=(numerator, divisor)), 1),):
            number = divisor.constant
            if name == function and coefficient == 1 and isinstance(number, int) and number > 0:
                return numerator, number
    return None


def _cancel(value: Value) -> Value:
    """`value` with `2 * (T / 2)` as `T`, and `h * (d / h)` as `d`."""
    if not isinstance(value, Polynomial):
        return value
    total: Value = 0
    for monomial, coefficient in value.terms:
        total = add(total, _cancel_term(monomial, coefficient))
    return total


def _cancel_term(monomial: Monomial, coefficient: Number) -> Value:
    term = Polynomial(((monomial, coefficient),))
    for atom, exponent in monomial:
        if isinstance(atom, Apply) and atom.function == "divide":
            numerator, divisor = atom.arguments
            others = tuple(p for p in monomial if p[0] != atom)
            others += ((atom, exponent - 1),) if exponent > 1 else ()
            rest = divide_exactly(Polynomial(((others, coefficient),)), lower(dict(divisor.terms)))
            if rest is not None:
                return product((rest, numerator))
    return lower(dict(term.terms))


def _leading(polynomial: Polynomial) -> tuple[Monomial, Number]:
    """The term that is largest in the lexicographic order of the atoms' names."""
    names = sorted({str(atom) for monomial, _ in polynomial.terms for atom, _ in monomial})

    def exponents(term: tuple[Monomial, Number]) -> tuple[int, ...]:
        powers = {str(atom): exponent for atom, exponent in term[0]}
        return tuple(powers.get(name, 0) for name in names)

    return max(polynomial.terms, key=exponents)


def _divide_monomial(left: Monomial, right: Monomial) -> Monomial | None:
    powers: dict[Atom, int] = dict(left)
    for atom, exponent in right:
        powers[atom] = powers.get(atom, 0) - exponent
        if powers[atom] < 0:
            return None
    return tuple((atom, exponent) for atom, exponent in powers.items() if exponent)
