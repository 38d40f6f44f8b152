"""Support-vector machines with a quantum kernel, against scikit-learn's own decisions."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.svm import SVC
from torch import nn

import qmlc
from qmlc.train_program import evaluate_program, predict_program, train_program
from qmlc.training.errors import DataError
from qmlc.training.read_options import TrainOptions
from qmlc.training.support_vectors import fit_machine

PROGRAM = """
kernel overlap(depth: int = 1)(x: real[n]) {
    qubit q[n]
    for l in range(depth) {
        for i in range(n) { rx(x[i] / (l + 1)) q[i] }
    }
}

data d = csv("d.csv") {
    x = [u, v]
    y = category(k)
}

train svm(kernel=overlap, C=2.0) on d {
    inputs  = x
    target  = y
    metrics = [accuracy]
    holdout = 0.3
}
"""


class Gaussian(nn.Module):
    def forward(self, a, b):
        return (-(torch.cdist(a, b) ** 2)).exp()


@pytest.mark.parametrize("classes", [2, 3, 4])
def test_scores_are_those_of_scikit_learn(classes):
    generator = torch.Generator().manual_seed(classes)
    x = torch.randn(60, 3, generator=generator, dtype=torch.float64)
    y = (x.norm(dim=1) * classes / 4).long().clamp(max=classes - 1)
    assert len(y.unique()) == classes
    new = torch.randn(40, 3, generator=generator, dtype=torch.float64)
    scores = fit_machine(Gaussian(), x, y, 1.5)(new)
    theirs = SVC(C=1.5, gamma=1.0).fit(x.numpy(), y.numpy())
    assert scores.argmax(dim=1).tolist() == theirs.predict(new.numpy()).tolist()
    decisions = theirs.decision_function(new.numpy())
    if classes > 2:
        assert scores.numpy() == pytest.approx(decisions, abs=1e-6)
    else:
        assert (scores[:, 1] > scores[:, 0]).tolist() == (decisions > 0).tolist()


def test_one_class_is_not_enough():
    with pytest.raises(DataError, match="of one class") as caught:
        fit_machine(Gaussian(), torch.zeros(3, 2), torch.ones(3).long(), 1.0)
    assert caught.value.code == "E0704"


@pytest.fixture
def program(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.hqm").write_text(PROGRAM)
    points = np.random.default_rng(0).uniform(0, 3, (50, 2))
    kinds = ["ab"[int(u * v > 2)] for u, v in points]
    table = pd.DataFrame(points, columns=["u", "v"]).assign(k=kinds)
    table.to_csv("d.csv", index=False)
    return tmp_path / "p.hqm"


def test_a_program_trains_measures_and_predicts(program):
    result = train_program(program, TrainOptions(quiet=True))["svm"]
    assert dict(result.measurements["held-out"].metrics)["accuracy"] > 0.8
    measured = evaluate_program(program)["svm (held-out)"]
    assert measured == result.measurements["held-out"].as_dict()
    table = pd.read_csv("d.csv")
    found = predict_program(program, program.parent / "d.csv")
    assert list(found.columns) == ["prediction", "score_a", "score_b"]
    assert (found["prediction"] == table["k"]).mean() > 0.9
    split = json.loads((result.folder / "fitted.json").read_text())["seed"]
    order = torch.randperm(50, generator=torch.Generator().manual_seed(split)).tolist()[15:]
    x, y = table[["u", "v"]].to_numpy(), table["k"].to_numpy()

    def overlaps(a, b):  # of products of rx: each qubit gives cos((u - v) / 2) ** 2
        return np.cos((a[:, None] - b[None]) / 2).prod(-1) ** 2

    theirs = SVC(kernel="precomputed", C=2.0).fit(overlaps(x[order], x[order]), y[order])
    assert list(found["prediction"]) == list(theirs.predict(overlaps(x, x[order])))


def test_before_training_there_is_nothing_to_measure(program):
    with pytest.raises(DataError, match="train the model first"):
        evaluate_program(program)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("target  = y", "target  = x", "E0720"),
        ("    target  = y\n", "", "E0720"),
        ("inputs  = x", "inputs  = z", "E0720"),
        ("inputs  = x", "epochs = 3\n    inputs = x", "E0720"),
        ("kernel=overlap, ", "", "E0302"),
        ("kernel=overlap", "kernel=3", "E0205"),
        ("C=2.0", "C=0", "E0720"),
        (" on d {", " {", "E0720"),
        ("metrics = [accuracy]", "metrics = [mse]", "E0720"),
    ],
)
def test_what_is_wrong_is_said(program, old, new, code):
    assert old in PROGRAM
    found = qmlc.check_text(PROGRAM.replace(old, new))
    assert [d.code for d in found] == [code]
