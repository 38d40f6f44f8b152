"""A case as a circuit of TensorCircuit-NG, whatever its backend."""

from __future__ import annotations

from typing import Any

import tensorcircuit

from benchmarks.circuits import Case, Gate

NAMES = {"cx": "cnot", "ccx": "toffoli", "p": "phase"}
"""Where they differ from OpenQASM's."""


def circuit_of(
    case: Case, features: Any, weights: Any, gates: tuple[Gate, ...] | None = None
) -> Any:
    """The circuit of one sample: all gates, or those given."""
    start = {}
    if case.start == "amplitudes":
        start = {"inputs": features / (features**2).sum() ** 0.5}
    circuit = tensorcircuit.Circuit(case.num_qubits, **start)
    return apply_gates(circuit, case.gates if gates is None else gates, features, weights)


def apply_gates(circuit: Any, gates: tuple[Gate, ...], features: Any, weights: Any) -> Any:
    """The circuit with more gates."""
    for name, qubits, angles in gates:
        values = [angle.value(features, weights) for angle in angles]
        keywords = ("theta", "phi", "lbd")[: len(values)]
        getattr(circuit, NAMES.get(name, name))(*qubits, **dict(zip(keywords, values, strict=True)))
    return circuit


def expectations(circuit: Any, case: Case) -> list[Any]:
    """A number for each observable, a string at a time."""
    results = []
    for terms in case.observables:
        total = 0.0
        for coefficient, letters, qubits in terms:
            placed = list(zip(letters, qubits, strict=True))
            by_letter = {a.lower(): [q for b, q in placed if b == a] or None for a in "XYZ"}
            total = total + coefficient * circuit.expectation_ps(**by_letter).real
        results.append(total)
    return results
