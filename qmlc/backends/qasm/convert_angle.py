"""Angles of the IR as Qiskit's `ParameterExpression`s."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

from qiskit.circuit import Parameter, ParameterExpression

from qmlc.backends.qasm.bind_circuit import real_number
from qmlc.backends.qasm.scalar_names import ARITHMETIC, ScalarNames
from qmlc.types.polynomial import Apply, Atom, Polynomial, Value

Angle: TypeAlias = float | ParameterExpression
NAMESPACE = uuid.UUID("6d1c5f0a-3f0e-5b36-9a57-0c6f5e8f2a11")
"""Makes parameters of one name equal wherever they were made, and circuits reproducible."""

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "divide": lambda a, b: a / b,
    "multiply": lambda a, b: a * b,
    "power": lambda a, b: a**b,
    **{name: lambda a, name=name: _call(a, name) for name in ("sin", "cos", "tan", "exp", "log")},
    "asin": lambda a: a.arcsin(),
    "acos": lambda a: a.arccos(),
    "atan": lambda a: a.arctan(),
    "abs": lambda a: a.abs(),
    "sign": lambda a: a.sign(),
    "sqrt": lambda a: a**0.5,
    "sinh": lambda a: (a.exp() - (-a).exp()) / 2,
    "cosh": lambda a: ((2 * a).exp() + 1) / (2 * a.exp()),
    # with |a| the exponential cannot overflow
    "tanh": lambda a: a.sign() * (1 - 2 / (1 + (2 * a.abs()).exp())),
    "sigmoid": lambda a: 1 / (1 + (-a).exp()),
    "relu": lambda a: (a + a.abs()) / 2,
    "minimum": lambda a, b: (a + b - abs(a - b)) / 2,
    "maximum": lambda a, b: (a + b + abs(a - b)) / 2,
}
"""What a `ParameterExpression` can say of the functions in `types.polynomial`."""


def is_arithmetic(apply: Apply) -> bool:
    """Whether OpenQASM 3 readers take this between inputs."""
    return apply.function in ARITHMETIC


def is_expressible(apply: Apply) -> bool:
    """Whether a `ParameterExpression` can hold this."""
    if apply.function == "power":
        # Qiskit raises to numbers only, and x**-1 is a division
        return apply.arguments[1].constant is not None
    return apply.function in FUNCTIONS


@cache
def qiskit_parameter(name: str) -> Parameter:
    """The parameter `name`, equal to every other one of that name made here."""
    return Parameter(name, uuid=uuid.uuid5(NAMESPACE, name))


def convert_angle(value: Value, names: ScalarNames) -> Angle:
    """`value` as a float where it is a number, else as an expression over the scalars `names`."""
    if not isinstance(value, Polynomial):
        return real_number(value)
    if value.constant is not None:
        return real_number(value.constant)
    total: Any = None
    for monomial, coefficient in value.terms:
        term: Any = None
        for atom, exponent in monomial:
            factor = _atom(atom, names)
            for _ in range(exponent):
                term = factor if term is None else term * factor
        number = real_number(coefficient)
        if term is None:
            term = number
        elif number != 1:
            term = number * term
        total = term if total is None else total + term
    result: Angle = total
    return result


def _atom(atom: Atom, names: ScalarNames) -> Any:
    if atom in names:
        return qiskit_parameter(names[atom])
    assert isinstance(atom, Apply), f"no name for {atom}"
    return FUNCTIONS[atom.function](*(convert_angle(a, names) for a in atom.arguments))


def _call(value: Any, name: str) -> Any:
    return getattr(value, name)()
