"""A circuit with what must be added to measure its results on a device."""

from __future__ import annotations

from typing import Any

from qiskit import QuantumCircuit

from qmlc.backends.qasm.append_gate import TO_Z, qiskit_gate
from qmlc.backends.qasm.build_qiskit import add_measurement, to_qiskit
from qmlc.backends.qasm.plan_measurement import MeasurementGroup, plan_measurement
from qmlc.ir.circuit import Circuit


def measurement_circuits(
    circuit: Circuit, values: Any = None, arithmetic_only: bool = False
) -> list[QuantumCircuit]:
    """One circuit for each group of `plan_measurement`, its outcome in a last register `meas`.

    NeedsState and NotExpressible as there and in `to_qiskit`.
    """
    plan = plan_measurement(circuit)
    whole = to_qiskit(circuit, values, arithmetic_only=arithmetic_only)
    return [add_group(whole, group, i) for i, group in enumerate(plan.groups)]


def add_group(whole: QuantumCircuit, group: MeasurementGroup, index: int) -> QuantumCircuit:
    """A copy of `whole` that measures the qubits of `group` in its basis at the end."""
    result = whole.copy(f"{whole.name}_{index}")
    for qubit, letter in group.basis:
        for name in TO_Z[letter]:
            result.append(qiskit_gate(name)(), [qubit])
    add_measurement(result, group.qubits)
    return result
