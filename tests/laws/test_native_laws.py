"""Native programs equal the reference in complex128, in both layouts, with their gradients."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from run_native import (
    gradients_like,
    layouts,
    measured_circuit,
    native,
    random_circuit,
    random_inputs,
    run_native,
    run_reference,
)

from qmlc.kernels.host import cache_bytes
from qmlc.ops.gates import GATES, gate_arity
from qmlc.runtime.native.native_circuit import native_circuit
from qmlc.runtime.plan import place_plan
from qmlc.runtime.plan_circuit import plan_circuit
from qmlc.runtime.run_plan import run_plan

TOLERANCES = {torch.float32: (2e-6, 2e-5), torch.float64: (1e-13, 1e-12)}
"""Of values and states, and of gradients."""
BATCHES = (1, 2, 3, 7, 16, 17, 32)
NARROWER = {torch.float32: 32, torch.float64: 16}
"""Bytes of vectors that most machines can do better than, and one cannot."""
FREQUENT = "h x sx rx ry rz p cx cz crx ccx rzz swap rotation".split()
KINDS = (("expval",), ("state",), ("expval", "state"))


def check(circuit, dtype, samples, x, w, *, vector_bytes=None, threads=1, seed=0):
    """Values, state and gradients equal those of the reference."""
    program = native(circuit, dtype, samples, vector_bytes)
    given = gradients_like(circuit, len(x), dtype, seed)
    got = run_native(program, x, w, *given, threads)
    wanted = run_reference(circuit, x, w, *given)
    for position, (one, other) in enumerate(zip(got, wanted, strict=True)):
        if other is not None:
            tolerance = TOLERANCES[dtype][position > 1]
            torch.testing.assert_close(one.to(other.dtype), other, atol=tolerance, rtol=tolerance)


def check_everywhere(circuit, batch, seed=0, widths=(None,), threads=1):
    """In both precisions and both layouts, with vectors of the host's width and narrower ones."""
    for dtype in TOLERANCES:
        for width in widths:
            vector_bytes = NARROWER[dtype] if width else None
            for samples in layouts(circuit.num_qubits, dtype, vector_bytes):
                if not samples or circuit.num_qubits < 15:
                    x, w = random_inputs(batch, dtype, seed)
                    check(
                        circuit, dtype, samples, x, w,
                        vector_bytes=vector_bytes, threads=threads, seed=seed,
                    )  # fmt: skip


SEEDS = st.integers(0, 10**6)


@given(
    SEEDS, st.integers(1, 6), st.integers(0, 20), st.sampled_from(BATCHES),
    st.sampled_from(KINDS), st.booleans(),
)  # fmt: skip
def test_a_native_program_equals_the_reference(seed, qubits, gates, batch, kinds, narrow):
    check_everywhere(random_circuit(seed, qubits, gates, kinds), batch, seed, (narrow,))


@pytest.mark.parametrize("qubits", [7, 8, 9, 10, 11, 12, 13, 16, 20])
def test_wide_circuits_equal_the_reference(qubits):
    gates = 20 if qubits < 14 else 6
    circuit = random_circuit(qubits, qubits, gates, ("expval",), FREQUENT)
    check_everywhere(circuit, 3 if qubits < 12 else 1, qubits)


@pytest.mark.parametrize("name", GATES)
def test_each_gate_equals_the_reference(name):
    qubits = max(4, gate_arity(name)[1])
    circuit = random_circuit(7, qubits, 6, ("expval", "state"), [name, "ry", "rx"])
    check_everywhere(circuit, 3)


@given(SEEDS, st.integers(3, 7), st.sampled_from((1, 5)), st.sampled_from(KINDS), st.booleans())
def test_matrices_and_permutations_equal_the_reference(seed, qubits, batch, kinds, narrow):
    names = ["unitary", "unitary", "ecr", "rx", "ry", "rz", "cx", "ccx"]
    check_everywhere(random_circuit(seed, qubits, 8, kinds, names), batch, seed, (narrow,))


@given(
    SEEDS, st.integers(1, 7), st.lists(st.integers(1, 4), min_size=1), st.integers(0, 12),
    st.sampled_from((1, 5)), st.sampled_from(KINDS),
)  # fmt: skip
def test_prepared_amplitudes_equal_the_reference(seed, qubits, widths, gates, batch, kinds):
    while sum(widths) > qubits:
        widths.pop()
    circuit = random_circuit(seed, qubits, gates, kinds, prepared=widths)
    check_everywhere(circuit, batch, seed)


@given(SEEDS, st.integers(1, 4), st.integers(1, 20), st.integers(1, 5), st.sampled_from((1, 3)))
def test_measured_circuits_equal_the_reference(seed, qubits, steps, records, batch):
    circuit = measured_circuit(seed, qubits, steps, records)
    made = native_circuit(circuit, torch.float64)
    assert not isinstance(made, str)
    plan = place_plan(plan_circuit(circuit), torch.float64, torch.device("cpu"))
    x, w = (t.requires_grad_() for t in random_inputs(batch, torch.float64, seed))
    got = made.run_flat(x, w)
    wanted = [r.expand(len(x), *r.shape[1:]) for r in run_plan(plan, x.T, w[:, None])]
    torch.testing.assert_close(got, wanted, atol=1e-12, rtol=0)
    one, other = (
        torch.autograd.grad(sum((r * r).sum() for r in results) + 0 * (x.sum() + w.sum()), (x, w))
        for results in (got, wanted)
    )
    torch.testing.assert_close(one, other, atol=1e-11, rtol=0)


@pytest.mark.parametrize("samples", [True, False])
@pytest.mark.parametrize("dtype", TOLERANCES)
def test_angles_may_be_as_large_and_as_small_as_numbers_are(dtype, samples):
    circuit = random_circuit(3, 5, 25, ("expval", "state"), ["rx", "ry", "rz", "p", "crz", "rzz"])
    special = [0.0, -0.0, math.pi, 2 * math.pi, -math.pi / 2, 1e-30, 1e4, 40 * math.pi, 1.0]
    x = torch.tensor(special, dtype=dtype).reshape(3, 3)
    w = torch.tensor([math.pi, 0.0, 2 * math.pi, -math.pi, 1e-30], dtype=dtype)
    check(circuit, dtype, samples, x, w)


@pytest.fixture
def small_caches(monkeypatch):
    """States are larger than the caches, so that they are gone through block by block."""
    monkeypatch.setenv("QMLC_L2_BYTES", "4096")
    cache_bytes.cache_clear()
    yield
    monkeypatch.undo()
    cache_bytes.cache_clear()


@pytest.mark.usefixtures("small_caches")
@settings(max_examples=12)
@given(
    SEEDS, st.integers(6, 9), st.integers(5, 30), st.sampled_from(KINDS), st.integers(1, 3),
    st.sampled_from([(), (2, 3)]),
)  # fmt: skip
def test_states_larger_than_the_cache_equal_the_reference(
    seed, qubits, gates, kinds, threads, prepared
):
    circuit = random_circuit(seed, qubits, gates, kinds, prepared=prepared)
    check_everywhere(circuit, 3, seed, threads=threads)


@pytest.mark.parametrize("samples", [True, False])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_reaches_only_its_sample(bad, samples):
    circuit = random_circuit(2, 5, 30, names=FREQUENT)
    program = native(circuit, torch.float32, samples)
    x, w = random_inputs(9, torch.float32)
    d_values, _ = gradients_like(circuit, 9, torch.float32)
    values, _, d_x, _ = run_native(program, x, w, d_values)
    worse = x.clone()
    worse[4, 0] = bad
    reached, _, d_reached, d_w = run_native(program, worse, w, d_values)
    others = [0, 1, 2, 3, 5, 6, 7, 8]
    assert reached[4].isnan().all()
    assert d_reached[4].isnan().any()
    assert torch.equal(reached[others], values[others])
    assert torch.equal(d_reached[others], d_x[others])
    assert d_w.isnan().any()
    w[1] = bad
    assert run_native(program, x, w, d_values)[0].isnan().all()


@pytest.mark.parametrize("samples", [True, False])
@pytest.mark.parametrize("threads", [1, 2])
def test_passes_do_not_disturb_each_other(samples, threads):
    circuit = random_circuit(11, 8, 40, ("expval", "state"), FREQUENT)
    program = native(circuit, torch.float32, samples)
    first, second = (random_inputs(37, torch.float32, seed) for seed in (1, 2))
    given = gradients_like(circuit, 37, torch.float32)
    alone = run_native(program, *first, *given, threads)
    kept = program.forward(*first, threads)
    other = program.forward(*second, threads)
    program.backward(other[2], *second, *given)
    for _ in range(2):
        together = (*kept[:2], *program.backward(kept[2], *first, *given))
        assert all(torch.equal(one, two) for one, two in zip(alone, together, strict=True))


@pytest.mark.parametrize("samples", [True, False])
def test_a_pass_that_keeps_nothing_gives_the_same(samples):
    circuit = random_circuit(12, 6, 30, ("expval", "state"))
    program = native(circuit, torch.float32, samples)
    x, w = random_inputs(19, torch.float32)
    for one, two in zip(
        program.forward(x, w)[:2], program.forward(x, w, 1, False)[:2], strict=True
    ):
        assert torch.equal(one, two)


def test_inputs_without_gradients_are_skipped():
    circuit = random_circuit(13, 4, 20, names=FREQUENT)
    program = native(circuit, torch.float64)
    x, w = random_inputs(5, torch.float64)
    d_values, _ = gradients_like(circuit, 5)
    saved = program.forward(x, w)[2]
    d_x, d_w = program.backward(saved, x, w, d_values, None)
    assert d_x is not None
    none, same = program.backward(saved, x, w, d_values, None, False)
    assert none is None
    assert torch.equal(same, d_w)
