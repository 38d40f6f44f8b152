"""Twins stand where circuits stood, and are compared as the textbooks say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from hybrid_iris import HYBRID, write_iris
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t
from sklearn.svm import SVC

import qmlc
from qmlc.tools.main import qmlc as command_line
from qmlc.training.compare_twins import _interval
from qmlc.training.errors import DataError
from qmlc.training.make_twins import (
    KERNEL_TWINS,
    TWINS,
    ClassicalTwin,
    replace_circuits,
    without_entanglement,
)
from qmlc.training.support_vectors import fit_machine

CIRCUITS = """
circuit several(x: real[3], s: real = 0.5) -> (z: real[3], p: real[4]) {
    param w: real[10, 3] ~ normal(0, 1)
    qubit q[3]
    for i in range(3) { ry(x[i] + s) q[i] }
    for l in range(10) {
        for i in range(3) { rx(w[l, i]) q[i] }
        for i in range(2) { cx q[i], q[i + 1] }
    }
    return (z=expval(Z(q)), p=probs(q[0:2]))
}

circuit pairs(x: real[2]) -> (one: real[2], both: real) {
    param w: real[4] ~ normal(0, 1)
    qubit q[2]
    for i in range(2) { ry(x[i]) q[i] }
    cx q[0], q[1]
    rzz(w[0]) q[0], q[1]
    for i in range(2) { rx(w[i + 1]) q[i] }
    crx(w[3]) q[1], q[0]
    return (one=expval(Z(q)), both=expval(Z(q[0]) * Z(q[1])))
}

circuit energy() -> real {
    param w: real ~ normal(0, 1)
    qubit q
    ry(w) q
    return expval(Z(q))
}

model hybrid(x: real[B, 3]) -> real[B, 2] {
    let r = several(x)
    return r.z |> linear(2)
}
model constant(x: real[B]) -> real[B] = x * energy()
"""


@pytest.fixture(scope="module")
def program():
    return qmlc.compile(CIRCUITS)


def test_a_classical_twin_has_the_shapes_and_about_the_parameters(program):
    circuit = program.several()
    twin = ClassicalTwin(circuit)
    for inputs in ([torch.rand(5, 3)], [torch.rand(7, 1, 3), torch.rand(2)], [torch.rand(3)]):
        expected, found = circuit(*inputs), twin(*inputs)
        assert found._fields == expected._fields
        assert [a.shape for a in found] == [a.shape for a in expected]
        assert torch.allclose(found.p.sum(-1), torch.ones(()))
    assert torch.equal(twin(s=0.5, x=torch.ones(3)).z, twin(torch.ones(3)).z)
    count = [sum(p.numel() for p in module.parameters()) for module in (twin, circuit)]
    assert abs(count[0] - count[1]) <= (4 + 7 + 1) / 2


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=2), st.integers(0, 1000))
def test_nothing_is_correlated_without_entanglement(program, x, seed):
    torch.manual_seed(seed)
    twin = without_entanglement(program.pairs().double())
    one, both = twin.double()(torch.tensor(x, dtype=torch.float64))
    torch.testing.assert_close(both, one.prod(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", TWINS)
def test_twins_learn(program, name):
    model = program.hybrid()
    assert replace_circuits(model, TWINS[name]) == 1
    model(torch.rand(4, 3)).sum().backward()
    assert all(p.grad is not None for n, p in model.named_parameters() if not n.endswith("bias"))


def test_what_has_no_twin(program):
    with pytest.raises(DataError, match="takes no data"):
        replace_circuits(program.constant(), TWINS["classical"])
    with pytest.raises(DataError, match="no circuit"):
        replace_circuits(torch.nn.Linear(2, 2), TWINS["classical"])


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=6))
def test_the_interval_is_that_of_student(values):
    found = _interval(values)
    data = torch.tensor(values, dtype=torch.float64)
    error = float(data.std()) / len(values) ** 0.5
    assert found["mean"] == pytest.approx(float(data.mean()))
    expected = t.interval(0.95, len(values) - 1, scale=error)[1] if error else 0.0
    assert found["within"] == pytest.approx(expected)


KERNEL = """
kernel near(x: real[3]) {
    qubit q[3]
    for i in range(3) { ry(x[i]) q[i] }
    for i in range(2) { cz q[i], q[i + 1] }
    for i in range(3) { rx(x[i]) q[i] }
}
"""


def test_a_kernel_without_entanglement_is_a_product_of_its_features():
    kernel = qmlc.compile(KERNEL).near().double()
    twin = KERNEL_TWINS["entanglement-free"](kernel, torch.rand(2, 3)).double()
    a, b = torch.rand(2, 4, 3, dtype=torch.float64)
    alone = [torch.zeros_like(a) for _ in range(3)], [torch.zeros_like(b) for _ in range(3)]
    for i in range(3):
        alone[0][i][:, i], alone[1][i][:, i] = a[:, i], b[:, i]
    factors = [twin(*pair) for pair in zip(*alone, strict=True)]
    torch.testing.assert_close(twin(a, b), torch.stack(factors).prod(0))
    assert not torch.allclose(kernel(a, b), twin(a, b), atol=1e-3)


@pytest.mark.parametrize(("name", "theirs"), [("radial", "rbf"), ("linear", "linear")])
def test_classical_kernels_decide_as_those_of_scikit_learn(name, theirs):
    x = torch.randn(80, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    y = (x.prod(1) > 0).long() + (x[:, 0] > 1).long()
    kernel = KERNEL_TWINS[name](qmlc.compile(KERNEL).near(), x[:50])
    scores = fit_machine(kernel.double(), x[:50], y[:50], 2.0)(x[50:])
    expected = SVC(C=2.0, kernel=theirs).fit(x[:50], y[:50]).predict(x[50:])
    assert scores.argmax(1).tolist() == expected.tolist()


TRAINED = (
    HYBRID
    + """
train iris on flowers {
    loss = cross_entropy(iris(x), y)
    metrics = [accuracy]
    epochs = 2
    holdout = 0.2
    seed = 5
}
"""
)


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    write_iris(tmp_path)
    Path("iris.hqm").write_text(TRAINED)
    result = CliRunner().invoke(command_line, ["train", "iris.hqm", "--ablate", "2", "-q"])
    assert result.exit_code == 0, result.output
    run = Path("runs/iris/iris")
    found = json.loads((run / "ablation.json").read_text())
    assert list(found["models"]) == ["as written", *TWINS]
    assert (found["split"], found["seeds"]) == ("held-out", 2)
    results = [
        json.loads((run / f"ablation/as_written/seed_{seed}/metrics.json").read_text())
        for seed in (5, 6)
    ]
    mean = sum(r["held-out"]["accuracy"] for r in results) / 2
    assert found["models"]["as written"]["accuracy"]["mean"] == pytest.approx(mean)
    assert results[0] == json.loads((run / "metrics.json").read_text())
    assert CliRunner().invoke(command_line, ["report", "iris.hqm"]).exit_code == 0
    assert "What the circuits bring" in (run / "report.html").read_text()


def test_the_twins_of_a_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    write_iris(tmp_path)
    block = """
data flowers = csv("iris.csv") {
    x = standardize([a, b, c])
    y = category(species)
}
train svm(kernel=near, C=1.0) on flowers {
    inputs = x
    target = y
    metrics = [accuracy]
    holdout = 0.2
}
"""
    Path("p.hqm").write_text(KERNEL + block)
    result = CliRunner().invoke(command_line, ["train", "p.hqm", "--ablate", "2"])
    assert result.exit_code == 0, result.output
    found = json.loads(Path("runs/p/svm/ablation.json").read_text())
    assert list(found["models"]) == ["as written", *KERNEL_TWINS]
    assert "The model and its linear twin" in result.output
    assert CliRunner().invoke(command_line, ["report", "p.hqm"]).exit_code == 0
