"""Put numbers in the place of a circuit's inputs and parameters."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from qmlc.ir.circuit import Circuit, Instruction, Variable
from qmlc.ir.operator import Operator
from qmlc.source.nearest import nearest
from qmlc.types.polynomial import Polynomial, Symbol, Value

Numbers = Mapping[Symbol, Value]


def bind_circuit(circuit: Circuit, values: Mapping[str, Any] | None) -> Circuit:
    """`circuit` with numbers for the inputs and parameters named in `values`; others stay free.

    A value is a number, a nested list, or anything with `tolist` (numpy, torch), of the declared
    shape. ValueError for an unknown name, another shape, or an angle that has no value.
    """
    if not values:
        return circuit
    numbers = circuit_numbers(circuit, values)
    return replace(
        circuit,
        instructions=tuple(_bind(i, numbers) for i in circuit.instructions),
        results=tuple(
            replace(r, operators=tuple(bind_operator(o, numbers) for o in r.operators))
            for r in circuit.results
        ),
    )


def circuit_numbers(circuit: Circuit, values: Mapping[str, Any]) -> dict[Symbol, float]:
    """The number of each symbol that `values` gives; ValueError as in `bind_circuit`."""
    variables = {v.name: v for v in (*circuit.inputs, *circuit.parameters)}
    numbers: dict[Symbol, float] = {}
    for name, value in values.items():
        if name not in variables:
            near = nearest(name, variables)
            hint = f"; did you mean `{near}`?" if near else ""
            raise ValueError(f"`{circuit.name}` has no input or parameter `{name}`{hint}")
        elements = list(_flatten(value, variables[name].shape, name))
        numbers.update(zip(variable_symbols(variables[name]), elements, strict=True))
    return numbers


def variable_symbols(variable: Variable) -> Iterator[Symbol]:
    """The symbols of an input or parameter, in row-major order."""
    for index in itertools.product(*map(range, variable.shape)):
        yield Symbol(variable.name, index)


def bind_value(value: Value, numbers: Numbers) -> Value:
    """`value` with numbers for symbols; ValueError where a function has no value there."""
    if not isinstance(value, Polynomial):
        return value
    try:
        bound = value.substitute(numbers)
    except (ValueError, ArithmeticError) as error:
        raise ValueError(f"`{value}` has no value for these numbers: {error}") from error
    return bound


def bind_operator(operator: Operator, numbers: Numbers) -> Operator:
    """`operator` with numbers for the symbols in its coefficients."""
    return Operator(tuple((s, bind_value(c, numbers)) for s, c in operator.terms))


def real_number(value: Value) -> float:
    """A number as a float; ValueError where it is not real and finite."""
    number = complex(value)  # type: ignore[arg-type]
    if number.imag or not math.isfinite(number.real):
        raise ValueError(f"an angle must be a real number, and this is {value}")
    return number.real


def _bind(instruction: Instruction, numbers: Numbers) -> Instruction:
    payload = instruction.payload
    if isinstance(payload, Operator):
        payload = bind_operator(payload, numbers)
    angles = tuple(bind_value(a, numbers) for a in instruction.angles)
    return replace(instruction, angles=angles, payload=payload)


def _flatten(value: Any, shape: tuple[int, ...], name: str) -> Iterator[float]:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if not shape:
        if isinstance(value, list | tuple):
            raise ValueError(f"`{name}` has another shape: a list stands where a number should")
        yield float(value)
        return
    if not isinstance(value, list | tuple) or len(value) != shape[0]:
        size = f"{len(value)} elements" if isinstance(value, list | tuple) else "a number"
        raise ValueError(f"`{name}` has another shape: {size} where {shape[0]} should be")
    for element in value:
        yield from _flatten(element, shape[1:], name)
