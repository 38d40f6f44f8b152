"""Systems whose circuits are functions of JAX's arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.adapters.side import Arrays
from benchmarks.circuits import Case


class JaxSide:
    """A function of inputs and weights, compiled by `jax.jit`, with its derivative."""

    def __init__(self, case: Case, function: Callable[[Any, Any], Any]) -> None:
        def loss(inputs: Any, weights: Any, cotangent: Any) -> Any:
            values = function(inputs, weights)
            return (values * cotangent).sum(), values

        self.wanted = tuple(i for i, n in enumerate((case.num_inputs, case.num_weights)) if n)
        self.run = jax.jit(function)
        self.differentiate = jax.jit(jax.value_and_grad(loss, self.wanted, has_aux=True))
        self.arrays = [jnp.asarray(a, jnp.float32) for a in (case.inputs(), case.weights())]
        self.cotangent = jnp.asarray(case.cotangent(), jnp.float32)
        self.values = self.cotangent
        self.gradients: dict[int, Any] = {}

    def forward(self) -> None:
        """Values alone."""
        self.values = jax.block_until_ready(self.run(*self.arrays))

    def gradient(self) -> None:
        """Values and gradients."""
        results = jax.block_until_ready(self.differentiate(*self.arrays, self.cotangent))
        (_, self.values), found = results
        self.gradients = dict(zip(self.wanted, found, strict=True))

    def answer(self) -> Arrays:
        """As numpy arrays."""
        d_inputs, d_weights = (self.gradients.get(i) for i in range(2))
        return (
            np.asarray(self.values),
            None if d_inputs is None else np.asarray(d_inputs),
            None if d_weights is None else np.asarray(d_weights),
        )
