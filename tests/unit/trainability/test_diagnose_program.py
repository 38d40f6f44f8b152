"""`qmlc diagnose`: which circuits, which settings, what is printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from qmlc.tools.main import qmlc
from qmlc.trainability.fit_decay import fit_decay

PROGRAM = """
circuit product(n: int = 2)(x: real) -> real {
    param w: real[n] ~ uniform(0, 2 * pi)
    qubit q[n]
    rx(x) q[0]
    ry(w) q
    return expval(prod(Z(q[i]) for i in range(n)))
}

circuit local(x: real[n]) -> real {
    param w: real[n] ~ uniform(0, 2 * pi)
    qubit q[n]
    rx(x) q
    ry(w) q
    return expval(Z(q[0]))
}

kernel near(x: real[n]) {
    qubit q[n]
    ry(x) q
}

model m(x: real[B, 3]) -> real[B] = local(x)
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("p.hqm").write_text(PROGRAM)

    def run(*arguments: str, status: int = 0) -> str:
        result = CliRunner().invoke(qmlc, ["diagnose", "p.hqm", "--samples", "400", *arguments])
        assert result.exit_code == status, result.output
        return result.output

    return run


def test_all_circuits_whose_settings_are_known(run):
    text = run()
    heads = [line for line in text.splitlines() if line and line[0] != " "]
    assert heads == [
        "product(n=2): 2 qubits, 2 parameters, 400 draws",
        "local(n=3): 3 qubits, 3 parameters, 400 draws",
    ]
    assert "x[0] … x[2]              0, 1" in text and "in a random circuit the variance is" in text


def test_one_circuit_for_a_setting(run):
    found = json.loads(run("--name", "near", "--set", "n=2", "--format", "json"))
    (circuit,) = found["circuits"]
    assert circuit["name"] == "near(n=2)" and circuit["gradients"] == []
    # the overlaps of products of two: cos(a / 2)**2 cos(b / 2)**2
    assert circuit["states"]["overlap_variance"] == pytest.approx(9 / 64 - 1 / 16, abs=0.01)
    assert [s["frequencies"] for s in circuit["spectra"]] == [[0, 1], [0, 1]]
    assert json.loads(run("--name", "local", "--set", "n=2", "--format", "json"))["circuits"][0][
        "qubits"
    ] == 2  # fmt: skip


def test_a_sweep_tells_a_barren_plateau(run):
    found = json.loads(run("--sweep", "product.n=2,3,4,5,6", "--format", "json"))
    assert found["decay"]["low"] < 2 < found["decay"]["high"]
    assert found["decay"]["exponential"] > found["decay"]["power"]
    text = run("--sweep", "product.n=2,3,4,5,6")
    assert "It falls exponentially, a barren plateau" in text and "With each qubit" in text
    # the mean over n parameters, of which one counts, falls as 1 / n
    found = json.loads(run("--sweep", "n=2,4,8", "--name", "local", "--format", "json"))
    assert found["decay"]["power"] > found["decay"]["exponential"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--name", "lokal"], "did you mean `local`?"),
        (["--name", "near"], "give --set n=…"),
        (["--sweep", "n=2,3"], "one circuit is swept, and those with the setting `n` are"),
        (["--set", "k=2"], "E0603"),
    ],
)
def test_what_cannot_be_diagnosed(run, arguments, message):
    assert message in run(*arguments, status=1)


def test_a_program_without_circuits(run):
    Path("p.hqm").write_text("model m(x: real[B, 3]) -> real[B, 1] = linear(1)(x)\n")
    assert "error[E0612]: `p` has no circuit" in run(status=1)


def test_a_fit_of_exact_decays():
    sizes = [2, 4, 6, 8]
    exponential = fit_decay(sizes, [0.3 * 2.0**-n for n in sizes])
    assert exponential.factor == pytest.approx(2) and exponential.exponential > exponential.power
    power = fit_decay(sizes, [0.3 / n**2 for n in sizes])
    assert power.power == pytest.approx(1) and power.exponential < power.power
    assert fit_decay([2, 4], [1, 1]) is None and fit_decay(sizes, [1, 1, 1, 0]) is None
