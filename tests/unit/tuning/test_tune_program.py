"""A sweep trains what its values say, finds the best of them, and goes on where it was stopped."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path

import optuna
import pandas as pd
import pytest
from click.testing import CliRunner

from qmlc.source.compile_error import CompileError
from qmlc.tools.main import qmlc
from qmlc.train_program import evaluate_program, train_program
from qmlc.training.read_options import TrainOptions
from qmlc.tuning import tune_program as room
from qmlc.tuning.search_space import Choices, Interval
from qmlc.tuning.tune_program import Sweep, tune_program
from qmlc.tuning.write_study import write_study

PROGRAM = """
model m(width: int = 2)(x: real[B, 2]) -> real[B, 1] {
    return x |> linear(width) |> rearrange("b (h d) -> b h d", h=2) |> flatten(1) |> linear(1)
}
data d = csv("d.csv") {
    x = [u, v]
    y = [u]
}
train m on d {
    loss = mse(m(x), y)
    metrics = [mae, r2]
    optimizer = sgd(0.01)
    epochs = 2
    batch = 4
    holdout = 0.25
    test = 0.25
}
"""
WIDTH = Interval("width", 2, 8, step=2)
RATE = Interval("optimizer.lr", 1e-3, 1e-1, log=True)


@pytest.fixture
def sweep(tmp_path, monkeypatch) -> Sweep:
    monkeypatch.chdir(tmp_path)
    Path("d.csv").write_text("u,v\n" + "".join(f"{i / 8},{i % 3}\n" for i in range(16)))
    Path("p.hqm").write_text(PROGRAM)
    return Sweep(Path("p.hqm"), (WIDTH, RATE), TrainOptions(device="cpu"), trials=3)


def run(sweep: Sweep, folder: str | None = None):
    options = replace(sweep.options, folder=folder and Path(folder))
    return tune_program(replace(sweep, options=options), lambda *_: None)


def trials(study) -> list:
    return [(t.params, t.value) for t in study.settled()]


def test_the_same_seed_makes_the_same_trials(sweep):
    two, other = replace(sweep, trials=2), replace(sweep, trials=1, seed=1)
    first, again = (trials(run(two, folder)[1]) for folder in "ab")
    assert len(first) == 2 and first == again
    assert first[:1] != trials(run(other, "c")[1])


def test_the_best_is_what_training_with_its_values_makes(sweep):
    target, study = run(sweep)
    assert target.metric == "mae" and not target.maximize
    summary = write_study(sweep, target, study)
    number, best = min(enumerate(value for _, value in trials(study)), key=lambda pair: pair[1])
    assert summary["best"]["mae"] == best
    words = shlex.split(summary["command"])
    assert CliRunner().invoke(qmlc, [*words[1:], "-q"]).exit_code == 0
    measured = json.loads(Path("runs/p/m/metrics.json").read_text())
    assert measured["held-out"]["mae"] == best
    assert measured["test"] == summary["test"]
    own = TrainOptions(folder=Path(f"runs/p/m/tune/trial_{number}"))
    assert evaluate_program(sweep.path, own)["m (test)"] == summary["test"]
    loaded = optuna.load_study(study_name="m", storage="sqlite:///runs/p/m/tune/study.db")
    assert loaded.best_value == best
    table = pd.read_csv("runs/p/m/tune/trials.csv")
    assert table["value"].tolist() == [value for _, value in trials(study)]
    weights = Path("runs/p/m/tune").glob("*/best.safetensors")
    assert [file.parent.name for file in weights] == [f"trial_{number}"]
    for file in Path("runs/p/m/tune").glob("trial_*/metrics.json"):
        assert "test" not in json.loads(file.read_text())


def test_a_sweep_that_is_stopped_goes_on_as_if_it_had_not_been(sweep, monkeypatch):
    whole = trials(run(sweep, "whole")[1])
    left = [2]

    def train(*given):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return train_once(*given)

    train_once = room.train_once
    monkeypatch.setattr(room, "train_once", train)
    with pytest.raises(KeyboardInterrupt):
        run(sweep, "stopped")
    monkeypatch.setattr(room, "train_once", train_once)
    assert trials(run(sweep, "stopped")[1]) == whole


def test_impossible_values_fail_and_the_others_go_on(sweep):
    odd = replace(sweep, space=(Choices("width", (2, 3, 4)),), trials=8)
    _, study = run(odd, "s")
    errors = {t.params["width"]: t.user_attrs.get("error", "") for t in study.settled()}
    assert errors[2] == errors[4] == "" and "E0301" in errors[3]
    assert len(study.settled()) == 8
    assert len(list(Path("s").glob("trial_*/metrics.json"))) == 2  # none is trained twice


def test_what_lies_behind_is_stopped(sweep):
    rates = Choices("optimizer.lr", (0.05, 0.04, 0.03, 0.02, 0.01, 1e-7))
    many = replace(sweep, space=(rates,), trials=16, metric="loss")
    _, study = run(many, "pruned")
    assert "PRUNED" in {t.state.name for t in study.settled()}
    assert study.best().params["optimizer.lr"] == 0.05


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"space": (Interval("widht", 2, 4),)}, "did you mean `width`?"),
        ({"space": (Interval("optimizer.weight_decy", 0, 1),)}, "did you mean `weight_decay`?"),
        ({"space": (Interval("btach", 1, 2),)}, "no part of `p` has a setting"),
        ({"space": (Interval("schedule.warmup", 1, 2),)}, "the block has no schedule"),
        ({"space": (Choices("seed", (1, 2)),)}, "not measured on the same rows"),
        ({"metric": "mea"}, "did you mean `mae`?"),
        ({"name": "n"}, "no train block `n`"),
        ({"options": TrainOptions(settings={"holdout": 0})}, "none are held out"),
        ({"space": (Interval("width", 3, 5, step=2),)}, "E0301"),
    ],
)
def test_a_sweep_that_cannot_be_fails_before_it_begins(sweep, changes, message):
    with pytest.raises(CompileError) as caught:
        run(replace(sweep, **changes), "s")
    assert message in str(caught.value)
    assert not Path("s").exists()


def test_another_sweep_has_another_folder(sweep):
    run(replace(sweep, trials=1), "s")
    with pytest.raises(CompileError, match="--seed was another"):
        run(replace(sweep, seed=1), "s")
    sweep.path.write_text(PROGRAM.replace("epochs = 2", "epochs = 3"))
    with pytest.raises(CompileError, match="the program was another"):
        run(sweep, "s")


def test_without_data_the_loss_is_made_small(sweep):
    Path("c.hqm").write_text(
        "circuit c(n: int = 2)() -> real {\n    param w: real ~ constant(0.1)\n    qubit q[n]\n"
        "    ry(w) q\n    return expval(sum(Z(q)))\n}\n"
        "train c {\n    loss = c()\n    steps = 5\n}\n"
    )
    own = replace(sweep, path=Path("c.hqm"), space=(Interval("optimizer.lr", 0.001, 0.5),))
    target, study = run(own, "s")
    rates = [(t.params["optimizer.lr"], t.value) for t in study.settled() if t.value is not None]
    assert target.metric == "loss"
    assert min(rates, key=lambda pair: pair[1])[0] == max(rate for rate, _ in rates)
    assert write_study(own, target, study)["test"] is None
    assert train_program(Path("c.hqm"), TrainOptions(quiet=True))
