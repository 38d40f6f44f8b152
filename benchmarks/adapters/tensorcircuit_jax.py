"""TensorCircuit-NG on JAX: `jit` and `vmap`, complex64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp
import tensorcircuit

from benchmarks.adapters.find_layers import find_layers, renumbered
from benchmarks.adapters.jax_side import JaxSide
from benchmarks.adapters.measure_states import measure_states
from benchmarks.adapters.side import NotOffered
from benchmarks.adapters.tensorcircuit_circuit import apply_gates, circuit_of, expectations
from benchmarks.circuits import Case


def make(case: Case, way: Literal["paulis", "state", "layers"]) -> JaxSide:
    """The case, measured by `expectation_ps` (`paulis`) or by products with the `state`.

    With `layers`, layers are rolled into `jax.lax.scan`, as TensorCircuit's documentation advises
    where compiling takes long.
    """
    tensorcircuit.set_backend("jax")
    tensorcircuit.set_dtype("complex64")
    state = rolled_state(case) if way == "layers" else whole_state(case)
    measure = measure_states(case, jnp, jnp.asarray)

    def sample(features: Any, weights: Any) -> Any:
        if way == "paulis":
            return jnp.stack(expectations(circuit_of(case, features, weights), case))
        return measure(state(features, weights))

    def batch(inputs: Any, weights: Any) -> Any:
        if not case.num_inputs:
            return sample(inputs, weights)[None]
        features = case.features(inputs, jnp.concatenate)
        if case.kind == "overlaps":
            return measure(jax.vmap(state, (0, None))(features, weights))
        return jax.vmap(sample, (0, None))(features, weights)

    return JaxSide(case, batch)


def whole_state(case: Case) -> Callable[[Any, Any], Any]:
    """The state of one sample, from one circuit."""
    return lambda features, weights: circuit_of(case, features, weights).state()


def rolled_state(case: Case) -> Callable[[Any, Any], Any]:
    """The same, one layer a round of a loop."""
    layers = find_layers(case.gates, case.num_qubits)
    if layers is None:
        raise NotOffered("the circuit is not one layer over and over")
    indices = jnp.asarray(layers.weights, int)
    gates = renumbered(layers.layer)

    def state(features: Any, weights: Any) -> Any:
        def turn(current: Any, own: Any) -> tuple[Any, None]:
            circuit = tensorcircuit.Circuit(case.num_qubits, inputs=current)
            return apply_gates(circuit, gates, features, own).state(), None

        first = circuit_of(case, features, weights, layers.before).state()
        return jax.lax.scan(turn, first, weights[indices])[0]

    return state
