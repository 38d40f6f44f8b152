"""Both engines give the same results and gradients, whatever is done with the tensors."""

from __future__ import annotations

import copy
import multiprocessing
import threading

import pytest
import torch
from torch import nn
from torch.func import functional_call, grad, hessian, jacrev, jvp, vmap
from torch.utils.checkpoint import checkpoint

import qmlc

PROGRAM = """
circuit vqc(x: real[4]) -> real[4] {
    param w: real[2, 4] ~ uniform(0, 2*pi)
    qubit q[4]
    ry(x) q
    for l in range(2) {
        rx(w[l]) q
        for a, b in ring(q) { cx a, b }
    }
    return expval(Z(q))
}

circuit rich(x: real[2], y: real) -> (energy: real, picks: real[4], spread: real) {
    param a: real ~ normal(0, 1)
    param b: real[2] ~ normal(0, 1)
    qubit q[2]
    ry(x * y) q
    rx(tanh(x[0]) * sin(a)) q[1]
    crz(b[0]) q[0], q[1]
    rxx(b[1]) q[0], q[1]
    let energy = expval(a * Z(q[0]) + x[1] * X(q[1]))
    return (energy=energy, picks=probs(q), spread=variance(Z(q[0]) * X(q[1])))
}

circuit prepared(x: real[2]) -> complex[4] {
    param w: real[2] ~ normal(0, 1)
    qubit q[2]
    ry(x) q
    cx q[0], q[1]
    rz(w) q
    return state(q)
}

kernel overlaps(x: real[3]) {
    qubit q[3]
    h q
    rz(x) q
    rzz(x[0] * x[1]) q[0], q[1]
    ry(x) q
}
"""
SHAPES = {"vqc": [(4,)], "rich": [(2,), ()], "prepared": [(2,)]}
NAMES = sorted(SHAPES)


@pytest.fixture(scope="module")
def programs():
    return qmlc.compile(PROGRAM)


def inputs_for(name, *batch, dtype=torch.float64):
    return [torch.randn((*batch, *shape), dtype=dtype) for shape in SHAPES[name]]


def pair(programs, name, dtype=torch.float64):
    """The same module on the native engine and on the reference."""
    net = getattr(programs, name)().to(dtype)
    other = copy.deepcopy(net)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QMLC_ENGINE", "reference")
        assert other.engine == "reference: QMLC_ENGINE says so"
    assert net.engine.startswith("native: ")
    return net, other


def total(results):
    """A number that depends on all results, in different ways."""
    results = results if isinstance(results, tuple) else (results,)
    parts = [torch.view_as_real(r) if r.is_complex() else r for r in results]
    return sum((part * torch.linspace(-1, 2, part.numel()).reshape(part.shape)).sum().sin()
               for part in parts)  # fmt: skip


def gradients(net, inputs, **options):
    tensors = [*net.parameters(), *inputs]
    return torch.autograd.grad(total(net(*inputs)), tensors, **options)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("batch", [(), (1,), (37,), (2, 3), (0,)])
def test_engines_agree(programs, name, batch):
    net, other = pair(programs, name)
    inputs = [t.requires_grad_() for t in inputs_for(name, *batch)]
    torch.testing.assert_close(net(*inputs), other(*inputs))
    torch.testing.assert_close(gradients(net, inputs), gradients(other, inputs))
    assert net.engine.startswith("native") == (batch != (0,))


def test_inputs_broadcast_and_need_not_be_contiguous(programs):
    net, other = pair(programs, "rich")
    for x, y in (
        (torch.randn(2, 5).T, torch.randn(3, 1)),
        (torch.randn(2).expand(6, 2), torch.randn(12)[::2]),
        (torch.randn(4, 2), torch.randn(4, dtype=torch.complex64).conj().imag),
        (torch.arange(6).reshape(3, 2), torch.tensor(2)),
    ):
        x, y = (t.double().requires_grad_() if t.is_floating_point() else t for t in (x, y))
        torch.testing.assert_close(net(x, y), other(x, y))
        weights = list(net.parameters())
        wanted = torch.autograd.grad(total(other(x, y)), list(other.parameters()))
        torch.testing.assert_close(torch.autograd.grad(total(net(x, y)), weights), wanted)


@pytest.mark.parametrize("name", NAMES)
def test_second_derivatives(programs, name):
    net, _ = pair(programs, name)
    inputs = [t.requires_grad_() for t in inputs_for(name, 3)]
    torch.autograd.gradgradcheck(lambda *given: total(net(*given)), inputs)
    first = gradients(net, inputs, create_graph=True)
    second = torch.autograd.grad(sum(g.square().sum() for g in first), list(net.parameters()))
    assert all(g.isfinite().all() and g.any() for g in second)


@pytest.mark.parametrize("name", NAMES)
def test_functional_transforms(programs, name):
    """Gradients of weights sample by sample, Jacobians, Hessians, forward derivatives."""
    net, _ = pair(programs, name)
    inputs, weights = inputs_for(name, 5), dict(net.named_parameters())

    def loss(weights, *sample):
        return total(functional_call(net, weights, sample))

    found = vmap(grad(loss), in_dims=(None, *[0] * len(inputs)))(weights, *inputs)
    for i, sample in enumerate(zip(*inputs, strict=True)):
        alone = torch.autograd.grad(total(net(*sample)), list(weights.values()))
        torch.testing.assert_close(tuple(g[i] for g in found.values()), alone)
    sample = [t[0] for t in inputs]
    slope = jacrev(loss)(weights, *sample)
    direction = {key: torch.randn_like(w) for key, w in weights.items()}
    _, change = jvp(lambda w: loss(w, *sample), (weights,), (direction,))
    torch.testing.assert_close(change, sum((slope[k] * d).sum() for k, d in direction.items()))
    assert all(h.isfinite().all() for row in hessian(loss)(weights, *sample).values()
               for h in row.values())  # fmt: skip


def test_batches_of_outer_gradients(programs):
    net, other = pair(programs, "vqc")
    x = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    outer = torch.randn(7, 3, 4, dtype=torch.float64)
    found, wanted = (
        torch.autograd.grad(n(x), [x, n.w], outer, is_grads_batched=True) for n in (net, other)
    )
    torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("name", NAMES)
def test_two_calls_before_one_backward_pass_and_two_passes_after_one_call(programs, name):
    net, other = pair(programs, name)
    for n in (net, other):
        torch.manual_seed(1)
        one, two = inputs_for(name, 20), inputs_for(name, 33)
        first, second = total(n(*one)), total(n(*two))
        second.backward(retain_graph=True)
        first.backward()
        second.backward()
        with pytest.raises(RuntimeError, match="second time"):
            second.backward()
    for weight, expected in zip(net.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(weight.grad, expected.grad)


def test_what_changed_in_between_is_noticed(programs):
    net, _ = pair(programs, "vqc")
    for change in (lambda x: net.w.add_(1), lambda x: x.mul_(2)):
        x = torch.randn(8, 4, dtype=torch.float64)
        result = net(x).sum()
        with torch.no_grad():
            change(x)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            result.backward()
    x = torch.randn(8, 4, dtype=torch.float64)
    net(x).mul_(2).sum().backward()


def test_nothing_is_recorded_where_nothing_is_asked(programs):
    net, _ = pair(programs, "vqc")
    x = torch.randn(8, 4, dtype=torch.float64)
    expected = net(x).detach()
    with torch.no_grad():
        assert torch.equal(net(x), expected) and net(x).grad_fn is None
    with torch.inference_mode():
        inferred = net(torch.randn_like(x).copy_(x))
        assert torch.equal(inferred, expected) and inferred.is_inference()
    assert torch.equal(net(x), expected)
    net.requires_grad_(False)
    assert net(x).grad_fn is None
    moving = x.clone().requires_grad_()
    net(moving).sum().backward()
    assert net.w.grad is None and moving.grad is not None


def test_checkpoints_and_hooks_on_what_is_saved(programs):
    net, _ = pair(programs, "vqc")
    x = torch.randn(8, 4, dtype=torch.float64, requires_grad=True)
    wanted = torch.autograd.grad(total(net(x)), [x, net.w])
    again = checkpoint(net, x, use_reentrant=False)
    torch.testing.assert_close(torch.autograd.grad(total(again), [x, net.w]), wanted)
    with torch.autograd.graph.save_on_cpu():
        hooked = net(x)
    torch.testing.assert_close(torch.autograd.grad(total(hooked), [x, net.w]), wanted)


def test_numbers_that_are_none_stay_with_their_sample(programs):
    net, _ = pair(programs, "vqc", torch.float32)
    for bad in (float("nan"), float("inf")):
        x = torch.randn(40, 4)
        x[7, 2] = bad
        x.requires_grad_()
        result = net(x)
        assert result[7].isnan().any() and result[torch.arange(40) != 7].isfinite().all()
        result.sum().backward()
        assert x.grad[7].isnan().any() and x.grad[torch.arange(40) != 7].isfinite().all()


def test_autocast_and_lower_precision(programs):
    net, x = programs.vqc(), torch.randn(6, 4)
    expected = net(x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(net(x), expected)
        low = nn.Linear(4, 4)(x)
        assert low.dtype == torch.bfloat16 and net(low).dtype == torch.float32
        net(low).sum().backward()
    half = copy.deepcopy(net).bfloat16()
    result = half(x.bfloat16())
    result.sum().backward()
    assert result.dtype == half.w.grad.dtype == torch.bfloat16
    assert half.engine.startswith("native: float32")


def test_python_threads_share_a_module(programs):
    net, _ = pair(programs, "vqc")
    inputs = [torch.randn(50, 4, dtype=torch.float64) for _ in range(6)]
    wanted = [torch.autograd.grad(total(net(x)), net.w)[0] for x in inputs]
    wrong = []

    def work(x, expected):
        for _ in range(20):
            if not torch.equal(torch.autograd.grad(total(net(x)), net.w)[0], expected):
                wrong.append(x)

    threads = [
        threading.Thread(target=work, args=pair) for pair in zip(inputs, wanted, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_repeated_runs_are_equal_to_the_bit(programs):
    net, _ = pair(programs, "vqc", torch.float32)
    before, x = torch.get_num_threads(), torch.randn(999, 4)
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            first = torch.autograd.grad(total(net(x)), net.w)[0]
            again = [torch.autograd.grad(total(net(x)), net.w)[0] for _ in range(5)]
            assert all(torch.equal(first, other) for other in again)
    finally:
        torch.set_num_threads(before)


def _in_child(net, x, expected, answers):
    answers.put(torch.equal(torch.autograd.grad(total(net(x)), net.w)[0], expected))


def test_a_fork_goes_on(programs):
    """After the parent has used its threads, which a child does not have."""
    net, _ = pair(programs, "vqc", torch.float32)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        x = torch.randn(4000, 4)
        net(x).sum().backward()
        torch.set_num_threads(1)
        expected = torch.autograd.grad(total(net(x)), net.w)[0]
        context = multiprocessing.get_context("fork")
        answers = context.Queue()
        child = context.Process(target=_in_child, args=(net, x, expected, answers))
        child.start()
        assert answers.get(timeout=30)
        child.join()
    finally:
        torch.set_num_threads(before)


def test_the_engine_says_why_it_is_the_reference(programs):
    net, x = programs.vqc(), torch.randn(3, 4)
    assert net.engine.startswith("native: float32, ")
    net.simulate_shots(100)
    assert net.engine == "reference: 100 shots is simulated"
    net.eval()
    assert net.engine.startswith("native")
    vmap(net)(x)
    assert net.engine == "reference: it is transformed by torch.func"
    net(x)
    assert net.engine.startswith("native")


def test_an_engine_that_is_none_is_named(programs, monkeypatch):
    monkeypatch.setenv("QMLC_ENGINE", "fast")
    with pytest.raises(ValueError, match="QMLC_ENGINE is `fast`: it must be `native` or"):
        programs.vqc()


def test_a_kernel_prepares_the_same_rows_once(programs):
    net, other = pair(programs, "overlaps")
    x = torch.randn(9, 3, dtype=torch.float64, requires_grad=True)
    copied = x.detach().clone().requires_grad_()
    once, twice = net(x, x), other(x, copied)
    torch.testing.assert_close(once, twice)
    torch.testing.assert_close(once.diagonal(), torch.ones(9, dtype=torch.float64))
    outer = torch.randn(9, 9, dtype=torch.float64)
    wanted = torch.autograd.grad(twice, [x, copied], outer)
    torch.testing.assert_close(torch.autograd.grad(once, x, outer)[0], sum(wanted))


def test_parameters_of_another_shape_are_refused(programs):
    with pytest.raises(
        ValueError, match=r"^vqc: the parameter `w` is real\[4\], but real\[2, 4\] "
    ):
        functional_call(programs.vqc(), {"w": torch.ones(4)}, torch.rand(3, 4))
    with pytest.raises(
        ValueError, match=r"^rich: the parameter `a` is real\[1\], but real is decl"
    ):
        functional_call(programs.rich(), {"a": torch.ones(1)}, (torch.rand(2), torch.rand(())))


@pytest.mark.parametrize("body", ["", "for i in range(10) { let m = measure q[i]\n reset q[i] }"])
def test_what_does_not_fit_is_refused_before_it_is_prepared(body):
    qubits = 31 if body else 40  # of which each reset makes one more
    program = qmlc.compile(
        f"circuit wide(t: real) -> real {{ qubit q[{qubits}]\n ry(t) q\n {body}\n"
        " return expval(Z(q[0])) }"
    )
    net = program.wide()
    for ask in (lambda: net.engine, net.memory, lambda: net(torch.tensor(0.1))):
        with pytest.raises(ValueError, match=r"E0608.*: 1 state of 4. qubits needs .* are free"):
            ask()


def test_memory_is_known_before_a_call(programs):
    """A sample needs its state, and what its angles are made into."""
    net = programs.vqc().double()
    few, many = net.memory(1000), net.memory(3000)
    state = 16 * 2**4
    assert 2000 * state <= many - few <= 2000 * 3 * state
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QMLC_ENGINE", "reference")
        assert programs.vqc().memory(10) == 4 * 10 * 8 * 2**4
