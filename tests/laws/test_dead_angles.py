"""What is said to have no influence has none, on random circuits; and some that is found."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.func import functional_call

import qmlc
from qmlc.ir.find_dead_angles import find_dead_angles
from qmlc.runtime.circuit_module import CircuitModule
from qmlc.testing.strategies import circuits

LAW = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
KINDS = ("expval", "variance", "probs", "purity", "entropy")


@LAW
@given(circuits(kinds=KINDS, max_gates=8), st.integers(0, 99))
def test_dead_angles_have_no_gradient(circuit, seed):
    check(circuit, seed)


@LAW
@given(circuits(kinds=KINDS, max_gates=8, measurements=True), st.integers(0, 99))
def test_dead_angles_have_no_gradient_with_measurements(circuit, seed):
    check(circuit, seed)


def check(circuit, seed):
    dead = find_dead_angles(circuit)
    if not dead:
        return
    torch.manual_seed(seed)
    module = CircuitModule.from_circuit(circuit).double()
    leaves = {"x": torch.randn(2).double(), "w": module.state_dict()["w"]}
    for symbol in dead:
        one = torch.zeros_like(leaves[symbol.name])
        one[symbol.index] = 1

        def results(step, one=one, name=symbol.name):
            moved = {**leaves, name: leaves[name] + step * one}
            found = functional_call(module, {"w": moved["w"]}, (moved["x"],))
            return torch.cat([part.flatten() for part in found])

        # far, not only near: entropies have no derivative at 0
        torch.testing.assert_close(results(0.9), results(0.0), atol=1e-7, rtol=0)


@pytest.mark.parametrize(
    ("body", "dead"),
    [
        ("ry(w[0]) q[0]\n rz(w[1]) q[0]\n return expval(Z(q[0]))", {1}),
        ("rz(w[0]) q\n ry(w[1]) q\n return expval(Z(q))", {0}),
        ("ry(w[0]) q[0]\n ry(w[1]) q[1]\n return expval(Z(q[0]))", {1}),
        ("ry(w[0]) q[0]\n cx q[0], q[1]\n ry(w[1]) q[0]\n return expval(Z(q[1]))", {1}),
        ("ry(w[0]) q[0]\n cx q[0], q[1]\n rx(w[1]) q[1]\n return expval(X(q[1]))", {0, 1}),
        ("h q[0]\n crx(w[0]) q[1], q[0]\n rx(w[1]) q[1]\n return expval(Z(q[1]))", {0}),
        ("ry(w[0]) q\n rzz(w[1]) q[0], q[1]\n return probs(q)", {1}),
        ("ry(w[0]) q\n let m = measure q[0]\n rz(w[1]) q[0]\n return expval(X(q[0]))", {0}),
        ("ry(w[0]) q[0]\n let m = measure q[0]\n if m { rx(w[1]) q[1] }\n"
         " return expval(Z(q[1]))", set()),
        ("ry(w[0]) q[0]\n reset q[0]\n ry(w[1]) q[0]\n return expval(Z(q[0]))", {0}),
        ("h q[0]\n rz(w[0]) q[0]\n h q[0]\n ry(w[1]) q[0]\n return expval(Z(q[0]))", set()),
    ],
)  # fmt: skip
def test_these_are_found(body, dead):
    text = f"circuit c() {{\n param w: real[2] ~ normal(0, 1)\n qubit q[2]\n {body}\n}}"
    circuit = qmlc.compile(text).c().circuit_ir
    assert {symbol.index[0] for symbol in find_dead_angles(circuit)} == dead
