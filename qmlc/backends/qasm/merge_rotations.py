"""Add up rotations that follow each other: Qiskit does so for numbers, and leaves symbols alone."""

from __future__ import annotations

import math
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction
from qiskit.circuit.library import RXGate, RYGate, RZGate

from qmlc.backends.qasm.print_gates import is_symbolic

AXES = {gate._standard_gate.name: gate._standard_gate for gate in (RXGate, RYGate, RZGate)}


def merge_rotations(circuit: QuantumCircuit) -> QuantumCircuit:
    """`circuit`, up to its global phase, with one rotation where several of one axis met."""
    # written without the checks of `append`: it is from such a circuit
    result = circuit.copy_empty_like()
    pending: dict[Any, tuple[str, Any]] = {}

    def flush(qubit: Any) -> None:
        name, angle = pending.pop(qubit, ("", 0.0))
        if not is_symbolic(angle):
            # a whole turn is a global phase
            angle = math.remainder(float(angle), 2 * math.pi)
        if is_symbolic(angle) or abs(angle) > 1e-12:
            result._append(CircuitInstruction.from_standard(AXES[name], (qubit,), (angle,)))

    for item in circuit.data:
        if item.name in AXES:
            (qubit,), name = item.qubits, item.name
            known, angle = pending.get(qubit, ("", 0.0))
            if known not in ("", name):
                flush(qubit)
                angle = 0.0
            pending[qubit] = (name, angle + item.params[0])
        else:
            for qubit in item.qubits:
                flush(qubit)
            result._append(item)
    for qubit in list(pending):
        flush(qubit)
    return result
