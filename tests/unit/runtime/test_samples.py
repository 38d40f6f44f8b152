"""`counts` and `sample`: drawn from `probs`, in its order, by torch's generator."""

from __future__ import annotations

import pytest
import torch

import qmlc
from qmlc.backends.qasm.plan_measurement import expectation_from_counts

TEXT = """
circuit c(x: real[2]) -> (n: int[4], s: int[1000, 2], p: real[4]) {
    qubit q[2], spare
    ry(x[0]) q[0]
    ry(x[1]) q[1]
    cx q[0], spare
    let r = [q[1], q[0]]
    return (n=counts(r, shots=4000), s=sample(r, shots=1000), p=probs(r))
}

circuit fixed() -> int[2] {
    qubit q
    h q
    return counts(q)
}
"""


def test_frequencies_are_the_probabilities():
    x = torch.tensor([[0.3, 2.0], [1.5, 0.9]], requires_grad=True)
    torch.manual_seed(0)
    net = qmlc.compile(TEXT).c()
    found = net(x)
    assert found.n.dtype == found.s.dtype == torch.int64
    assert not found.n.requires_grad and found.p.requires_grad
    assert found.n.sum(1).tolist() == [4000, 4000]
    torch.testing.assert_close(found.n / 4000, found.p.detach(), atol=0.04, rtol=0)
    states = found.s[:, :, 0] + 2 * found.s[:, :, 1]
    often = torch.stack([torch.bincount(row, minlength=4) for row in states])
    torch.testing.assert_close(often / 1000, found.p.detach(), atol=0.08, rtol=0)
    torch.manual_seed(0)
    assert torch.equal(net(x).s, found.s)


def test_examples_are_drawn_one_by_one():
    torch.manual_seed(1)
    net = qmlc.compile(
        "circuit c(x: real) -> int[50, 1] {\n qubit q\n h q\n rz(x) q\n"
        " return sample(q, shots=50)\n}"
    ).c()
    one, two = net(torch.tensor([0.0, 0.0]))
    assert not torch.equal(one, two)
    assert qmlc.compile(TEXT).fixed()().sum() == 1024


@pytest.mark.parametrize("counts", [{"00": 3, "01": 1}, {"00": 3000, "01": 1000}])
def test_what_a_device_counted_is_scaled_to_the_shots(counts):
    text = (
        "circuit c() -> (n: int[4], s: int[4, 2]) {\n qubit q[2]\n h q\n"
        " return (n=counts(q, shots=4), s=sample(q, shots=4))\n}"
    )
    circuit = qmlc.compile(text).c().circuit_ir
    often, found = expectation_from_counts(circuit, [counts])
    assert often.tolist() == [3, 1, 0, 0]
    assert found.tolist() == [[0, 0], [0, 0], [0, 0], [1, 0]]
