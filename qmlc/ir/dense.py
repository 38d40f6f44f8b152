"""Dense matrices of instructions and operators, in complex128 numpy: the oracle of small cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from qmlc.ir.circuit import Instruction
from qmlc.ir.operator import Operator
from qmlc.ops.matrices import (
    ComplexMatrix,
    controlled_matrix,
    embed,
    gate_matrix,
    pauli_matrix,
    rotation_matrix,
)
from qmlc.types.polynomial import lift


def principal_power(matrix: ComplexMatrix, exponent: float) -> ComplexMatrix:
    """The power of a unitary whose eigenvalues keep their angles in (-pi, pi]."""
    # A generic real combination of the commuting Hermitian parts has the same eigenvectors
    hermitian = (matrix + matrix.conj().T) / 2
    skew = (matrix - matrix.conj().T) / 2j
    _, vectors = np.linalg.eigh(hermitian + 0.6180339887498949 * skew)
    values = np.diag(vectors.conj().T @ matrix @ vectors)
    root: ComplexMatrix = (
        vectors @ np.diag(np.exp(1j * exponent * np.angle(values))) @ vectors.conj().T
    )
    return root


def instructions_matrix(
    instructions: Sequence[Instruction], qubits: Sequence[int]
) -> ComplexMatrix:
    """The unitary of gates with numbers for angles, as complex128 numpy over `qubits`.

    ValueError where an angle is not a number.
    """
    place = {q: i for i, q in enumerate(qubits)}
    total = np.eye(2 ** len(qubits), dtype=np.complex128)
    for instruction in instructions:
        if instruction.name == "barrier":
            continue
        inner = controlled_matrix(target_matrix(instruction), instruction.controls)
        total = embed(inner, [place[q] for q in instruction.qubits], len(qubits)) @ total
    return total


def apply_instructions(
    instructions: Sequence[Instruction], qubits: Sequence[int], states: Any
) -> Any:
    """What gates with numbers for angles make of `states`, `[2**qubits, any]`; ValueError."""
    place = {q: i for i, q in enumerate(qubits)}
    count = len(qubits)
    split = states.reshape((2,) * count + states.shape[1:]).copy()
    for instruction in instructions:
        if instruction.name == "barrier":
            continue
        held: list[int | slice] = [slice(None)] * split.ndim
        for qubit, state in zip(instruction.qubits, instruction.controls, strict=False):
            axis = count - 1 - place[qubit]
            held[axis] = slice(int(state), int(state) + 1)
        part = split[tuple(held)]
        axes = [count - 1 - place[q] for q in reversed(instruction.targets)]
        front = np.moveaxis(part, axes, range(len(axes)))
        moved = target_matrix(instruction) @ front.reshape(2 ** len(axes), -1)
        split[tuple(held)] = np.moveaxis(moved.reshape(front.shape), range(len(axes)), axes)
    return split.reshape(states.shape)


def target_matrix(instruction: Instruction) -> ComplexMatrix:
    """What a gate with numbers for angles does to its targets; ValueError where one is none."""
    numbers = [lift(a).constant for a in instruction.angles]
    if None in numbers:
        raise ValueError("the power of this gate must be whole: its angles are not numbers")
    angles = [float(a.real) for a in numbers if a is not None]
    payload = instruction.payload
    match instruction.name:
        case "gphase":
            return np.array([[np.exp(1j * angles[0])]])
        case "rotation":
            assert isinstance(payload, str)
            return rotation_matrix(payload, angles[0])
        case "unitary":
            return np.array(payload)
        case "evolve":
            assert isinstance(payload, Operator)
            return evolution_matrix(payload, len(instruction.targets), angles[0])
        case name:
            return gate_matrix(name, angles)


def evolution_matrix(operator: Operator, num_qubits: int, time: float) -> ComplexMatrix:
    """exp(-i time H) of an operator with number coefficients, as complex128 numpy."""
    values, vectors = np.linalg.eigh(operator_matrix(operator, num_qubits))
    evolution: ComplexMatrix = vectors @ np.diag(np.exp(-1j * time * values)) @ vectors.conj().T
    return evolution


def operator_matrix(operator: Operator, num_qubits: int) -> ComplexMatrix:
    """The dense matrix of an operator with number coefficients, as complex128 numpy."""
    total = np.zeros((2**num_qubits, 2**num_qubits), dtype=np.complex128)
    for string, coefficient in operator.terms:
        number = lift(coefficient).constant
        if number is None:
            raise ValueError("the operator's coefficients are not numbers")
        letters = dict(string)
        total += number * pauli_matrix("".join(letters.get(q, "I") for q in range(num_qubits)))
    return total
