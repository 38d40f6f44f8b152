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
