"""PennyLane with its torch interface, batched by broadcasting."""

from __future__ import annotations

from typing import Any

import numpy as np
import pennylane as qml
import torch

from benchmarks.adapters.measure_states import overlaps
from benchmarks.adapters.pennylane_circuit import apply_gates, observable
from benchmarks.adapters.side import NotOffered, TorchSide
from benchmarks.circuits import Case


def make(case: Case, device: str, differentiate: str) -> TorchSide:
    """The case on one of PennyLane's devices."""
    if case.kind == "overlaps" and differentiate == "adjoint":
        raise NotOffered("adjoint gradients are those of expectation values")
    # default.qubit has no such option: its states are complex128
    options = {} if device == "default.qubit" else {"c_dtype": np.complex64}
    place = qml.device(device, wires=case.num_qubits, **options)

    @qml.qnode(place, interface="torch", diff_method=differentiate)
    def circuit(features: Any, weights: Any) -> Any:
        apply_gates(case, features, weights)
        if case.kind == "overlaps":
            return qml.state()
        return [qml.expval(observable(terms)) for terms in case.observables]

    def call(inputs: Any, weights: Any) -> Any:
        results = circuit(case.features(inputs, torch.cat), weights)
        if case.kind == "overlaps":
            return overlaps(results)
        return torch.stack(list(results), -1).reshape(case.shape)

    return TorchSide(case, call)
