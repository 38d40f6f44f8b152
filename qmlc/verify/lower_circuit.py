"""A circuit of the IR with numbers for all symbols, as steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np

from qmlc.ir.circuit import Circuit, Instruction
from qmlc.ir.dense import target_matrix
from qmlc.ir.operator import Operator, commute
from qmlc.ops.gates import GATES
from qmlc.ops.matrices import ComplexMatrix
from qmlc.types.polynomial import Value, lift
from qmlc.verify.lower_calls import lower_row
from qmlc.verify.steps import Branch, Gate, Measure, Reset, Rotation, Step, Steps

NOTHING = frozenset({"barrier", "delay"})
"""What does nothing to a state, without noise."""


def lower_circuit(circuit: Circuit) -> Steps:
    """What a bound circuit does; a global phase is left out, as no one can see it.

    ValueError where an angle is no number.
    """
    return tuple(step for i in circuit.instructions for step in _lower(i))


def _lower(instruction: Instruction) -> Iterator[Step]:
    condition = instruction.condition
    if condition is not None:
        then = tuple(_lower(replace(instruction, condition=None)))
        yield Branch(condition.bits, condition.values, then)
    else:
        yield from _lower_always(instruction)


def _lower_always(instruction: Instruction) -> Iterator[Step]:
    qubits, controls = instruction.qubits, instruction.controls
    match instruction.name:
        case "measure":
            for qubit, bit in zip(qubits, instruction.bits, strict=True):
                yield Measure((qubit,), bit)
        case "reset":
            yield from (Reset((qubit,)) for qubit in qubits)
        case "prepare":
            yield Gate(qubits, _preparation([_real(a) for a in instruction.angles]))
        case "gphase" if not qubits:
            return
        case "rotation":
            assert isinstance(instruction.payload, str)
            yield Rotation(qubits, instruction.payload, _real(instruction.angles[0]), controls)
        case "evolve":
            yield from _evolution(instruction)
        case name if name in GATES:
            yield from lower_row(name, [_real(a) for a in instruction.angles], qubits, controls)
        case name if name not in NOTHING:
            yield Gate(qubits, target_matrix(instruction), controls)


def _evolution(instruction: Instruction) -> Iterator[Step]:
    """Rotations where the terms commute, else the matrix."""
    operator = instruction.payload
    assert isinstance(operator, Operator)
    if not all(commute(a, b) for (a, _), (b, _) in combinations(operator.terms, 2)):
        yield Gate(instruction.qubits, target_matrix(instruction), instruction.controls)
        return
    outer = instruction.qubits[: len(instruction.controls)]
    for string, coefficient in operator.terms:
        targets = tuple(instruction.targets[position] for position, _ in string)
        letters = "".join(letter for _, letter in string)
        angle = 2 * _real(coefficient) * _real(instruction.angles[0])
        yield Rotation(outer + targets, letters, angle, instruction.controls)


def _preparation(amplitudes: list[float]) -> ComplexMatrix:
    """A unitary whose first column is the normalised vector: a reflection, or the identity."""
    vector = np.array(amplitudes, dtype=np.complex128) / np.linalg.norm(amplitudes)
    mirror = vector.copy()
    mirror[0] -= 1
    size = np.vdot(mirror, mirror).real
    identity = np.eye(len(vector), dtype=np.complex128)
    return identity if size < 1e-30 else identity - 2 / size * np.outer(mirror, mirror.conj())


def _real(value: Value) -> float:
    number = lift(value).constant
    if number is None:
        raise ValueError(f"{value} is no number")
    return complex(number).real
