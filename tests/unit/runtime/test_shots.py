"""Training with shots: the means of measurements, with the gradient of the exact result."""

from __future__ import annotations

import pytest
import torch

import qmlc
from qmlc.train_program import train_program
from qmlc.training.errors import DataError
from qmlc.training.read_options import TrainOptions

TEXT = """
circuit c(x: real[3]) -> (z: real[3], h: real, v: real[2], p: real[4]) {
    param w: real[3] ~ uniform(-1, 1)
    qubit q[3]
    ry(x) q
    rx(w) q
    cx q[0], q[1]
    return (
        z=expval(Z(q)),
        h=expval(2 + 0.5 * X(q[0]) * Y(q[1]) - Z(q[1]) * Z(q[2]) + Y(q[2])),
        v=variance([X(q[0]) + Z(q[1]), Y(q[1])]),
        p=probs([q[2], q[0]])
    )
}
"""
X = torch.tensor([[0.3, -0.4, 1.1], [0.9, 0.2, -0.7]])


def measured(shots, seed=0, noise=None):
    torch.manual_seed(seed)
    module = qmlc.compile(TEXT).c()
    module.simulate_noise(noise)
    exact = module(X)
    module.simulate_shots(shots)
    return module, exact, module(X)


@pytest.mark.parametrize("noise", [None, "ibm:torino"])
def test_many_shots_come_close_to_the_exact_results(noise):
    _, exact, found = measured(400_000, noise=noise)
    for value, expected in zip(found, exact, strict=True):
        assert value.shape == expected.shape
        assert not torch.equal(value, expected)
        torch.testing.assert_close(value, expected, atol=0.015, rtol=0)


def test_results_are_means_of_outcomes():
    _, _, found = measured(10)
    for value in (found.z, found.p):
        steps = value * 10
        torch.testing.assert_close(steps, steps.round(), atol=1e-5, rtol=0)
    torch.testing.assert_close(found.p.sum(-1), torch.ones(2))


def test_their_spread_is_that_of_measurements():
    torch.manual_seed(0)
    module = qmlc.compile(
        "circuit c(x: real) -> real {\n qubit q\n rx(x) q\n return expval(Z(q))\n}"
    ).c()
    module.simulate_shots(50)
    angle = torch.tensor(1.0)
    found = module(angle.expand(20_000))
    expected = (1 - angle.cos() ** 2) / 50
    torch.testing.assert_close(found.var(), expected, rtol=0.05, atol=0)


def test_the_gradient_is_the_exact_one_and_the_seed_decides():
    module, exact, found = measured(20)
    torch.manual_seed(3)
    first = module(X).h.sum()
    torch.manual_seed(3)
    assert torch.equal(first, module(X).h.sum())
    assert not torch.equal(first, module(X).h.sum())
    (expected,) = torch.autograd.grad(exact.h.sum(), module.w)
    (slope,) = torch.autograd.grad(found.h.sum(), module.w)
    torch.testing.assert_close(slope, expected)
    assert torch.equal(module.eval()(X).h, exact.h)


def test_trains_with_shots(tmp_path):
    text = """
circuit c() -> real {
    param w: real ~ constant(0.5)
    qubit q
    rx(w) q
    return expval(Z(q))
}
train c {
    loss = c()
    shots = 100
    noise = device(ibm("torino"))
    optimizer = sgd(lr=0.5)
    steps = 30
}
"""
    options = TrainOptions(folder=tmp_path / "run", quiet=True)
    path = tmp_path / "c.hqm"
    path.write_text(text)
    first, second = (train_program(path, options)["c"].module.state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    path.write_text(text.replace("expval(Z(q))", "purity(q)").replace("noise", "# noise"))
    with pytest.raises(DataError, match="cannot be measured"):
        train_program(path, options)
