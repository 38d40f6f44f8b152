"""TensorCircuit-NG on JAX: `jit` and `vmap`, complex64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import tensorcircuit

from benchmarks.adapters.measure_states import measure_states
from benchmarks.adapters.side import Arrays
from benchmarks.adapters.tensorcircuit_circuit import apply_gates, expectations
from benchmarks.circuits import Case


def make(case: Case, measure: str) -> JaxSide:
    """The case, measured by `expectation_ps` (`paulis`) or by one product with the `state`."""
    tensorcircuit.set_backend("jax")
    tensorcircuit.set_dtype("complex64")
    of_states = measure_states(case, jnp, jnp.asarray)

    def state(features: Any, weights: Any) -> Any:
        return apply_gates(case, features, weights).state()

    def sample(features: Any, weights: Any) -> Any:
        if measure == "state":
            return of_states(state(features, weights))
        return jnp.stack(expectations(apply_gates(case, features, weights), case))

    def batch(inputs: Any, weights: Any) -> Any:
        if not case.num_inputs:
            return sample(inputs, weights)[None]
        features = case.features(inputs, jnp.concatenate)
        if case.kind == "overlaps":
            return of_states(jax.vmap(state, (0, None))(features, weights))
        return jax.vmap(sample, (0, None))(features, weights)

    return JaxSide(case, batch)


class JaxSide:
    """A function of arrays, compiled by `jax.jit`."""

    def __init__(self, case: Case, function: Callable[[Any, Any], Any]) -> None:
        def loss(inputs: Any, weights: Any, cotangent: Any) -> Any:
            values = function(inputs, weights)
            return (values * cotangent).sum(), values

        wanted = tuple(i for i, n in enumerate((case.num_inputs, case.num_weights)) if n)
        self.wait = jax.block_until_ready
        self.run = jax.jit(function)
        self.differentiate = jax.jit(jax.value_and_grad(loss, wanted, has_aux=True))
        self.arrays = [jnp.asarray(a, jnp.float32) for a in (case.inputs(), case.weights())]
        self.cotangent = jnp.asarray(case.cotangent(), jnp.float32)
        self.wanted = wanted
        self.values, self.gradients = self.cotangent, dict[int, Any]()

    def forward(self) -> None:
        """Values alone."""
        self.values = self.wait(self.run(*self.arrays))

    def gradient(self) -> None:
        """Values and gradients."""
        (_, self.values), found = self.wait(self.differentiate(*self.arrays, self.cotangent))
        self.gradients = dict(zip(self.wanted, found, strict=True))

    def answer(self) -> Arrays:
        """As numpy arrays."""
        found = [np.asarray(self.gradients[i]) if i in self.gradients else None for i in range(2)]
        return np.asarray(self.values), found[0], found[1]
