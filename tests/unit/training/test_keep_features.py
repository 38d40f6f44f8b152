"""What stays the same is computed once: the training is the same, and goes on from a file."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from qmlc.train_program import evaluate_program, train_program
from qmlc.training import keep_features, train_block
from qmlc.training.read_options import TrainOptions

PROGRAM = """
circuit fixed(x: real[2]) -> real[2] {{
    param w: real[2] ~ normal(0, 1)
    qubit q[2]
    ry(x) q
    rx(w) q
    cx q[0], q[1]
    return expval(Z(q))
}}
model m(x: real[B, 2]) -> real[B, 1] {{
    let h = {features}
    return h |> linear(1)
}}
data d = csv("d.csv") {{
    x = {x}
    y = {y}
}}
train m on d {{
    loss = mse(m(x), y)
    optimizer = adam(lr=0.1)
    epochs = {epochs}
    batch = 4
    {holdout}{more}
}}
"""
FIXED = "freeze(fixed)(x) * 2"
FILE = Path("runs/p/m/features.safetensors")


@pytest.fixture
def train(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("d.csv").write_text("u,v\n" + "".join(f"{i / 7},{i % 3}\n" for i in range(12)))

    def train(features=FIXED, **changes):
        given = {"epochs": 3, "more": "", "holdout": "holdout = 0.25", "x": "[u, v]", "y": "[u]"}
        text = PROGRAM.format(features=features, **given | changes)
        Path("p.hqm").write_text(text)
        return train_program(Path("p.hqm"), TrainOptions(quiet=True))["m"]

    return train


def losses(result):
    return [row["loss"] for row in result.history]


@pytest.mark.parametrize("holdout", ["holdout = 0.25", 'holdout = "d.csv"'])
@pytest.mark.parametrize("y", ["[u]", "gaussian_noise([u], std=0.3)"])
def test_the_training_is_the_same_with_and_without(train, monkeypatch, y, holdout):
    kept = train(y=y, holdout=holdout)
    whole = evaluate_program(Path("p.hqm"))["m (held-out)"]["loss"]
    assert FILE.exists() and whole == pytest.approx(kept.measurements["held-out"].loss)
    monkeypatch.setattr(train_block, "compute_features", lambda *arguments: None)
    assert losses(kept) == pytest.approx(losses(train(y=y, holdout=holdout)), rel=1e-5)


def test_the_module_is_whole_again(train):
    module = train().module
    x, y = torch.rand(5, 2), torch.rand(5, 1)
    assert module(x, y).loss.item() == pytest.approx(
        module.from_features(y, *module.features(x)).loss.item()
    )


def test_features_are_taken_from_the_file_where_all_is_as_it_was(train):
    first = losses(train())
    written = FILE.stat().st_mtime_ns
    assert losses(train()) == first and FILE.stat().st_mtime_ns == written
    train(more="\n    seed = 1")
    assert FILE.stat().st_mtime_ns != written
    written = FILE.stat().st_mtime_ns
    train(more="\n    seed = 1\n    clip = 1.0", epochs=2)
    assert FILE.stat().st_mtime_ns == written
    FILE.write_bytes(b"broken")
    assert losses(train()) == first


@pytest.mark.parametrize(("x", "times"), [("[u, v]", 1), ("standardize([u, v])", 4)])
def test_folds_share_what_does_not_depend_on_the_split(train, monkeypatch, x, times):
    computed, compute = [], keep_features._Compute.all
    monkeypatch.setattr(
        keep_features._Compute, "all", lambda *given: computed.append(given) or compute(*given)
    )
    train(x=x, more="\n    folds = 3", holdout="")
    assert len(computed) == times
    assert [*Path().rglob(FILE.name)] == [FILE]


@pytest.mark.parametrize(
    "changes",
    [
        {"epochs": 1},
        {"more": "\n    shots = 10"},
        {"features": "linear(2)(x)"},
        {"features": "freeze(fixed)(x - mean(x, dim=0))"},
        {"features": "freeze(fixed)(x + rand(2))"},
        {"x": "gaussian_noise([u, v], std=0.1)"},
    ],
    ids=lambda changes: next(iter(changes.values())),
)
def test_what_differs_from_epoch_to_epoch_is_computed_each_time(train, changes):
    train(**changes)
    assert not FILE.exists()
