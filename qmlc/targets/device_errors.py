"""How likely each gate and measurement of a device goes wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from qmlc.targets.read_target import Target


@dataclass(frozen=True, slots=True)
class DeviceErrors:
    """Probabilities, for one qubit or pair after another, or where these are not known, medians."""

    virtual: tuple[str, ...]
    gates: Mapping[tuple[int, ...], float]
    """By the qubits that they act on, pairs in both orders."""
    readouts: Mapping[int, float]
    medians: Mapping[str, float]

    def of(self, name: str, qubits: Sequence[int]) -> float:
        """That of the gate or measurement `name` on some qubits; 0 for what is not known."""
        if name in self.virtual:
            return 0.0
        if name == "measure":
            return self.readouts.get(qubits[0], self.medians.get("readout_error", 0.0))
        kind = "one_qubit_error" if len(qubits) == 1 else "two_qubit_error"
        return self.gates.get(tuple(qubits), self.medians.get(kind, 0.0))


@cache
def device_errors(target: Target) -> DeviceErrors | None:
    """The errors of `target`; None where none are published."""
    if not target.noise:
        return None
    tables = dict(target.calibration)
    gates: dict[tuple[int, ...], float] = {
        (qubit,): error for qubit, error in enumerate(tables.get("one_qubit_error", ()))
    }
    for (a, b), error in zip(target.edges or (), tables.get("two_qubit_error", ()), strict=False):
        gates[a, b] = gates[b, a] = error
    readouts = dict(enumerate(tables.get("readout_error", ())))
    return DeviceErrors(target.virtual, gates, readouts, dict(target.noise))
