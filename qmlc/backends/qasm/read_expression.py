"""Qiskit's parameters as variables, and its `ParameterExpression`s as polynomials."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any

from qiskit.circuit import Parameter, ParameterExpression, ParameterVector
from qiskit.circuit.parametervector import ParameterVectorElement

from qmlc.backends.qasm.errors import NotReadable
from qmlc.ir.circuit import Distribution, Variable
from qmlc.source.nearest import propose_nearest
from qmlc.types.polynomial import Polynomial, Value

START = Distribution("uniform", (-3.141592653589793, 3.141592653589793))
"""How parameters start: Qiskit's have no start of their own."""

FUNCTIONS = {
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "asin": "asin",
    "acos": "acos",
    "atan": "atan",
    "exp": "exp",
    "log": "log",
    "Abs": "abs",
    "sign": "sign",
}
"""The functions of `types.polynomial` by their names in sympy."""


class Scalars:
    """The variables that Qiskit's parameters become: a vector of them is one array."""

    def __init__(self, parameters: Iterable[Parameter]) -> None:
        self.variables: dict[str, Variable] = {}
        """By Qiskit's names, in order."""
        self._values: dict[str, Polynomial] = {}
        self._sources: dict[str, str] = {}
        """For each parameter its variable, by Qiskit's names."""
        taken: set[str] = set()
        for parameter in parameters:
            vector = parameter.vector if isinstance(parameter, ParameterVectorElement) else None
            source = parameter.name if vector is None else vector.name
            if source not in self.variables:
                shape = () if vector is None else (len(vector),)
                self.variables[source] = Variable(identifier(source, taken), shape)
            index = () if vector is None else (parameter.index,)
            value = Polynomial.symbol(self.variables[source].name, index)
            self._values[parameter.name] = value
            self._sources[parameter.name] = source

    def divide(self, inputs: Any) -> tuple[tuple[Variable, ...], tuple[Variable, ...]]:
        """The inputs, in the order of `inputs`, and the rest.

        `inputs` are one or several names, parameters, vectors, or elements of them: all those of a
        vector that there are.
        """
        several = [inputs] if isinstance(inputs, str | Parameter) else inputs
        given = [i.name if isinstance(i, Parameter | ParameterVector) else i for i in several]
        chosen = [self._sources.get(name, name) for name in given]
        for name in chosen:
            if name not in self.variables:
                proposal = propose_nearest(str(name), list(self.variables))
                raise NotReadable(f"the circuit has no parameter `{name}` to be an input", proposal)
        for element, source in self._sources.items():
            if source in chosen and source not in given and element not in given:
                what = f"`{source}` is one array, and `{element}` of it is not among the inputs"
                raise NotReadable(what, f"name `{source}`, or all its elements")
        rest = [v for name, v in self.variables.items() if name not in chosen]
        return (
            tuple(self.variables[name] for name in dict.fromkeys(chosen)),
            tuple(Variable(v.name, v.shape, START) for v in rest),
        )

    def read(self, value: Any) -> Value:
        """A number or an expression of Qiskit's; NotReadable for a function that we lack."""
        if not isinstance(value, ParameterExpression):
            return plain_number(value)
        if isinstance(value, Parameter):
            return self._values[value.name]
        if not value.parameters:
            return plain_number(value.numeric())
        return self._convert(value.sympify())

    def _convert(self, node: Any) -> Value:
        if node.is_Symbol:
            return self._values[node.name]
        if node.is_number:
            return int(node) if node.is_Integer else plain_number(complex(node))
        operands = [self._convert(argument) for argument in node.args]
        if node.is_Pow and operands[1] == -1:
            return 1 / operands[0]
        if node.is_Add or node.is_Mul or node.is_Pow:
            return reduce(OPERATIONS[type(node).__name__], operands)
        name = type(node).__name__
        if name == "conjugate":
            return operands[0]
        if name not in FUNCTIONS:
            raise NotReadable(f"there is no function `{name}` for angles", "bind its parameters")
        return Polynomial.apply(FUNCTIONS[name], *operands)


OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "Add": lambda a, b: a + b,
    "Mul": lambda a, b: a * b,
    "Pow": lambda a, b: a**b,
}
"""Arithmetic by its names in sympy."""


def plain_number(value: Any) -> int | float | complex:
    """A number of Python; one without an imaginary part is real."""
    if isinstance(value, int):
        return int(value)
    number = complex(value)
    return number if number.imag else number.real


def identifier(name: str, taken: set[str]) -> str:
    """`name` as an identifier that is not in `taken` yet; it is added there."""
    text = re.sub(r"\W+", "_", re.sub(r"[$\\{}]|\W+$", "", name)) or "p"
    text = f"_{text}" if text[0].isdigit() else text
    while text in taken or keyword.iskeyword(text):
        text += "_"
    taken.add(text)
    return text
