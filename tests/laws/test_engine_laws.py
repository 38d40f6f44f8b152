"""The engine equals a density-matrix simulation in numpy, on random circuits."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qmlc.runtime.circuit_module import CircuitModule
from qmlc.testing.oracle import simulate
from qmlc.testing.strategies import circuits

LAW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def check(circuit, seed, dtype, tolerance):
    torch.manual_seed(seed)
    module = CircuitModule.from_circuit(circuit).to(dtype)
    x = torch.randn(2, 3, 2, dtype=torch.float64)
    w = module.state_dict()["w"].double().numpy()
    got = module(x.to(dtype))
    for i in range(2):
        for j in range(3):
            expected = simulate(circuit, {"x": x[i, j].numpy(), "w": w})
            for one, other in zip(got, expected, strict=True):
                np.testing.assert_allclose(one[i, j].detach().numpy(), other, atol=tolerance, rtol=tolerance)


ALL = ("expval", "variance", "probs", "purity", "entropy")


@LAW
@given(circuits(kinds=(*ALL, "state")), st.integers(0, 99))
def test_unitary_circuits_equal_the_oracle(circuit, seed):
    check(circuit, seed, torch.float64, 1e-9)


@LAW
@given(circuits(max_qubits=3, max_gates=10, measurements=True, kinds=ALL), st.integers(0, 99))
def test_measurements_and_feed_forward_equal_the_oracle(circuit, seed):
    check(circuit, seed, torch.float64, 1e-9)


@LAW
@given(circuits(kinds=("expval", "probs"), symbolic_observables=False), st.integers(0, 99))
def test_single_precision_is_close(circuit, seed):
    check(circuit, seed, torch.float32, 2e-5)
