"""The probability that nothing goes wrong in a circuit on a device."""

from __future__ import annotations

import math

from qiskit import QuantumCircuit

from qmlc.targets.device_errors import DeviceErrors, device_errors
from qmlc.targets.read_target import Target

NO_ERROR = ("barrier", "delay", "reset")
"""What is published of no device."""


def estimate_success(circuit: QuantumCircuit, target: Target) -> float | None:
    """The product of 1 - error over the gates and measurements of a circuit in `target`'s gates.

    Errors are those of the qubits that are used, where the device's file has them, else medians. Of
    the blocks of a branch the worse one counts. What qubits lose while they wait is left out. None
    where no errors are published.
    """
    errors = device_errors(target)
    if errors is None:
        return None
    return _success(circuit, range(circuit.num_qubits), errors)


def _success(circuit: QuantumCircuit, places: range | list[int], errors: DeviceErrors) -> float:
    factors, place = [], dict(zip(circuit.qubits, places, strict=True))
    for item in circuit.data:
        qubits = [place[q] for q in item.qubits]
        if item.is_control_flow():
            factors.append(min(_success(b, qubits, errors) for b in item.operation.blocks))
        elif item.name not in NO_ERROR:
            factors.append(1 - errors.of(item.name, qubits))
    return math.prod(factors)
