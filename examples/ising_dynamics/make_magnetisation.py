"""Writes magnetisation.csv: <Z_i> of a quenched chain of six spins, exactly, without noise.

H = -J sum_i Z_i Z_(i+1) - g sum_i X_i with J = 1 and g = 0.6, open ends, starting in |000000>.
The program beside this file starts from J = g = 0.8 and has to find these two numbers again.
Its evolution is a second-order Trotter formula in 20 steps, so the couplings that it finds differ
from these by the error of that formula.
"""

from __future__ import annotations

import csv
from functools import reduce
from pathlib import Path

import numpy as np

QUBITS, J, G = 6, 1.0, 0.6
TIMES = np.linspace(0.1, 3.0, 30)
X, Z = np.array([[0, 1], [1, 0]]), np.diag([1, -1])


def place(**letters: np.ndarray) -> np.ndarray:
    """The product of one-qubit matrices, `q0=Z, q1=Z`; qubit 0 is the least significant bit."""
    return reduce(np.kron, [letters.get(f"q{i}", np.eye(2)) for i in reversed(range(QUBITS))])


def main() -> None:
    """Diagonalise, evolve, write."""
    bonds = sum(place(**{f"q{i}": Z, f"q{i + 1}": Z}) for i in range(QUBITS - 1))
    field = sum(place(**{f"q{i}": X}) for i in range(QUBITS))
    energies, vectors = np.linalg.eigh(-J * bonds - G * field)
    spins = np.array([np.diag(place(**{f"q{i}": Z})) for i in range(QUBITS)])
    with open(Path(__file__).with_name("magnetisation.csv"), "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["time", *(f"z{i}" for i in range(QUBITS))])
        for time in TIMES:
            state = vectors @ (np.exp(-1j * time * energies) * vectors[0])
            row = spins @ np.abs(state) ** 2
            writer.writerow([f"{time:.1f}", *(f"{value:.6f}" for value in row)])


if __name__ == "__main__":
    main()
