"""How great the gradients of a circuit are, over random parameters."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from qmlc.ir.circuit import Circuit, Variable
from qmlc.ir.operator import Operator
from qmlc.runtime.circuit_module import CircuitModule
from qmlc.trainability.draw_angles import (
    affordable,
    draw_circle,
    draw_start,
    open_circuit,
    starts_anywhere,
)
from qmlc.types.polynomial import lift

MAX_NUMBERS = 8
"""Of what a circuit returns, so many numbers at most are differentiated, spread evenly."""
MOST_AMPLITUDES = 2**23
"""Of the states of all samples together."""
MAX_ROWS = 16
"""A parameter with more rows than these is told as one."""

WORDS = {"counts": "counts", "sample": "samples", "state": "a state"}
"""What has no gradient to be measured."""


@dataclass(frozen=True)
class Gradient:
    """What is known of the derivatives of what a circuit returns by a row of a parameter.

    Both figures are means over the numbers of the row and over the numbers that are returned.
    """

    name: str
    variance: float
    """Over parameters all around the circle: McClean et al., "Barren plateaus in quantum neural
    network training landscapes", Nature Communications 9, 4812 (2018)."""
    start: float
    """The mean square over parameters as the program starts them."""


def measure_gradients(circuit: Circuit, samples: int) -> tuple[Gradient, ...]:
    """The gradients by each row of each parameter, then by `all` of them; none without any.

    Inputs are drawn all around the circle. ValueError for results that have no gradient, and
    for too many qubits.
    """
    parameters = circuit.parameters
    if not parameters:
        return ()
    for result in circuit.results:
        if result.kind in ("counts", "sample", "state"):
            raise ValueError(f"it returns {WORDS[result.kind]}")
    samples = affordable(samples, circuit.num_qubits, MOST_AMPLITUDES)
    module = open_circuit(circuit)
    inputs = draw_circle(circuit.inputs, samples)
    around = _derivatives(module, inputs, draw_circle(parameters, samples))
    variances = [found.var(dim=1).mean(0) for found in around]
    squares = variances
    if not all(map(starts_anywhere, parameters)):
        start = _derivatives(module, inputs, draw_start(parameters, samples))
        squares = [found.square().mean(dim=(0, 1)) for found in start]
    rows = [
        Gradient(name, float(variance.mean()), float(square.mean()))
        for variable, both in zip(parameters, zip(variances, squares, strict=True), strict=True)
        for name, variance, square in _rows(variable, *both)
    ]
    return (*rows, Gradient("all", _mean(variances), _mean(squares)))


def _mean(values: Sequence[Tensor]) -> float:
    """The mean of all numbers of all tensors."""
    return float(torch.cat([value.flatten() for value in values]).mean())


def _derivatives(
    module: CircuitModule, inputs: Sequence[Tensor], parameters: Sequence[Tensor]
) -> list[Tensor]:
    """The derivatives by each parameter, `[numbers, samples, *shape]`."""
    leaves = [parameter.requires_grad_() for parameter in parameters]
    found = module(*inputs, *leaves)
    parts = (found,) if isinstance(found, Tensor) else found
    flat = torch.cat([part.reshape(len(leaves[0]), -1) for part in parts], dim=1)
    step = math.ceil(flat.shape[1] / MAX_NUMBERS)
    by_number = [
        torch.autograd.grad(column.sum(), leaves, retain_graph=True, materialize_grads=True)
        for column in flat.T[::step]
    ]
    return [torch.stack(gradients) for gradients in zip(*by_number, strict=True)]


def _rows(variable: Variable, *values: Tensor) -> Iterator[tuple[str, Tensor, Tensor]]:
    """The values by the first dimension of a parameter, which is often that of layers."""
    first, second = values
    if 1 < sum(variable.shape[:1]) <= MAX_ROWS:
        for i in range(variable.shape[0]):
            yield f"{variable.name}[{i}]", first[i], second[i]
    else:
        yield variable.name, first, second


def random_variance(circuit: Circuit) -> float | None:
    """The variance in a circuit that is random before and behind a gate; None where none is known.

    For a Pauli rotation in the middle of two unitary 2-designs, and expectation values of Pauli
    strings, it is N**2 / 2(N + 1)(N**2 - 1) in N = 2**n dimensions, by the integrals of McClean et
    al. (2018). So each parameter is to stand in one gate.
    """
    uses = Counter(
        symbol
        for instruction in circuit.instructions
        for angle in instruction.angles
        for symbol in lift(angle).symbols()
        if any(symbol.name == variable.name for variable in circuit.parameters)
    )
    operators = [operator for result in circuit.results for operator in result.operators]
    plain = all(result.kind == "expval" for result in circuit.results)
    if not plain or max(uses.values(), default=2) > 1 or not all(map(_is_string, operators)):
        return None
    size = 2.0**circuit.num_qubits
    return size**2 / (2 * (size + 1) * (size**2 - 1))


def _is_string(operator: Operator) -> bool:
    """Whether an operator is a Pauli string, or minus one."""
    match operator.terms:
        case (((_, *_), 1 | -1),):
            return True
    return False
