"""Calls that an engine which reads memory could get wrong."""

from __future__ import annotations

import threading

import pytest
import torch

from qmlc.ir.array import Array
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.operator import Operator
from qmlc.runtime import CircuitModule


@pytest.fixture
def net():
    c = CircuitBuilder("net")
    x, w = c.input("x", 3), c.parameter("w", 3)
    q = c.qubits("q", 3)
    for i in range(3):
        c.ry(x[i], q[i])
        c.rx(w[i], q[i])
    c.cx(q[0], q[1])
    c.cx(q[1], q[2])
    c.expval(Array.stack([Operator.pauli("Z", i) for i in range(3)]))
    module = CircuitModule.from_circuit(c.build())
    torch.nn.init.uniform_(module.w)
    return module


def test_numbers_that_torch_negates_lazily_are_read_negated(net):
    x = torch.randn(5, 3)
    lazy = torch.complex(torch.zeros(5, 3), -x).conj().imag
    assert lazy.is_neg()
    torch.testing.assert_close(net(lazy), net(x))


def test_results_may_be_changed_in_place(net):
    x = torch.randn(5, 3)
    expected = torch.autograd.grad((2 * net(x)).relu().sum(), net.w)
    changed = net(x).mul_(2).relu_()
    torch.testing.assert_close(torch.autograd.grad(changed.sum(), net.w), expected)


def test_parameters_changed_before_the_backward_pass_are_noticed(net):
    loss = net(torch.randn(5, 3)).sum()
    with torch.no_grad():
        net.w.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_many_gradients_at_once_equal_each(net):
    x = torch.randn(3, requires_grad=True)
    rows = torch.eye(3)
    (found,) = torch.autograd.grad(net(x), x, rows, is_grads_batched=True)
    each = [torch.autograd.grad(net(x), x, row)[0] for row in rows]
    torch.testing.assert_close(found, torch.stack(each))


def test_threads_share_a_module(net):
    x = torch.randn(40, 3)
    expected, wrong = net(x).detach(), []

    def work():
        for _ in range(50):
            result = net(x)
            torch.autograd.grad(result.sum(), net.w)
            wrong.extend([1] * (not torch.equal(result.detach(), expected)))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
