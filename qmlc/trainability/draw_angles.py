"""A circuit as a function of its inputs and parameters alike, and numbers to draw for these."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from qmlc.ir.circuit import Circuit, Distribution, Result, Variable
from qmlc.runtime.circuit_module import CircuitModule
from qmlc.runtime.initialise import initialise

CIRCLE = 2 * math.pi
FEWEST = 32
"""Draws of which variances are still taken."""


def open_circuit(circuit: Circuit, *results: Result) -> CircuitModule:
    """A module, in float64, whose further inputs are the parameters of `circuit`.

    So each example of a batch has parameters of its own. `results` stand in the place of its own.
    """
    opened = tuple(replace(v, distribution=None) for v in circuit.parameters)
    inputs = tuple(replace(v, default=None) for v in circuit.inputs)
    free = replace(
        circuit,
        inputs=(*inputs, *opened),
        parameters=(),
        results=results or circuit.results,
    )
    return CircuitModule.from_circuit(free).double()


def whole_state(circuit: Circuit) -> Result:
    """The amplitudes of all qubits."""
    return Result("state", qubits=tuple(range(circuit.num_qubits)))


def affordable(samples: int, qubits: int, amplitudes: int) -> int:
    """So many samples, or fewer, that their states have at most so many `amplitudes` together.

    ValueError where too few are left.
    """
    fewer = min(samples, amplitudes >> qubits)
    if fewer < min(samples, FEWEST):
        raise ValueError(f"states of {qubits} qubits are too large for a sample of them")
    return fewer


def draw_circle(variables: Sequence[Variable], *leading: int) -> list[Tensor]:
    """Numbers all around the circle for each variable, `[*leading, *shape]`."""
    return [CIRCLE * torch.rand(*leading, *v.shape, dtype=torch.float64) for v in variables]


def draw_start(variables: Sequence[Variable], count: int) -> list[Tensor]:
    """Numbers as the program starts its parameters, `[count, *shape]` for each."""
    return [torch.stack([_start(v) for _ in range(count)]) for v in variables]


def _start(variable: Variable) -> Tensor:
    start = variable.distribution or Distribution("zeros")
    tensor = torch.empty(variable.shape, dtype=torch.float64)
    return initialise(tensor, start.name, *start.arguments)


def starts_anywhere(variable: Variable) -> bool:
    """Whether a parameter starts all around the circle."""
    match variable.distribution:
        case Distribution("uniform", (low, high)):
            return math.isclose(high - low, CIRCLE)
    return False
