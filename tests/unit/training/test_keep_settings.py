"""What `--set` gives is what the text would say, and a run's other verbs recall it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qmlc.train_program import evaluate_program, predict_program, train_program
from qmlc.training.errors import DataError
from qmlc.training.read_options import TrainOptions

PROGRAM = """
model inner(width: int)(x: real[B, 2]) -> real[B, 1] = x |> linear(width) |> tanh |> linear(1)
layer part(size: int = 2)(x: real[B, 2]) -> real[B, size] = linear(size)(x)
model outer(x: real[B, 2]) -> real[B, 1] = x |> part |> inner(width=3)
data d = csv("d.csv") {
    x = [u, v]
    y = [u]
}
train inner(width=2) on d {
    loss = mse(inner(x), y)
    optimizer = sgd(0.01)
    epochs = 2
    precision = float32
    holdout = 0.25
}
train outer on d {
    loss = mse(outer(x), y)
    epochs = 1
}
"""
SAID = {"width": 4, "optimizer.lr": 0.2, "precision": "float64", "clip": 1.0}
WRITTEN = (
    PROGRAM.replace("width=2", "width=4")
    .replace("0.01)", "0.2)\n    clip = 1.0", 1)
    .replace("float32", "float64")
)


@pytest.fixture
def program(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("d.csv").write_text("u,v\n" + "".join(f"{i / 8},{i % 3}\n" for i in range(8)))
    Path("p.hqm").write_text(PROGRAM)
    Path("written.hqm").write_text(WRITTEN)
    return Path("p.hqm")


def options(folder=None, **settings) -> TrainOptions:
    folder = folder and Path(folder)
    return TrainOptions(folder=folder, quiet=True, device="cpu", settings=settings)


def test_a_setting_is_what_the_text_would_say(program):
    train_program(Path("written.hqm"), options("written"), name="inner")
    train_program(program, options("said", **SAID), name="inner")
    for name in ("best.safetensors", "history.jsonl", "metrics.json", "fitted.json"):
        said, written = (Path(run, "inner", name) for run in ("said", "written"))
        assert said.read_bytes() == written.read_bytes(), name


def test_other_verbs_recall_what_was_set(program):
    (result,) = train_program(program, options(**SAID), name="inner").values()
    assert json.loads(Path("runs/p/inner/settings.json").read_text()) == SAID
    measured = evaluate_program(program, name="inner")
    assert measured["inner (held-out)"]["loss"] == result.measurements["held-out"].loss
    assert len(predict_program(program, Path("d.csv"), name="inner")) == 8
    with pytest.raises(DataError, match="do not fit the model"):
        evaluate_program(program, options(width=5), name="inner")
    train_program(program, options(), name="inner")
    assert not Path("runs/p/inner/settings.json").exists()
    assert evaluate_program(program, name="inner")


def test_blocks_of_different_settings_are_told_apart_by_name(program):
    train_program(program, options(width=4), name="inner")
    train_program(program, options(width=5), name="outer")
    with pytest.raises(DataError, match="`width` was 4 for one block, and 5 for another"):
        evaluate_program(program)
    for name in ("inner", "outer"):
        assert evaluate_program(program, name=name)


@pytest.mark.parametrize(
    ("settings", "message", "help"),
    [
        ({"lyers": 3}, "no part of `p`", ""),
        ({"inner.width": "x"}, "the setting `width` is `int`", ""),
        ({"B": 3}, "nothing that is trained has a setting `B`", "width, inner.width"),
        ({"part.size": 3}, "nothing that is trained has", "a setting that it hands to `part`"),
        ({"clip": -1}, "`clip` takes a number above 0", ""),
        ({"optimizer.lrr": 1}, "`sgd` has no argument `lrr`", "did you mean `lr`?"),
        ({"optimizer.lr": -1}, "`lr` of `sgd` takes a number from 0", ""),
        ({"optimizer": "adm"}, "there is no optimizer `adm`", "did you mean `adam`?"),
        ({"schedule.warmup": 1}, "the block has no schedule", "--set schedule="),
    ],
)
def test_settings_that_cannot_be(program, settings, message, help):
    with pytest.raises(Exception, match=message) as caught:
        train_program(program, options(**settings), name="inner")
    assert help in str(caught.value.diagnostics[0].proposal)
    assert not Path("runs").exists()
