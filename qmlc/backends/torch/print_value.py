"""Prints compile-time values as Python: numbers, polynomials, operators, strings, lists."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from qmlc.backends.torch.identifiers import BUILTINS
from qmlc.ir.array import Array
from qmlc.ir.circuit import Distribution
from qmlc.ir.operator import Operator, PauliString, pauli_label
from qmlc.ops.fill_template import write_tuple
from qmlc.ops.tunings import Frozen, Full, Last, Lora
from qmlc.types.polynomial import (
    FUNCTIONS,
    INFIX,
    Apply,
    Atom,
    Monomial,
    Number,
    Polynomial,
    Symbol,
    Value,
    lift,
    number_text,
)

MAX_SUM = 8
"""An operator with more terms is printed as a table of labels, like Qiskit's SparsePauliOp."""

PrintSymbol = Callable[[Symbol], str]
PrintQubit = Callable[[int], str]


def any_symbol(symbol: Symbol) -> str:
    """A symbol that no variable of the program stands for."""
    index = f", {symbol.index!r}" if symbol.index else ""
    return f"Polynomial.symbol({symbol.name!r}{index})"


def print_number(value: Number) -> str:
    """`value` as an expression that evaluates to exactly it."""
    if isinstance(value, complex):
        if value.imag == 0:
            return print_number(value.real)
        return repr(complex(0, value.imag)) if value.real == 0 else repr(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return number_text(value)


def print_polynomial(value: Value, symbol: PrintSymbol = any_symbol) -> str:
    """An expression over the symbols' names that rebuilds `value`, terms in the same order."""
    terms = lift(value).terms
    if not terms:
        return "0"
    text = ""
    for monomial, coefficient in terms:
        sign, size = _sign(coefficient)
        term = _product(monomial, size, symbol)
        text += (f" {sign or '+'} " if text else sign) + term
    return text


def _sign(coefficient: Number) -> tuple[str, Number]:
    if not isinstance(coefficient, complex) and coefficient < 0:
        return "-", -coefficient
    return "", coefficient


def _product(monomial: Monomial, size: Number, symbol: PrintSymbol) -> str:
    factors = [_factor(atom, exponent, symbol) for atom, exponent in monomial]
    if size != 1 or not factors:
        factors.insert(0, print_number(size))
    return " * ".join(factors)


def _factor(atom: Atom, exponent: int, symbol: PrintSymbol) -> str:
    if isinstance(atom, Symbol):
        text = symbol(atom)
    else:
        infix = _print_infix(atom, symbol)
        arguments = ", ".join(print_polynomial(a, symbol) for a in atom.arguments)
        # Python's own `abs` and `round` are not ours: they would fail on polynomials
        call = (
            f"Polynomial.apply({atom.function!r}, "
            if atom.function in BUILTINS
            else (f"{atom.function}(")
        )
        text = f"({infix})" if infix else f"{call}{arguments})"
    return text if exponent == 1 else f"{text}**{exponent}"


def _print_infix(atom: Apply, symbol: PrintSymbol) -> str:
    """`x // 2` where Python's operator makes this very atom, else an empty text."""
    if atom.function not in INFIX:
        return ""
    left, right = atom.arguments
    try:
        made = FUNCTIONS[atom.function](left, right)
    except ArithmeticError:
        return ""
    if made != Polynomial(((((atom, 1),), 1),)):
        return ""
    operands = [print_polynomial(a, symbol) for a in (left, right)]
    return f" {INFIX[atom.function]} ".join(
        text if text.isidentifier() or text.isdigit() else f"({text})" for text in operands
    )


def print_operator(
    operator: Operator, qubit: PrintQubit = str, symbol: PrintSymbol = any_symbol
) -> str:
    """An expression that rebuilds `operator`, `qubit` naming its qubits."""
    if operator.simplified() != operator or not operator.terms:
        terms = ", ".join(
            f"({string!r}, {print_polynomial(c, symbol)})" for string, c in operator.terms
        )
        return f"Operator(({terms},))" if terms else "Operator(())"
    if len(operator.terms) > MAX_SUM:
        return _print_labels(operator, symbol)
    text = ""
    for string, coefficient in operator.terms:
        sign, term = _print_term(string, coefficient, qubit, symbol)
        text += (f" {sign or '+'} " if text else sign) + term
    return text


def _print_term(
    string: PauliString, coefficient: Value, qubit: PrintQubit, symbol: PrintSymbol
) -> tuple[str, str]:
    factors = [f"{letter}({qubit(q)})" for q, letter in string] or [f"I({qubit(0)})"]
    terms = lift(coefficient).terms
    if len(terms) > 1:
        return "", " * ".join([f"({print_polynomial(coefficient, symbol)})", *factors])
    monomial, number = terms[0]
    sign, size = _sign(number)
    if monomial or size != 1:
        factors.insert(0, _product(monomial, size, symbol))
    return sign, " * ".join(factors)


def _print_labels(operator: Operator, symbol: PrintSymbol) -> str:
    width = max(operator.qubits, default=0) + 1
    rows = []
    for string, coefficient in operator.terms:
        label = pauli_label(string, width)
        rows.append(f'("{label}", {print_polynomial(coefficient, symbol)})')
    return f"Operator.from_labels([{', '.join(rows)}])"


def print_value(value: Any) -> str:
    """A setting of a constructor as Python; TypeError for what no setting can be."""
    match value:
        case None | bool() | str() | Frozen() | Full() | Last() | Lora():
            return repr(value)
        case int() | float() | complex():
            return print_number(value)
        case Polynomial():
            return print_polynomial(value)
        case Operator():
            return print_operator(value)
        case Array():
            return f"Array({value.shape!r}, {print_value(value.items)})"
        case Distribution():
            return print_distribution(value)
        case list():
            return f"[{', '.join(map(print_value, value))}]"
        case tuple():
            return write_tuple(map(print_value, value))
        case dict():
            items = (f"{print_value(k)}: {print_value(v)}" for k, v in value.items())
            return f"{{{', '.join(items)}}}"
    raise TypeError(f"a setting cannot be a {type(value).__name__}")


def print_distribution(value: Distribution) -> str:
    """`Distribution("uniform", (0.0, 2 * pi))`."""
    arguments = f", {print_value(tuple(value.arguments))}" if value.arguments else ""
    return f"Distribution({value.name!r}{arguments})"


def symbols_of(value: Any) -> Iterator[Symbol]:
    """The symbols in a setting: a size, a list of them, or a slice."""
    if isinstance(value, Polynomial):
        yield from value.symbols()
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from symbols_of(item)
    elif type(value).__name__ != "str" and hasattr(value, "stop"):
        yield from symbols_of((value.start, value.stop, value.step))
