"""The reference engine: a circuit in torch operations, on any device, under noise, with shots."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from qmlc.ir.circuit import Circuit
from qmlc.runtime.check_memory import check_memory, states_bytes
from qmlc.runtime.measure_shots import measure_shots
from qmlc.runtime.plan import Placed, Plan, place_plan
from qmlc.runtime.plan_circuit import plan_circuit
from qmlc.runtime.plan_noise import plan_noise
from qmlc.runtime.plan_shots import ShotPlan, plan_shots
from qmlc.runtime.run_plan import run_plan
from qmlc.targets.read_target import Target, read_target

COPIES = 4
"""States alive at once without gradients: old, new, and what lies between."""


class Reference:
    """The plans of a circuit, made when first needed, as their tables can be large."""

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self._device: Target | None = None
        self._shots: ShotPlan | None = None
        self._plans: dict[bool, Plan] = {}
        self._placed: dict[tuple[str, torch.dtype, torch.device], Any] = {}

    @property
    def imitates(self) -> str:
        """What is simulated in training mode; "" where it is exact."""
        if self._shots is None and self._device is None:
            return ""
        shots = f"{self._shots.shots} shots" if self._shots is not None else ""
        noise = f"the noise of {self._device.name}" if self._device is not None else ""
        return " and ".join(filter(None, (noise, shots)))

    def run(self, inputs: Tensor, parameters: Tensor, training: bool) -> list[Tensor]:
        """Each result `[batch or 1, *shape]` of inputs `[batch, numbers]` and flat parameters."""
        rows, weights = inputs.T, parameters[:, None]
        dtype, device = weights.dtype, weights.device
        # what is traced runs on batches of any size
        samples = 1 if torch.compiler.is_compiling() else len(inputs)
        plan = self.prepare(dtype, device, samples, training)
        results = run_plan(plan, rows, weights)
        if training and self._shots is not None:
            shots = self._place("shots", self._shots, dtype, device)
            results = measure_shots(shots, results, rows, weights)
        return results

    def prepare(
        self, dtype: torch.dtype, device: torch.device, samples: int, training: bool
    ) -> Plan:
        """The plan on a device; ValueError where so many samples do not fit there."""
        circuit, noisy = self.circuit, training and self._device is not None
        if noisy not in self._plans:
            needed = COPIES * states_bytes(circuit.num_qubits, samples, dtype)
            check_memory(circuit.name, circuit.num_qubits, samples, needed, device)
            self._plans[noisy] = plan_circuit(circuit)
        plan = self._plans[noisy]
        states = samples * plan.branches
        needed = COPIES * states_bytes(plan.num_qubits, states, dtype)
        check_memory(circuit.name, plan.num_qubits, states, needed, device)
        return self._place("noisy" if noisy else "exact", plan, dtype, device)

    def clear(self) -> None:
        """Forget what lies on devices."""
        self._placed.clear()

    def simulate_noise(self, target: str | None) -> None:
        """See `CircuitModule.simulate_noise`."""
        self._plans.pop(True, None)
        self._placed.clear()
        self._device = read_target(target) if target is not None else None
        if self._device is not None:
            if not self._device.noise:
                raise ValueError(f"the noise of {target} is not known here")
            self._plans[True] = self._make_plan(self.circuit)
        self.simulate_shots(self._shots.shots if self._shots is not None else None)

    def simulate_shots(self, shots: int | None) -> None:
        """See `CircuitModule.simulate_shots`."""
        self._shots = None
        self._placed.clear()
        if shots is not None:
            self._shots = plan_shots(self.circuit, shots, self._make_plan)

    def _make_plan(self, circuit: Circuit) -> Plan:
        """The plan of a circuit in training mode."""
        # needs qiskit, which takes seconds to import
        from qmlc.backends.qasm.physical_circuit import physical_circuit

        if self._device is None:
            return plan_circuit(circuit)
        return plan_noise(physical_circuit(circuit, self._device), self._device)

    def _place(self, name: str, plan: Placed, dtype: torch.dtype, device: torch.device) -> Placed:
        """The plan on a device, kept for the next call."""
        key = (name, dtype, device)
        if key not in self._placed:
            self._placed[key] = place_plan(plan, dtype, device)
        placed: Placed = self._placed[key]
        return placed

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_placed": {}}
