"""Amplitude encoding: the state is the vector, brought to length 1; so says Qiskit of the file."""

from __future__ import annotations

import numpy as np
import pytest
import qiskit.qasm3
import torch
from hypothesis import given
from hypothesis import strategies as st
from qiskit.quantum_info import Statevector

import qmlc

TEXT = """
use std.encodings (amplitude)

circuit prepared(x: real[8]) -> complex[8] {
    qubit q[3]
    amplitude(x) q
    return state(q)
}
"""
NUMBERS = st.floats(-2, 2).filter(lambda v: abs(v) > 1e-3)


@pytest.fixture(scope="module")
def prepared():
    return qmlc.compile(TEXT).prepared().double()


@given(st.lists(NUMBERS, min_size=8, max_size=8))
def test_the_state_is_the_normalised_vector(prepared, numbers):
    x = torch.tensor(numbers, dtype=torch.float64)
    expected = np.asarray(numbers) / np.linalg.norm(numbers)
    assert np.allclose(prepared(x).detach().numpy(), expected, atol=1e-12)


@given(st.lists(NUMBERS, min_size=8, max_size=8))
def test_the_written_circuit_prepares_it(prepared, numbers):
    text = prepared.qasm(inputs={"x": numbers})
    state = Statevector(qiskit.qasm3.loads(text)).data
    assert abs(np.vdot(state, numbers)) == pytest.approx(np.linalg.norm(numbers), rel=1e-8)


def test_it_comes_before_any_gate_and_fits():
    used = TEXT.replace("    amplitude", "    h q[0]\n    amplitude")
    assert [d.code for d in qmlc.check_text(used)] == ["E0404"]
    short = TEXT.replace("amplitude(x) q", "prepare([1, 2, 3]) q")
    assert [d.code for d in qmlc.check_text(short)] == ["E0302"]


LEARNED = """
circuit learned(x: real[4]) -> real[2] {
    param w: real[2] ~ normal(0, 1)
    qubit q[2]
    prepare(x) q
    ry(w) q
    return expval(Z(q))
}
"""


@pytest.mark.parametrize("samples", [1, 3, 8, 17])
def test_gradients_of_parameters_are_those_of_the_samples_alone(samples):
    """Where lanes are left over, nothing comes from them: a vector of 0 has no direction."""
    module = qmlc.compile(LEARNED).learned().double()
    x = torch.randn(samples, 4, dtype=torch.float64)
    module(x).sin().sum().backward()
    w = module.w.detach()

    def formula(w):
        first, second = (torch.stack([w[k] / 2, w[k] / 2 + torch.pi / 2]).cos() for k in (0, 1))
        turns = [torch.stack([torch.stack([c, -s]), torch.stack([s, c])])
                 for c, s in ((first[0], -first[1]), (second[0], -second[1]))]  # fmt: skip
        state = (x / x.norm(dim=1, keepdim=True)) @ torch.kron(turns[1], turns[0]).T
        probabilities = (state**2).reshape(-1, 2, 2)
        z = [probabilities.sum(1), probabilities.sum(2)]
        return torch.stack([p[:, 0] - p[:, 1] for p in z], dim=1).sin().sum()

    torch.testing.assert_close(module.w.grad, torch.func.grad(formula)(w))
