"""Matrices of gates in complex128 numpy: the meaning of the rows of `ops.gates`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qmlc.ops.gates import GATES, Composite, Constant, Controlled, Phase, Rotation, canonical_name

ComplexMatrix = NDArray[np.complex128]

PAULI = {
    "I": np.eye(2, dtype=np.complex128),
    "X": np.array([[0, 1], [1, 0]], dtype=np.complex128),
    "Y": np.array([[0, -1j], [1j, 0]], dtype=np.complex128),
    "Z": np.array([[1, 0], [0, -1]], dtype=np.complex128),
}


def gate_matrix(name: str, angles: Sequence[float] = ()) -> ComplexMatrix:
    """The matrix of the gate `name`, the first operand being the least significant bit."""
    row = GATES[canonical_name(name)]
    match row:
        case Constant():
            return np.array(row.matrix, dtype=np.complex128)
        case Phase():
            return np.diag([1, np.exp(1j * angles[0])])
        case Rotation():
            return rotation_matrix(row.pauli, angles[0])
        case Controlled():
            return controlled_matrix(gate_matrix(row.base, angles), "1" * row.controls)
        case Composite():
            total = np.eye(2**row.qubits, dtype=np.complex128)
            for step in row.steps:
                values = [r[0] + float(np.dot(r[1:], angles)) for r in step.angles]
                total = embed(gate_matrix(step.gate, values), step.qubits, row.qubits) @ total
            return total


def pauli_matrix(letters: str) -> ComplexMatrix:
    """The Kronecker product of Pauli matrices, the first letter on the least significant bit."""
    total: Any = np.eye(1, dtype=np.complex128)
    for letter in letters:
        total = np.kron(PAULI[letter], total)
    return np.asarray(total, dtype=np.complex128)


def rotation_matrix(letters: str, angle: float) -> ComplexMatrix:
    """exp(-i angle/2 P)."""
    identity = np.eye(2 ** len(letters), dtype=np.complex128)
    matrix: ComplexMatrix = np.cos(angle / 2) * identity - 1j * np.sin(angle / 2) * pauli_matrix(
        letters
    )
    return matrix


def controlled_matrix(matrix: ComplexMatrix, states: str) -> ComplexMatrix:
    """`matrix` on the high bits, acting where the low bits (the controls) are in `states`."""
    size = len(matrix) << len(states)
    total = np.eye(size, dtype=np.complex128)
    wanted = sum(1 << i for i, state in enumerate(states) if state == "1")
    rows = [(i << len(states)) | wanted for i in range(len(matrix))]
    total[np.ix_(rows, rows)] = matrix
    return total


def embed(matrix: ComplexMatrix, qubits: Sequence[int], num_qubits: int) -> ComplexMatrix:
    """`matrix`, its first bit on `qubits[0]` and so on, as a matrix on `num_qubits` qubits."""
    k = len(qubits)
    tensor = np.eye(2**num_qubits, dtype=np.complex128).reshape((2,) * num_qubits + (-1,))
    axes = [num_qubits - 1 - q for q in reversed(qubits)]
    moved = np.tensordot(matrix.reshape((2,) * (2 * k)), tensor, (range(k, 2 * k), axes))
    result = np.moveaxis(moved, range(k), axes)
    return np.asarray(result.reshape(2**num_qubits, -1), dtype=np.complex128)
