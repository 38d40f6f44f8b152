"""Kernels applied: the matrix of abs(<a|b>)**2, against Qiskit's statevectors; its gradient."""

import numpy as np
import pytest
import torch
from qiskit.circuit.library import zz_feature_map
from qiskit.quantum_info import Statevector

import qmlc

TEXT = """
use std.encodings (zz_feature_map)

kernel fidelity(reps: int = 2)(x: real[n]) {
    qubit q[n]
    zz_feature_map(x, reps=reps) q
}

kernel turned(x: real) {
    param w: real[2] ~ uniform(0, 1)
    qubit q[2]
    ry(x * w[0]) q[0]
    rx(x + w[1]) q[1]
    cx q[0], q[1]
}

model similarity(a: real[M, n], b: real[N, n]) -> real[M, N] = fidelity(reps=2)(a, b)

model scalars(a: real[M], b: real[N]) -> real[M, N] {
    let k = turned
    return (k(a, b) + k(b, a).T) / 2
}

layer attend(k: kernel = fidelity)(x: real[B, T, d]) -> real[B, T, d] {
    let weights = k(x, x)
    return weights / sum(weights, dim=-1, keepdim=true) @ x
}

model attending(x: real[B, T, 3]) -> real[B, T, 3] {
    let k = fidelity(reps=1)
    return x |> attend |> attend(k) |> attend(k=k)
}
"""


@pytest.fixture(scope="module")
def program():
    return qmlc.compile(TEXT)


def qiskit_overlaps(a, b, reps):
    """The same matrix from Qiskit's own feature map."""
    states = [
        [Statevector(zz_feature_map(len(row), reps=reps).assign_parameters(row)) for row in rows]
        for rows in (a.tolist(), b.tolist())
    ]
    return torch.tensor([[abs(x.inner(y)) ** 2 for y in states[1]] for x in states[0]])


@pytest.mark.parametrize("width", [2, 3])
def test_the_similarity_of_rows_is_qiskits(program, width):
    a, b = torch.rand(4, width, dtype=torch.float64), torch.rand(2, width, dtype=torch.float64)
    similarity = program.similarity(n=width).double()
    torch.testing.assert_close(similarity(a, b), qiskit_overlaps(a, b, 2))


def test_leading_dimensions_broadcast(program):
    a = torch.rand(5, 1, 2, 2, dtype=torch.float64)
    b = torch.rand(3, 4, 2, dtype=torch.float64)
    kernel = program.fidelity(n=2).double()
    whole = kernel(a, b)
    assert whole.shape == (5, 3, 2, 4)
    torch.testing.assert_close(whole[4, 1], qiskit_overlaps(a[4, 0], b[1], 2))


def test_kernels_are_handed_over_and_attend(program):
    x = torch.rand(2, 4, 3, dtype=torch.float64)
    expected = x
    for reps in (2, 1, 1):
        rows = [qiskit_overlaps(e, e, reps) for e in expected]
        expected = torch.stack(
            [w / w.sum(-1, keepdim=True) @ e for w, e in zip(rows, expected, strict=True)]
        )
    attending = program.attending().double()
    assert attending.attend_1.k is attending.attend_2.k is attending.k
    torch.testing.assert_close(attending(x), expected)


def test_gradients_flow_to_rows_and_parameters(program):
    model = program.scalars().double()
    torch.manual_seed(1)
    a, b = (torch.rand(n, dtype=torch.float64, requires_grad=True) for n in (3, 2))
    weight = model.k.w

    def run(a, b, w):
        return torch.func.functional_call(model, {"k.w": w}, (a, b))

    assert torch.autograd.gradcheck(run, (a, b, weight))
    assert np.allclose(model(a, a).diagonal().detach(), 1)
