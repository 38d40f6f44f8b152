"""The lowest eigenvalue of an operator, to compare a variational energy with."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt
from scipy.sparse.linalg import LinearOperator, eigsh

from qmlc.ir.operator import Operator
from qmlc.types.polynomial import lift

Vector = npt.NDArray[np.complex128]
DENSE_QUBITS = 5
"""Up to here Lanczos has too few dimensions to work in."""


def ground_energy(operator: Operator, num_qubits: int) -> float:
    """The lowest eigenvalue of a Hermitian operator with number coefficients on qubits 0…n-1.

    Lanczos iterations on vectors of 2**n numbers, without a matrix: strings that flip the same
    qubits act as one vector of signs and one permutation.
    """
    size = 2**num_qubits
    parts = _parts(operator, num_qubits)
    places = np.arange(size)

    def apply(state: Vector) -> Vector:
        result = np.zeros(size, dtype=np.complex128)
        for flips, signs in parts.items():
            result += (signs * state.reshape(-1))[places ^ flips]
        return result

    if num_qubits <= DENSE_QUBITS:
        columns = [apply(column) for column in np.eye(size, dtype=np.complex128)]
        return float(np.linalg.eigvalsh(np.stack(columns, axis=1))[0])
    matrix = LinearOperator((size, size), matvec=apply, dtype=np.complex128)
    start = np.random.default_rng(0).normal(size=size) + 0j
    values = eigsh(matrix, k=1, which="SA", v0=start, return_eigenvectors=False)
    return float(values[0])


def _parts(operator: Operator, num_qubits: int) -> dict[int, Vector]:
    """By the qubits that are flipped (a bit mask): what each basis state is multiplied by."""
    places = np.arange(2**num_qubits)
    signs = [1 - 2 * (places >> q & 1) for q in range(num_qubits)]
    parts: dict[int, Vector] = defaultdict(lambda: np.zeros(len(places), dtype=np.complex128))
    for string, coefficient in operator.terms:
        number = lift(coefficient).constant
        assert number is not None
        flips, factor = 0, np.full(len(places), complex(number))
        for qubit, letter in string:
            flips |= (letter != "Z") << qubit
            if letter != "X":
                factor *= signs[qubit] * (1j if letter == "Y" else 1)
        parts[flips] += factor
    return dict(parts)
