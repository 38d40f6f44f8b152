"""Programs with rules mean what they mean without: models in float64, circuits against Qiskit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp, Statevector

import qmlc

ATTENTION = """
model m(q: real[{lead}T, 4], k: real[{lead}S, 4], v: real[{lead}S, 3], bias: real[{bias}],
    mask: bool[{bias}]) -> real[{lead}T, 3] = softmax({scores}, dim=-1) @ v
"""
SCALES = ("q @ k.T / sqrt(4)", "q @ k.T * 0.3", "0.3 * (q @ k.T)", "(q / 2) @ k.T", "(3 * q) @ k.T",
          "q @ k.T")  # fmt: skip
MASKS = ("{s}", "{s} + bias", "bias + {s}", "where(mask, {s}, -inf)")
SIZES = {"B": 2, "H": 3, "T": 5, "S": 6}

RULES = """
rewrite distribute(x: real[...], y: real[...], z: real[...]) = x * y + x * z => x * (y + z)
rewrite twice(x: real[...]) = relu(relu(x)) => relu(x)
rewrite turn_back(x: real[...]) = -(-x) => x
rewrite negate(x: real[...], y: real[...]) = x + (-y) => x - y
rewrite merge(x: real[...], a: real, b: real) = x * a * b => x * (a * b)
rewrite product(x: real[..., n, m], y: real[..., m, n]) = (y.T @ x.T).T => x @ y
"""


def evaluate(text, inputs, level):
    """The program's model on inputs in float64, and its Python."""
    program = qmlc.compile(text, level=level)
    return program.m().double()(*inputs), program.python


def tensor(shape):
    return torch.randn([SIZES.get(d, d) for d in shape], dtype=torch.float64, requires_grad=True)


def dims(text):
    return [int(d) if d.isdigit() else d for d in text.replace(" ", "").split(",") if d]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("mask", MASKS)
def test_attention_is_lowered_and_keeps_its_value_and_gradient(scale, mask):
    torch.manual_seed(0)
    index = SCALES.index(scale) + MASKS.index(mask)
    lead = ("", "B, ", "B, H, ")[index % 3]
    bias = (lead + "T, S", "1, S", "T, S", "T, 1")[index % 4]
    text = ATTENTION.format(lead=lead, bias=bias, scores=mask.format(s=scale))
    q, k, v = (tensor([*dims(lead), *shape]) for shape in (("T", 4), ("S", 4), ("S", 3)))
    offset = tensor(dims(bias))
    inputs = [q, k, v, offset, torch.rand(offset.shape) < 0.8]
    wanted, plain = evaluate(text, inputs, 0)
    found, lowered = evaluate(text, inputs, 2)
    assert "softmax" in plain and "F.scaled_dot_product_attention" in lowered
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-10, equal_nan=True)
    if not wanted.isnan().any():
        before, after = (torch.autograd.grad(y.sin().sum(), q) for y in (wanted, found))
        torch.testing.assert_close(after, before, rtol=1e-9, atol=1e-9)


def test_masked_keys_have_no_weight_and_a_row_without_keys_is_nan_as_written():
    text = ATTENTION.format(lead="", bias="T, S", scores="q @ k.T / 2 + bias")
    q, k, v, bias = tensor(["T", 4]), tensor(["S", 4]), tensor(["S", 3]), torch.zeros(5, 6).double()
    bias[:, 4:] = -torch.inf
    bias[1] = -torch.inf
    inputs = [q, k, v, bias, bias > -1]
    wanted, _ = evaluate(text, inputs, 0)
    found, _ = evaluate(text, inputs, 2)
    assert wanted[1].isnan().all()
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-10, equal_nan=True)


def test_what_is_used_elsewhere_is_not_matched_away():
    text = """
    model m(q: real[T, 4], k: real[S, 4], v: real[S, 3]) -> (y: real[T, 3], w: real[T, S]) {
        let w = softmax(q @ k.T / 2)
        return (y=w @ v, w=w)
    }
    """
    assert "scaled_dot_product" not in qmlc.compile(text).python


@st.composite
def expressions(draw, depth=4):
    """An expression of square matrices over x, y and numbers, in which rules find something."""
    if depth == 0 or draw(st.integers(0, 5)) == 0:
        return draw(st.sampled_from(("x", "y", "x", "z")))
    a, b, c = (draw(expressions(depth - 1)) for _ in range(3))
    forms = (
        f"({a} * {b} + {a} * {c})", f"({b} * {a} + {c} * {a})", f"relu(relu({a}))", f"(-(-({a})))",
        f"({a} + (-({b})))", f"({a} * 0.5 * 3)", f"({a}.T @ {b}.T).T", f"({a} - {b})",
        f"({a} @ {b} / 4)", f"tanh({a})", f"softmax({a} @ {b}.T / 2 + {c}) @ {a}",
    )  # fmt: skip
    return draw(st.sampled_from(forms))


@settings(max_examples=15, deadline=None)
@given(expressions())
def test_random_models_keep_their_value(expression):
    header = "model m(x: real[n, n], y: real[n, n], z: real[n, n]) -> real[n, n] = "
    body = f"tanh({expression} + 0 * x)" if expression in "xyz" else expression
    text = f"{RULES}\n{header}{body}\n"
    torch.manual_seed(1)
    inputs = [torch.randn(3, 3, dtype=torch.float64) for _ in range(3)]
    wanted, _ = evaluate(text, inputs, 0)
    for level in (2, 3):
        found, python = evaluate(text, inputs, level)
        torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-9)
    assert qmlc.compile(text, level=3).python == python


PROBE = """
rewrite merge_rz(u: real, v: real) a {
    rz(u) a
    rz(v) a
} => { rz(u + v) a }

rewrite rzz_from_cx(u: real) a, b {
    cx a, b
    rz(u) b
    cx a, b
} => { rzz(u) a, b }

circuit m(a: real[3]) -> real[2] {
    qubit q[2]
    rz(a[0]) q[0]
    rz(a[1]) q[0]
    h q
    cx q[0], q[1]
    rz(a[2]) q[1]
    cx q[0], q[1]
    h q
    return expval(Z(q))
}
"""


def test_a_circuit_after_rules_is_qiskits_before():
    angles = [0.3, -1.2, 0.7]
    circuit = QuantumCircuit(2)
    circuit.rz(angles[0], 0)
    circuit.rz(angles[1], 0)
    circuit.h([0, 1])
    circuit.cx(0, 1)
    circuit.rz(angles[2], 1)
    circuit.cx(0, 1)
    circuit.h([0, 1])
    state = Statevector(circuit)
    wanted = [state.expectation_value(SparsePauliOp(p)).real for p in ("IZ", "ZI")]
    program = qmlc.compile(PROBE)
    names = [i.name for i in program.program.units[0].circuit.instructions]
    assert names == ["rz", "rxx"]
    found = program.m().double()(torch.tensor(angles, dtype=torch.float64))
    np.testing.assert_allclose(found.detach().numpy(), wanted, atol=1e-12)


def test_rules_are_imported_and_go_before_those_of_the_library(tmp_path):
    (tmp_path / "mine.hqm").write_text(
        "rewrite flip(u: real) a { h a\n rz(u) a\n h a } => { u(u, -pi/2, pi/2) a }"
    )
    program = tmp_path / "program.hqm"
    program.write_text(
        'use "mine.hqm" (flip)\n'
        "circuit m(x: real) -> real {\n qubit q\n h q\n rz(x) q\n h q\n return expval(Z(q)) }\n"
    )
    loaded = qmlc.load(program, level=2)
    assert [rule.name for rule in loaded.program.rules] == ["flip"]
    assert [i.name for i in loaded.program.units[0].circuit.instructions] == ["u"]
