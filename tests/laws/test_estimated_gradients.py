"""Gradients from values of a circuit are those of the simulation; in the mean, where they draw."""

from __future__ import annotations

from dataclasses import replace
from math import pi, sqrt
from pathlib import Path

import pytest
import torch
from hypothesis import given
from safetensors.torch import load_file
from torch.testing import assert_close

from qmlc.ir.circuit import Circuit
from qmlc.program import compile
from qmlc.runtime.circuit_module import CircuitModule
from qmlc.runtime.estimate_gradient import NoEstimate
from qmlc.runtime.shift_rules import shift_rule
from qmlc.source.compile_error import CompileError
from qmlc.testing.equivalence import with_results
from qmlc.testing.strategies import circuits
from qmlc.train_program import train_program
from qmlc.training.read_options import TrainOptions


def measured(circuit: Circuit) -> Circuit:
    """The circuit with those of its results that are expectation values, or all probabilities."""
    linear = tuple(r for r in circuit.results if r.kind in ("expval", "probs"))
    return with_results(replace(circuit, results=linear))


def gradients(module, weights, inputs) -> list[torch.Tensor]:
    results = module(*inputs)
    results = results if isinstance(results, tuple) else (results,)
    total = sum((r.flatten() * torch.linspace(0.5, 1.5, r.numel()).to(r)).sum() for r in results)
    leaves = [*weights, *inputs]
    if not total.requires_grad:
        return [torch.zeros_like(leaf) for leaf in leaves]
    found = torch.autograd.grad(total, leaves, allow_unused=True)
    return [
        torch.zeros_like(leaf) if own is None else own
        for leaf, own in zip(leaves, found, strict=True)
    ]


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-5)])
def test_shifted_values_tell_the_gradient(dtype, tolerance):
    compared = []

    @given(circuits(max_qubits=3, max_gates=8))
    def check(circuit):
        torch.manual_seed(0)
        module = CircuitModule.from_circuit(measured(circuit)).to(dtype)
        weights = list(module.parameters())
        inputs = [torch.rand(2, *v.shape, dtype=dtype, requires_grad=True) for v in circuit.inputs]
        exact = gradients(module, weights, inputs)
        try:
            module.estimate_gradients("parameter_shift")
            found = gradients(module, weights, inputs)
        except (ValueError, NoEstimate):
            return  # a state is prepared from an input, say
        compared.append(circuit)
        scale = max(1.0, *(float(g.abs().max()) for g in exact if g.numel()), 1.0)
        for own, expected in zip(found, exact, strict=True):
            assert_close(own / scale, expected / scale, rtol=0, atol=tolerance)

    check()
    assert len(compared) > 5


def test_rules_are_those_of_the_paper():
    assert_close(shift_rule([1.0]), ((pi / 2, 0.5),))
    near, far = (sqrt(2) + 1) / (4 * sqrt(2)), (sqrt(2) - 1) / (4 * sqrt(2))
    assert_close(shift_rule([0.5, 1.0]), ((pi / 2, near), (3 * pi / 2, -far)))


TURNED = """
circuit turned(x: real[2]) -> real[2] {
    param w: real[3] ~ normal(0, 1)
    qubit q[2]
    ry(x) q
    rx(w[0]) q[0]
    ctrl @ ry(w[1] * w[0]) q[0], q[1]
    rz(w[2]) q[1]
    h q[1]
    return expval(Z(q))
}
"""
MIXED = "evolve(w[0] * X(q[0]) + Z(q[0]), time=1) q[0]"
DATA = """
data d = csv("d.csv") {
    x = [u, v]
    y = [v, u]
}
train turned on d {
    loss = mse(turned(x), y)
    epochs = 2
    batch = 4
    precision = float64
    gradient = METHOD
}
"""


@pytest.fixture
def train(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("d.csv").write_text("u,v\n" + "".join(f"{i / 7},{i % 3 / 3}\n" for i in range(8)))

    def train(method: str, circuit: str = TURNED) -> dict[str, torch.Tensor]:
        Path("p.hqm").write_text(circuit + DATA.replace("METHOD", method))
        train_program(Path("p.hqm"), TrainOptions(quiet=True, device="cpu"))
        return load_file("runs/p/turned/last.safetensors")

    return train


def test_a_training_learns_the_same_from_shifted_values(train):
    assert_close(train("parameter_shift"), train("adjoint"), rtol=0, atol=1e-10)


@pytest.mark.parametrize("method", ["parameter_shift", "spsa"])
def test_drawn_gradients_are_right_in_the_mean(method):
    module = compile(TURNED).turned().double()
    inputs = [torch.rand(2, dtype=torch.float64, requires_grad=True)]
    weights = list(module.parameters())
    exact = gradients(module, weights, inputs)[0]
    settings = {"step": 0.05, "directions": 4} if method == "spsa" else {}
    module.estimate_gradients(method, **settings)
    if method == "parameter_shift":
        module.simulate_shots(100)
    torch.manual_seed(0)
    drawn = torch.stack([gradients(module, weights, inputs)[0] for _ in range(300)])
    error = drawn.std(0) / sqrt(len(drawn))
    assert (error > 0).all()
    assert ((drawn.mean(0) - exact).abs() <= 4 * error + 2e-3).all()


@pytest.mark.parametrize(
    ("circuit", "message"),
    [
        (TURNED.replace("expval(Z(q))", "variance(Z(q))"), "a variance is no expectation value"),
        (TURNED.replace("h q[1]", MIXED), "gradient by `w` is not found by `parameter_shift`"),
    ],
)
def test_what_shifted_values_do_not_tell_is_said(train, circuit, message):
    with pytest.raises(CompileError, match=message):
        train("parameter_shift", circuit)
