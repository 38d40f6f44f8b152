"""A case as a quantum function of PennyLane, whatever its interface."""

from __future__ import annotations

from typing import Any

import pennylane as qml

from benchmarks.circuits import Case

GATES = {
    "h": qml.Hadamard, "t": qml.T, "cx": qml.CNOT, "cz": qml.CZ, "ccx": qml.Toffoli,
    "swap": qml.SWAP, "rx": qml.RX, "ry": qml.RY, "rz": qml.RZ, "p": qml.PhaseShift,
    "crx": qml.CRX, "crz": qml.CRZ, "rxx": qml.IsingXX, "ryy": qml.IsingYY, "rzz": qml.IsingZZ,
}  # fmt: skip
PAULIS = {"X": qml.X, "Y": qml.Y, "Z": qml.Z}


def apply_gates(case: Case, features: Any, weights: Any) -> None:
    """The case's gates, in a quantum function."""
    if case.start == "amplitudes":
        qml.AmplitudeEmbedding(features, wires=range(case.num_qubits), normalize=True)
    for name, qubits, angles in case.gates:
        values = [angle.value(features, weights) for angle in angles]
        if name == "u":
            theta, phi, lam = values
            qml.Rot(lam, theta, phi, wires=qubits)
        else:
            GATES[name](*values, wires=qubits)


def observable(terms: Any) -> Any:
    """A Pauli string, or a Hamiltonian."""
    strings = []
    for _, letters, qubits in terms:
        first, *rest = (PAULIS[a](q) for a, q in zip(letters, qubits, strict=True))
        for other in rest:
            first = first @ other
        strings.append(first)
    if len(terms) == 1 and terms[0].coefficient == 1:
        return strings[0]
    return qml.Hamiltonian([term.coefficient for term in terms], strings)
