"""Polynomials over named symbols: the one form of dimensions, angles and coefficients.

A dimension `3*d`, an angle `2*x[0] + pi` and a coefficient `-J*g` are all polynomials. The normal
form makes equality structural, folds constants and adds up rotations without a rewrite system.
What is no polynomial (`sin(x)`, `d // 2`) is an `Apply`: an opaque atom over polynomials.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

Number = int | float | complex

MAX_EXPANDED_POWER = 64
MAX_TERMS = 4096
"""A product with more terms than this is not expanded: it stays an opaque atom."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A named number, or one element of a named tensor: `n`, `w[0, 2]`."""

    name: str
    index: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}[{', '.join(map(str, self.index))}]" if self.index else self.name


@dataclass(frozen=True, slots=True)
class Apply:
    """A function of polynomials that is not itself a polynomial."""

    function: str
    arguments: tuple[Polynomial, ...]

    def __str__(self) -> str:
        if self.function in INFIX:
            left, right = (str(a) if _is_atom(a) else f"({a})" for a in self.arguments)
            return f"{left} {INFIX[self.function]} {right}"
        return f"{self.function}({', '.join(map(str, self.arguments))})"


Atom = Symbol | Apply
Monomial = tuple[tuple[Atom, int], ...]
INFIX = {"power": "**", "floordiv": "//", "mod": "%", "divide": "/", "multiply": "*"}


def _order(item: tuple[Atom, int]) -> tuple[int, str, tuple[int, ...], int]:
    atom, exponent = item
    if isinstance(atom, Symbol):
        return 0, atom.name, atom.index, exponent
    return 1, str(atom), (), exponent


@dataclass(frozen=True)
class Polynomial:
    """A sum of monomials with number coefficients, in the order in which they first appeared.

    Equality and hash do not depend on that order.
    """

    terms: tuple[tuple[Monomial, Number], ...]

    @staticmethod
    def symbol(name: str, index: tuple[int, ...] = ()) -> Polynomial:
        """The polynomial that is one symbol."""
        return Polynomial(((((Symbol(name, index), 1),), 1),))

    @staticmethod
    def apply(function: str, *arguments: Value) -> Value:
        """`function` of `arguments`: a number where they are numbers, else an opaque atom."""
        polynomials = tuple(lift(a) for a in arguments)
        constants = [p.constant for p in polynomials]
        if all(c is not None for c in constants):
            return FUNCTIONS[function](*constants)
        if function == "divide" and (ratio := _ratio(*polynomials)) is not None:
            return ratio
        return Polynomial(((((Apply(function, polynomials), 1),), 1),))

    @cached_property
    def _canonical(self) -> frozenset[tuple[Monomial, Number]]:
        return frozenset(self.terms)

    @cached_property
    def _hash(self) -> int:
        return hash(self._canonical)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (int, float, complex)):
            return self.constant == other
        return isinstance(other, Polynomial) and self._canonical == other._canonical

    @property
    def constant(self) -> Number | None:
        """The number that this is, or None when it holds a symbol."""
        if not self.terms:
            return 0
        if len(self.terms) == 1 and not self.terms[0][0]:
            return self.terms[0][1]
        return None

    def symbols(self) -> Iterator[Symbol]:
        """The symbols in order of appearance, with repetitions."""
        for monomial, _ in self.terms:
            for atom, _ in monomial:
                if isinstance(atom, Symbol):
                    yield atom
                else:
                    for argument in atom.arguments:
                        yield from argument.symbols()

    def affine(self) -> tuple[dict[Symbol, Number], Number] | None:
        """Coefficients by symbol and the constant term, or None when this is not affine."""
        coefficients: dict[Symbol, Number] = {}
        offset: Number = 0
        for monomial, coefficient in self.terms:
            match monomial:
                case ():
                    offset = coefficient
                case ((Symbol() as symbol, 1),):
                    coefficients[symbol] = coefficient
                case _:
                    return None
        return coefficients, offset

    def __add__(self, other: Value) -> Value:
        if not isinstance(other, VALUES):
            return NotImplemented
        total = dict(self.terms)
        for monomial, coefficient in lift(other).terms:
            value = total.get(monomial, 0) + coefficient
            if value == 0:
                del total[monomial]
            else:
                total[monomial] = value
        return lower(total)

    def __mul__(self, other: Value) -> Value:
        if not isinstance(other, VALUES):
            return NotImplemented
        right = lift(other)
        if len(self.terms) * len(right.terms) > MAX_TERMS:
            return Polynomial.apply("multiply", self, right)
        total: dict[Monomial, Number] = {}
        for m1, c1 in self.terms:
            for m2, c2 in right.terms:
                product = _multiply(m1, m2)
                value = total.get(product, 0) + c1 * c2
                if value == 0:
                    total.pop(product, None)
                else:
                    total[product] = value
        return lower(total)

    def __neg__(self) -> Value:
        return self * -1

    def __radd__(self, other: Value) -> Value:
        if not isinstance(other, VALUES):
            return NotImplemented
        return lift(other) + self

    def __sub__(self, other: Value) -> Value:
        if not isinstance(other, VALUES):
            return NotImplemented
        return self + lift(other) * -1

    def __rsub__(self, other: Value) -> Value:
        return lift(other) + self * -1

    def __truediv__(self, other: Value) -> Value:
        divisor = lift(other).constant
        if divisor is None:
            return Polynomial.apply("divide", self, other)
        return Polynomial(
            tuple((monomial, _divide(coefficient, divisor)) for monomial, coefficient in self.terms)
        )

    def __rtruediv__(self, other: Value) -> Value:
        return lift(other) / self

    def __pow__(self, exponent: Value) -> Value:
        power = lift(exponent).constant
        small = isinstance(power, int) and 0 <= power <= MAX_EXPANDED_POWER
        if isinstance(power, int) and small and len(self.terms) ** power <= MAX_TERMS:
            result: Value = 1
            for _ in range(power):
                result = result * self
            return result
        return Polynomial.apply("power", self, exponent)

    def __rpow__(self, base: Value) -> Value:
        return Polynomial.apply("power", base, self)

    def __floordiv__(self, other: Value) -> Value:
        return Polynomial.apply("floordiv", self, other)

    def __rfloordiv__(self, other: Value) -> Value:
        return Polynomial.apply("floordiv", other, self)

    def __mod__(self, other: Value) -> Value:
        return Polynomial.apply("mod", self, other)

    def __rmod__(self, other: Value) -> Value:
        return Polynomial.apply("mod", other, self)

    __rmul__ = __mul__

    def substitute(self, values: Mapping[Symbol, Value]) -> Value:
        """This with numbers or polynomials in the place of symbols."""
        total: Value = 0
        for monomial, coefficient in self.terms:
            term: Value = coefficient
            for atom, exponent in monomial:
                if isinstance(atom, Symbol):
                    factor = values.get(atom, Polynomial(((((atom, 1),), 1),)))
                else:
                    arguments = [a.substitute(values) for a in atom.arguments]
                    factor = Polynomial.apply(atom.function, *arguments)
                term = term * factor**exponent
            total = total + term
        return total

    def _alone(self) -> Atom | None:
        """The atom that this is, if it is no more than that."""
        match self.terms:
            case ((((atom, 1),), 1),):
                return atom
        return None

    def __str__(self) -> str:
        if not self.terms:
            return "0"
        alone = self._alone()
        if alone is not None:
            return str(alone)
        text = ""
        for monomial, coefficient in self.terms:
            negative = not isinstance(coefficient, complex) and coefficient < 0
            factors = [_factor(atom, exponent) for atom, exponent in monomial]
            size = -coefficient if negative else coefficient
            if size != 1 or not factors:
                factors.insert(0, number_text(size))
            sign = ("-" if negative else "") if not text else (" - " if negative else " + ")
            text += sign + "*".join(factors)
        return text


Value = int | float | complex | Polynomial
"""A number, or a polynomial that is not a number."""

VALUES = (int, float, complex, Polynomial)
"""What polynomials add and multiply with; other types (operators) bring their own rules."""


def lift(value: Value) -> Polynomial:
    """`value` as a polynomial."""
    if isinstance(value, Polynomial):
        return value
    return Polynomial((((), value),) if value != 0 else ())


def lower(terms: dict[Monomial, Number]) -> Value:
    """The number that `terms` add up to, or their polynomial."""
    polynomial = Polynomial(tuple(terms.items()))
    constant = polynomial.constant
    return polynomial if constant is None else constant


def total(values: Iterable[Value]) -> Value:
    """The sum of many values, at a cost that grows linearly with them."""
    terms: dict[Monomial, Number] = {}
    for value in values:
        for monomial, coefficient in lift(value).terms:
            terms[monomial] = terms.get(monomial, 0) + coefficient
    return lower({monomial: coefficient for monomial, coefficient in terms.items() if coefficient})


def number_text(value: Number) -> str:
    """`value` as source text, with simple multiples of pi written as such."""
    if isinstance(value, complex):
        return repr(value)
    if isinstance(value, float) and value and math.isfinite(value):
        for denominator in (1, 2, 3, 4, 6, 8, 16, 32):
            numerator = value * denominator / math.pi
            if 1 <= abs(numerator) <= 16 and numerator == round(numerator):
                if round(numerator) * math.pi / denominator == value:
                    return _pi_text(round(numerator), denominator)
    return repr(value)


def _pi_text(numerator: int, denominator: int) -> str:
    head = {1: "pi", -1: "-pi"}.get(numerator, f"{numerator}*pi")
    return head if denominator == 1 else f"{head}/{denominator}"


def _factor(atom: Atom, exponent: int) -> str:
    text = str(atom)
    if isinstance(atom, Apply) and atom.function in INFIX:
        text = f"({text})"
    return text if exponent == 1 else f"{text}**{exponent}"


def _is_atom(value: Polynomial) -> bool:
    """Whether `value` is written as one symbol, one call or one number without a sign."""
    if value.constant is not None:
        return str(value).replace(".", "").isalnum()
    atom = value._alone()
    return isinstance(atom, Symbol) or (isinstance(atom, Apply) and atom.function not in INFIX)


def _multiply(left: Monomial, right: Monomial) -> Monomial:
    if not left:
        return right
    if not right:
        return left
    powers = dict(left)
    for atom, exponent in right:
        powers[atom] = powers.get(atom, 0) + exponent
    return tuple(sorted(powers.items(), key=_order))


def _ratio(left: Polynomial, right: Polynomial) -> Number | None:
    """The number that `left` is times `right`, as `0.3*t` is 0.3 times `t`; None where none is.

    So a schedule that goes by the part of the time that has passed has a value at time 0, too.
    """
    below = dict(right._canonical)
    if not left.terms or {m for m, _ in left.terms} != set(below):
        return None
    ratios = {_divide(coefficient, below[monomial]) for monomial, coefficient in left.terms}
    return ratios.pop() if len(ratios) == 1 else None


def _divide(left: Number, right: Number) -> Number:
    if isinstance(left, int) and isinstance(right, int) and left % right == 0:
        return left // right
    return left / right


def _real(function: Callable[[float], float]) -> Callable[..., Number]:
    def evaluate(value: Number) -> Number:
        if isinstance(value, complex):
            return complex(getattr(cmath, function.__name__)(value))
        return function(value)

    return evaluate


FUNCTIONS: dict[str, Callable[..., Number]] = {
    "power": lambda a, b: a**b,
    "divide": _divide,
    "multiply": lambda a, b: a * b,
    "floordiv": lambda a, b: a // b,
    "mod": lambda a, b: a % b,
    **{
        f.__name__: _real(f)
        for f in (
            math.sin,
            math.cos,
            math.tan,
            math.asin,
            math.acos,
            math.atan,
            math.sinh,
            math.cosh,
            math.tanh,
            math.exp,
            math.log,
            math.sqrt,
        )
    },
    "abs": abs,
    "sign": lambda a: math.copysign(1, a) if a else 0,
    "floor": math.floor,
    "ceil": math.ceil,
    "round": round,
    "minimum": min,
    "maximum": max,
    "atan2": math.atan2,
    "sigmoid": lambda a: 1 / (1 + math.exp(-a)),
    "relu": lambda a: max(a, 0),
}
"""What an `Apply` may hold, and how numbers go through it."""
