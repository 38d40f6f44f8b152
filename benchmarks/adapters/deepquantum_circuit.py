"""DeepQuantum: a `QubitCircuit`, complex64.

Angles that are a weight of their own are its parameters; others are encoded as data, which it maps
over the batch.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal

import deepquantum
import torch

from benchmarks.adapters.measure_states import measure_states
from benchmarks.adapters.side import Arrays, TorchSide
from benchmarks.circuits import Angle, Case

NAMES = {"cx": "cnot", "ccx": "toffoli", "u": "u3"}
"""Where they differ from OpenQASM's."""
ONE_LIST = ("rxx", "ryy", "rzz", "swap")
"""Gates that take their qubits as one list."""


def make(case: Case, way: Literal["own", "state"]) -> DeepQuantumSide:
    """The case, by its own observables or by products with the state."""
    return DeepQuantumSide(case, way)


class DeepQuantumSide(TorchSide):
    """A circuit that holds its parameters itself."""

    def __init__(self, case: Case, way: str) -> None:
        uses = Counter(a for gate in case.gates for a in gate.angles)
        own = {a for a, n in uses.items() if n == 1 and a == Angle(weight=a.weight)}
        circuit = deepquantum.QubitCircuit(case.num_qubits)
        encoded: list[Angle] = []
        held: list[tuple[int, tuple[Angle, ...]]] = []
        for name, qubits, angles in case.gates:
            method = getattr(circuit, NAMES.get(name, name))
            places = [list(qubits)] if name in ONE_LIST else list(qubits)
            if angles and not own.issuperset(angles):
                method(*places, encode=True)
                encoded += angles
            else:
                held += [(len(circuit.operators), angles)] if angles else []
                method(*places)
        super().__init__(case, self.call)
        self.case, self.circuit, self.encoded = case, circuit, encoded
        operators = list(circuit.operators)
        self.held = [
            (parameter, angle.weight)
            for place, angles in held
            for parameter, angle in zip(operators[place].parameters(), angles, strict=True)
        ]
        for parameter, weight in self.held:
            parameter.data.copy_(self.weights.data[weight])
        self.own = way == "own" and case.kind == "expectations"
        self.measure = measure_states(case, torch, torch.tensor)
        if self.own:
            self.sizes = [len(terms) for terms in case.observables]
            flat = [term for terms in case.observables for term in terms]
            self.coefficients = torch.tensor([term.coefficient for term in flat])
            for _, letters, qubits in flat:
                circuit.observable(list(qubits), basis=letters.lower())

    def call(self, inputs: Any, weights: Any) -> Any:
        """The values."""
        case = self.case
        features = case.features(inputs, torch.cat)
        values = [angle.value(features, weights) for angle in self.encoded]
        data = torch.stack(torch.broadcast_tensors(*values), -1) if values else None
        start = None
        if case.start == "amplitudes":
            start = (features / features.norm(dim=-1, keepdim=True)).cfloat()[..., None]
        states = self.circuit(data, start)
        if not self.own:
            return self.measure(states.reshape(case.batch, -1))
        weighted = self.circuit.expectation().reshape(case.batch, -1) * self.coefficients
        return torch.stack([part.sum(-1) for part in weighted.split(self.sizes, -1)], -1)

    def gradient(self) -> None:
        """Values and gradients."""
        for parameter, _ in self.held:
            parameter.grad = None
        super().gradient()

    def answer(self) -> Arrays:
        """As numpy arrays, the parameters' gradients gathered."""
        values, d_inputs, d_weights = super().answer()
        if self.held and self.held[0][0].grad is not None:
            total = torch.zeros_like(self.weights) if d_weights is None else torch.tensor(d_weights)
            for parameter, weight in self.held:
                total[weight] += parameter.grad.reshape(())
            d_weights = total.detach().numpy()
        return values, d_inputs, d_weights
