"""Gradients, second gradients and torch.func transforms of the engine, on random circuits."""

from __future__ import annotations

import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.func import functional_call, grad, jacrev, vmap

from qmlc.runtime.circuit_module import CircuitModule
from qmlc.testing.strategies import circuits

LAW = settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
KINDS = ("expval", "variance", "probs", "purity")
SMALL = {"max_qubits": 3, "max_gates": 8, "kinds": KINDS}


def double_module(circuit, seed):
    torch.manual_seed(seed)
    module = CircuitModule.from_circuit(circuit).double()
    return module, torch.randn(2, 2, dtype=torch.float64)


def call(module, x, w):
    return torch.cat([r.flatten() for r in functional_call(module, {"w": w}, (x,))])


@LAW
@given(circuits(**SMALL), st.integers(0, 99))
def test_first_and_second_gradients_are_finite_differences(circuit, seed):
    module, x = double_module(circuit, seed)
    x.requires_grad_()
    w = module.state_dict()["w"].clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda x, w: call(module, x, w) + 0 * w.sum(), (x, w))
    result = call(module, x, w)
    if not torch.autograd.grad(result.sum() + 0 * w.sum(), w, create_graph=True)[0].requires_grad:
        return
    # a random projection keeps the second check cheap
    weights = torch.randn(result.shape, dtype=torch.float64)
    assert torch.autograd.gradgradcheck(lambda x, w: (call(module, x, w) * weights).sum(), (x, w))


@LAW
@given(circuits(**SMALL, measurements=True), st.integers(0, 99))
def test_gradients_through_measurements(circuit, seed):
    module, x = double_module(circuit, seed)
    w = module.state_dict()["w"].clone().requires_grad_()
    x.requires_grad_()
    assert torch.autograd.gradcheck(lambda x, w: call(module, x, w) + 0 * w.sum(), (x, w))


@LAW
@given(circuits(**SMALL), st.integers(0, 99))
def test_vmap_and_jacrev_equal_loops(circuit, seed):
    module, x = double_module(circuit, seed)
    w = torch.randn(4, 3, dtype=torch.float64)
    expected = torch.stack([call(module, x, one) for one in w])
    torch.testing.assert_close(vmap(lambda w: call(module, x, w))(w), expected)
    jacobian = jacrev(lambda w: call(module, x, w))(w[0])
    loop = torch.autograd.functional.jacobian(lambda w: call(module, x, w), w[0])
    torch.testing.assert_close(jacobian, loop)
    per_sample = vmap(grad(lambda w, x: call(module, x, w).sum()), (None, 0))(w[0], x)
    total = grad(lambda w: call(module, x, w).sum())(w[0])
    torch.testing.assert_close(per_sample.sum(0), total)


@LAW
@given(circuits(**SMALL), st.integers(0, 99))
def test_a_batch_is_its_samples(circuit, seed):
    module, _ = double_module(circuit, seed)
    x = torch.randn(2, 3, 2, dtype=torch.float64)
    for whole, *samples in zip(module(x), *(module(one) for one in x.reshape(6, 2)), strict=True):
        torch.testing.assert_close(whole.reshape(6, -1), torch.stack(samples).reshape(6, -1))
    for result, empty in zip(module(x[0, 0]), module(x[:, :0]), strict=True):
        assert empty.shape == (2, 0, *result.shape)

