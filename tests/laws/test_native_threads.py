"""Threads that share batches or states give what one thread gives, and the same each time."""

from __future__ import annotations

import pytest
import torch
from run_native import gradients_like, native, random_circuit, random_inputs, run_native

from qmlc.kernels.openmp import may_use_threads
from qmlc.runtime.native.program import least_work

GATES = ["rx", "ry", "rz", "h", "cx", "crz", "rzz"]


ONE_THREAD = "torch has no threads of GNU's runtime here"


@pytest.mark.skipif(not may_use_threads(), reason=ONE_THREAD)
@pytest.mark.parametrize(("qubits", "batch"), [(12, 1), (7, 128)])
def test_two_threads_give_what_one_gives_and_the_same_each_time(qubits, batch):
    circuit = random_circuit(qubits, qubits, 60, names=GATES)
    program = native(circuit, torch.float64)
    assert program.plan_call(batch, 2)[1] == 2
    x, w = random_inputs(batch, torch.float64)
    d_values, _ = gradients_like(circuit, batch)
    alone, first, second = (
        run_native(program, x, w, d_values, threads=threads) for threads in (1, 2, 2)
    )
    for one, two, again in zip(alone, first, second, strict=True):
        if one is not None:
            assert torch.equal(two, again)
            torch.testing.assert_close(two, one, atol=1e-12, rtol=1e-12)


@pytest.mark.skipif(not may_use_threads(), reason=ONE_THREAD)
def test_more_threads_are_woken_for_more_work():
    program = native(random_circuit(7, 7, 60, names=GATES), torch.float32)
    woken = [program.plan_call(batch, 64)[1] for batch in (1, 64, 256, 1 << 14)]
    assert woken == sorted(woken)
    assert woken[0] == 1
    assert woken[-1] == 64
    assert woken[2] < 64


def test_threads_are_woken_by_what_work_costs_on_the_host(tmp_path, monkeypatch):
    program = native(random_circuit(7, 7, 60, names=GATES), torch.float32)
    file = tmp_path / "host.toml"
    file.write_text("[seconds]\nthread = 10.0")
    monkeypatch.setenv("QMLC_HOST", str(file))
    least_work.cache_clear()
    woken = program.plan_call(1 << 14, 64)[1]
    least_work.cache_clear()
    assert woken == 1
