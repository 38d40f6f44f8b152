"""PennyLane's default.qubit with its JAX interface, under `jax.jit`, complex64."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import pennylane as qml

from benchmarks.adapters.jax_side import JaxSide
from benchmarks.adapters.measure_states import overlaps
from benchmarks.adapters.pennylane_circuit import apply_gates, observable
from benchmarks.circuits import Case


def make(case: Case) -> JaxSide:
    """The case, batched by broadcasting."""
    device = qml.device("default.qubit", wires=case.num_qubits)

    @qml.qnode(device, interface="jax", diff_method="backprop")
    def circuit(features: Any, weights: Any) -> Any:
        apply_gates(case, features, weights)
        if case.kind == "overlaps":
            return qml.state()
        return [qml.expval(observable(terms)) for terms in case.observables]

    def call(inputs: Any, weights: Any) -> Any:
        results = circuit(case.features(inputs, jnp.concatenate), weights)
        if case.kind == "overlaps":
            return overlaps(results)
        return jnp.stack(results, -1).reshape(case.shape)

    return JaxSide(case, call)
