"""TensorCircuit-NG on PyTorch: `torch.vmap` over the batch, complex64."""

from __future__ import annotations

from typing import Any, Literal

import tensorcircuit
import torch

from benchmarks.adapters.measure_states import measure_states
from benchmarks.adapters.side import TorchSide
from benchmarks.adapters.tensorcircuit_circuit import circuit_of, expectations
from benchmarks.circuits import Case


def make(case: Case, way: Literal["paulis", "state"]) -> TorchSide:
    """The case, measured by `expectation_ps` (`paulis`) or by products with the `state`."""
    tensorcircuit.set_backend("pytorch")
    tensorcircuit.set_dtype("complex64")
    measure = measure_states(case, torch, torch.tensor)

    def sample(features: Any, weights: Any) -> Any:
        circuit = circuit_of(case, features, weights)
        if way == "state" or case.kind == "overlaps":
            return circuit.state()
        return torch.stack(expectations(circuit, case))

    def batch(inputs: Any, weights: Any) -> Any:
        if case.num_inputs:
            features = case.features(inputs, torch.cat)
            found = torch.vmap(sample, (0, None))(features, weights)
        else:
            found = sample(inputs, weights)[None]
        return measure(found) if found.is_complex() else found

    return TorchSide(case, batch)
