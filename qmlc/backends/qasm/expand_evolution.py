"""An exact evolution in the gates of a device: a rotation for each term, where all commute."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

from qmlc.backends.qasm.errors import NeedsMethod
from qmlc.ir.circuit import Instruction
from qmlc.ir.operator import Operator, commute
from qmlc.types.polynomial import lift


def expand_evolution(instruction: Instruction) -> Iterator[Instruction]:
    """The Pauli rotations of an `evolve`; NeedsMethod where its terms do not commute."""
    operator = instruction.payload
    assert isinstance(operator, Operator)
    if not all(commute(a, b) for (a, _), (b, _) in combinations(operator.terms, 2)):
        raise NeedsMethod(operator)
    controls = instruction.qubits[: len(instruction.controls)]
    for string, coefficient in operator.terms:
        targets = tuple(instruction.targets[position] for position, _ in string)
        angle = lift(coefficient) * instruction.angles[0] * 2
        letters = "".join(letter for _, letter in string)
        step = replace(instruction, name="rotation", angles=(angle,), payload=letters)
        yield replace(step, qubits=controls + targets)
