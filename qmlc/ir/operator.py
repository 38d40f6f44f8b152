"""Operators as sums of Pauli strings with polynomial coefficients, in the order of the text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from qmlc.types.polynomial import Number, Polynomial, Symbol, Value, lift

PauliString = tuple[tuple[int, str], ...]
"""(qubit, letter) pairs, ascending qubits, without identities; () is the identity."""

_PRODUCTS: dict[tuple[str, str], tuple[Number, str]] = {
    ("X", "Y"): (1j, "Z"), ("Y", "Z"): (1j, "X"), ("Z", "X"): (1j, "Y"),
    ("Y", "X"): (-1j, "Z"), ("Z", "Y"): (-1j, "X"), ("X", "Z"): (-1j, "Y"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Operator:
    """A sum of Pauli strings; `terms` keeps the order in which the strings first appeared."""

    terms: tuple[tuple[PauliString, Value], ...]

    @staticmethod
    def pauli(letter: str, qubit: int) -> Operator:
        """One Pauli matrix (or the identity) on one qubit."""
        return Operator(((((qubit, letter),) if letter != "I" else (), 1),))

    @staticmethod
    def from_labels(terms: Iterable[tuple[str, Value]]) -> Operator:
        """The sum of labelled Pauli strings; the last letter is on qubit 0, as in Qiskit."""
        return _collect([(_string(label), coefficient) for label, coefficient in terms])

    def __add__(self, other: Operator | Value) -> Operator:
        return _collect([*self.terms, *lift_operator(other).terms])

    def __radd__(self, other: Value) -> Operator:
        return lift_operator(other) + self

    def __mul__(self, other: Operator | Value) -> Operator:
        if not isinstance(other, Operator):
            return _collect([(string, coefficient * other) for string, coefficient in self.terms])
        products = []
        for left, a in self.terms:
            for right, b in other.terms:
                phase, string = multiply_strings(left, right)
                products.append((string, a * b * phase))
        return _collect(products)

    def __rmul__(self, other: Value) -> Operator:
        return self * other

    def __neg__(self) -> Operator:
        return self * -1

    def __sub__(self, other: Operator | Value) -> Operator:
        return self + lift_operator(other) * -1

    def __rsub__(self, other: Value) -> Operator:
        return lift_operator(other) + self * -1

    def __truediv__(self, other: Value) -> Operator:
        return Operator(tuple((string, lift(c) / other) for string, c in self.terms)).simplified()

    def __pow__(self, exponent: int) -> Operator:
        result = lift_operator(1)
        for _ in range(exponent):
            result = result * self
        return result

    def symbols(self) -> Iterator[Symbol]:
        """The symbols in the coefficients, with repetitions."""
        for _, coefficient in self.terms:
            yield from lift(coefficient).symbols()

    def simplified(self) -> Operator:
        """This with polynomials that are numbers written as numbers, and no zero terms."""
        return _collect(list(self.terms))

    @property
    def qubits(self) -> tuple[int, ...]:
        """The qubits acted on, ascending."""
        return tuple(sorted({qubit for string, _ in self.terms for qubit, _ in string}))

    @property
    def hermitian(self) -> bool:
        """Whether every coefficient is real."""
        return not any(
            isinstance(number, complex) and number.imag
            for _, coefficient in self.terms
            for _, number in lift(coefficient).terms
        )

    def squared(self) -> Operator:
        """This times itself, without what cancels: rounding would leave something of it."""
        terms: list[tuple[PauliString, Value]] = []
        for number, (left, one) in enumerate(self.terms):
            terms.append(((), one * one))
            for right, other in self.terms[number + 1 :]:
                if commute(left, right):
                    phase, string = multiply_strings(left, right)
                    terms.append((string, one * other * (2 * phase)))
        return _collect(terms)

    def place(self, qubits: Mapping[int, int] | tuple[int, ...]) -> Operator:
        """This with qubit i renamed to `qubits[i]`."""
        return Operator(
            tuple(
                (tuple(sorted((qubits[q], letter) for q, letter in string)), coefficient)
                for string, coefficient in self.terms
            )
        )

    def __str__(self) -> str:
        texts = []
        for string, coefficient in self.terms:
            factors = [f"{letter}({qubit})" for qubit, letter in string]
            if coefficient != 1 or not factors:
                text = str(coefficient)
                sums = isinstance(coefficient, Polynomial) and len(coefficient.terms) > 1
                factors.insert(0, f"({text})" if sums else text)
            texts.append("*".join(factors))
        return " + ".join(texts).replace("+ -", "- ") or "0"


def pauli_label(string: PauliString, num_qubits: int) -> str:
    """A letter for each qubit, that of qubit 0 last, as in Qiskit."""
    letters = dict(string)
    return "".join(letters.get(q, "I") for q in reversed(range(num_qubits)))


def lift_operator(value: Operator | Value) -> Operator:
    """A number as that multiple of the identity; an operator as itself."""
    if isinstance(value, Operator):
        return value
    return Operator((((), value),) if value != 0 else ())


def multiply_strings(left: PauliString, right: PauliString) -> tuple[Number, PauliString]:
    """(phase, string) of the product of two Pauli strings."""
    phase: Number = 1
    letters = dict(left)
    for qubit, letter in right:
        present = letters.get(qubit)
        if present is None:
            letters[qubit] = letter
        elif present == letter:
            del letters[qubit]
        else:
            factor, letters[qubit] = _PRODUCTS[present, letter]
            phase = _real(phase * factor)
    return phase, tuple(sorted(letters.items()))


def commute(left: PauliString, right: PauliString) -> bool:
    """Whether two Pauli strings commute."""
    letters = dict(left)
    return sum(letters.get(q, letter) != letter for q, letter in right) % 2 == 0


def _string(label: str) -> PauliString:
    return tuple((q, letter) for q, letter in enumerate(reversed(label)) if letter != "I")


def _collect(terms: list[tuple[PauliString, Value]]) -> Operator:
    total: dict[PauliString, Value] = {}
    for string, coefficient in terms:
        total[string] = total.get(string, 0) + coefficient
    return Operator(
        tuple((s, _tidy(coefficient)) for s, coefficient in total.items() if coefficient != 0)
    )


def _tidy(value: Value) -> Value:
    if isinstance(value, Polynomial):
        return Polynomial(tuple((m, _real(c)) for m, c in value.terms))
    return _real(value)


def _real(value: Number) -> Number:
    if isinstance(value, complex) and value.imag == 0:
        return int(value.real) if value.real == int(value.real) else value.real
    return value
