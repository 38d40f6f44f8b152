"""Several modules of one circuit yield together what each of them yields."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import qmlc
from qmlc.runtime.run_together import run_together

PROGRAM = """
circuit f(x: real[2], y: real) -> real[2] {
    param w: real[2] ~ normal(0, 1)
    param v: real ~ normal(0, 1)
    qubit q[2]
    ry(x) q
    rx(w) q
    cx q[0], q[1]
    rz(y * v) q[1]
    rx(v) q[1]
    return expval([Z(q[0]), Y(q[1])])
}
"""


@pytest.fixture
def circuits():
    torch.manual_seed(0)
    program = qmlc.compile(PROGRAM)
    return nn.ModuleList(program.f().double() for _ in range(3))


def one_by_one(circuits, x, y):
    return torch.stack([circuit(x[i], y[i]) for i, circuit in enumerate(circuits)])


def tensors(circuits):
    x = torch.randn(3, 5, 2, dtype=torch.float64, requires_grad=True)
    y = torch.randn(3, 5, dtype=torch.float64, requires_grad=True)
    return x, y, *circuits.parameters()


def test_values_and_gradients_of_both_orders(circuits):
    x, y, *weights = tensors(circuits)
    found, wanted = run_together(circuits, x, y), one_by_one(circuits, x, y)
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12)
    pairs = []
    for value in (found, wanted):
        first = torch.autograd.grad(value.square().sum(), (x, y, *weights), create_graph=True)
        second = torch.autograd.grad(sum(g.square().sum() for g in first), (x, y, *weights))
        pairs.append((*first, *second))
    torch.testing.assert_close(*pairs, rtol=1e-10, atol=1e-10)


def test_inputs_that_need_no_gradient_get_none(circuits):
    x, y, *weights = tensors(circuits)
    run_together(circuits, x.detach(), y).sum().backward(retain_graph=True)
    assert x.grad is None and y.grad is not None and weights[0].grad is not None


def test_a_second_backward_pass_yields_the_same(circuits):
    x, y, *_ = tensors(circuits)
    value = run_together(circuits, x, y).sum()
    (once,) = torch.autograd.grad(value, x, retain_graph=True)
    (twice,) = torch.autograd.grad(value, x)
    assert once.equal(twice)


def test_modules_that_differ_are_called_one_by_one(circuits):
    x, y, *_ = tensors(circuits)
    wanted = one_by_one(circuits, x, y)
    seen = []
    circuits[1].register_forward_hook(lambda *call: seen.append(call))
    assert run_together(circuits, x, y).equal(wanted) and len(seen) == 1
    circuits[2].float()
    torch.testing.assert_close(run_together(circuits, x, y), wanted, rtol=1e-6, atol=1e-6)


def test_it_is_compiled_and_transformed(circuits):
    x, y, *_ = (tensor.detach() for tensor in tensors(circuits))
    wanted = one_by_one(circuits, x, y)
    mapped = torch.func.vmap(lambda a, b: run_together(circuits, a, b), in_dims=1, out_dims=1)
    torch.testing.assert_close(mapped(x, y), wanted)
