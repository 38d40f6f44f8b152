from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from qmlc.ir.program import Call, Column, Data, Field, Program, Training
from qmlc.training.errors import DataError
from qmlc.training.read_options import TrainOptions
from qmlc.training.train_block import train_block


def test_iris_is_learned(flowers):
    result = flowers.train()
    assert dict(result.measurements["held-out"].metrics)["accuracy"] >= 0.9
    assert dict(result.measurements["training"].metrics)["accuracy"] >= 0.9
    assert result.history[-1]["loss"] < result.history[0]["loss"]
    assert (result.parameters, result.steps, len(result.history)) == (15, 240, 30)
    assert sorted(p.name for p in result.folder.iterdir()) == sorted(f.name for f in result.files)
    nn.Linear(4, 3).load_state_dict(load_file(result.folder / "best.safetensors"))
    rows = [json.loads(line) for line in (result.folder / "history.jsonl").open()]
    assert rows == list(result.history)


def test_best_is_the_best_epoch_and_last_the_last(flowers):
    result = flowers.train()
    keys = [(row["accuracy"], -row["loss"]) for row in result.history]
    assert keys.index(max(keys)) + 1 == result.best_epoch
    short = flowers.train("short", epochs=result.best_epoch)
    best = (result.folder / "best.safetensors").read_bytes()
    assert (short.folder / "last.safetensors").read_bytes() == best
    assert load_file(result.folder / "best.safetensors")["weight"].equal(
        result.module.iris.weight.data
    )


def test_same_seed_same_bytes(flowers):
    # whatever the caller's random numbers are
    torch.manual_seed(1)
    first = flowers.train("a", epochs=3)
    torch.manual_seed(2)
    second = flowers.train("b", epochs=3)
    other = flowers.train("c", epochs=3, seed=8)
    for file in first.files:
        assert file.read_bytes() == (second.folder / file.name).read_bytes(), file.name
    last = (first.folder / "last.safetensors").read_bytes()
    assert last != (other.folder / "last.safetensors").read_bytes()


def test_the_callers_random_numbers_stay(flowers):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    flowers.train(epochs=2)
    assert torch.rand(3).equal(expected)


def test_preprocessing_is_learned_on_training_rows_only(flowers):
    result = flowers.train(epochs=1)
    saved = json.loads((result.folder / "fitted.json").read_text())
    frame = pd.read_csv(flowers.base / "iris.csv")
    order = torch.randperm(150, generator=torch.Generator().manual_seed(7)).tolist()
    training = frame.iloc[order[30:], :4]
    assert saved["fields"]["x"][0]["mean"] == pytest.approx(list(training.mean()))
    assert saved["fields"]["x"][0]["std"] == pytest.approx(list(training.std(ddof=0)))
    assert saved["fields"]["x"][0]["mean"] != pytest.approx(list(frame.iloc[:, :4].mean()))
    assert saved["fields"]["y"][0]["classes"] == ["setosa", "versicolor", "virginica"]


def test_a_test_split_is_measured_once(flowers):
    result = flowers.with_options(test=0.2).train(epochs=2)
    assert list(result.measurements) == ["training", "held-out", "test"]
    assert {row["split"] for row in result.history} == {"held-out"}


def test_steps_accumulate_clip_and_schedule(flowers):
    schedule = Call("cosine", (), (("warmup", 0.1),))
    changed = flowers.with_options(
        epochs=None, steps=11, accumulate=3, clip=1.0, schedule=schedule, early_stop=50
    )
    result = changed.train()
    # 120 rows in batches of 16 are 8 batches: 3 steps an epoch
    assert [row["step"] for row in result.history] == [3, 6, 9, 11]


def test_accumulated_batches_are_one_large_batch(flowers):
    sgd = flowers.with_options(optimizer=Call("sgd", (), (("lr", 0.1),)), epochs=2)
    large = sgd.with_options(batch=32).train("large")
    small = sgd.with_options(batch=8, accumulate=4).train("small")
    assert small.module.iris.weight.detach().numpy() == pytest.approx(
        large.module.iris.weight.detach().numpy(), abs=1e-6
    )


def test_early_stop(flowers):
    frozen = Call("sgd", (), (("lr", 0.0),))
    result = flowers.with_options(optimizer=frozen, early_stop=2).train()
    assert len(result.history) == 3 and result.best_epoch == 1


@pytest.mark.parametrize("precision", ["float64", "bfloat16"])
def test_precision(flowers, precision):
    result = flowers.with_options(precision=precision).train(epochs=3)
    expected = torch.float64 if precision == "float64" else torch.float32
    assert load_file(result.folder / "last.safetensors")["weight"].dtype == expected
    assert result.history[-1]["loss"] < result.history[0]["loss"]


def test_an_older_model_does_not_lie_beside_new_preprocessing(flowers):
    flowers.train(epochs=2)

    def fail():
        raise KeyboardInterrupt

    class Killed(nn.Module):
        def __init__(self):
            super().__init__()
            self.iris = nn.Linear(4, 3)

        def forward(self, x, y):
            fail()

    given = TrainOptions(folder=flowers.base / "run", quiet=True, seed=1)
    with pytest.raises(KeyboardInterrupt):
        train_block(flowers.program, flowers.training, Killed, flowers.base, given)
    assert [p.name for p in (flowers.base / "run").iterdir()] == ["fitted.json"]


def test_a_loss_that_diverges(flowers):
    class Diverging(flowers.make_loss):
        def forward(self, x, y):
            output = super().forward(x, y)
            return output._replace(loss=output.loss / 0)

    with pytest.raises(DataError, match="became inf in epoch 1, step 1") as caught:
        replace(flowers, make_loss=Diverging).train()
    assert caught.value.code == "E0708"
    assert [p.name for p in (flowers.base / "run").iterdir()] == ["fitted.json"]


class Scalar(NamedTuple):
    loss: Tensor


class Quadratic(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.state = nn.Module()
        self.state.a = nn.Parameter(torch.rand(3))

    def forward(self) -> Scalar:
        return Scalar(((self.state.a - torch.tensor([1.0, -2.0, 3.0])) ** 2).sum() - 4.0)


@pytest.mark.parametrize("optimizer", [Call("lbfgs", (), (("lr", 0.1),)), Call("adam", (0.1,))])
def test_without_data(tmp_path: Path, optimizer: Call):
    options = (("optimizer", optimizer), ("steps", 300))
    training = Training("ground", "Ground", "state", "GroundLoss", None, (), (), options)
    given = TrainOptions(folder=tmp_path / "run", quiet=True)
    program = Program("ground", trainings=(training,))
    result = train_block(program, training, Quadratic, tmp_path, given)
    assert result.measurements["training"].loss == pytest.approx(-4.0, abs=1e-4)
    assert result.module.state.a.tolist() == pytest.approx([1.0, -2.0, 3.0], abs=1e-2)
    assert "fitted.json" not in {p.name for p in result.folder.iterdir()}
    assert len(result.history) == 100


class LineLoss(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(2, 2)

    def forward(self, t: Tensor, z: Tensor) -> Tensor:
        scores = self.line(t)
        loss = nn.functional.mse_loss(scores, z)
        return type("Output", (), {"loss": loss, "scores": scores, "target": z})()


def line(tmp_path: Path) -> tuple[Program, Training]:
    rows = ["a,b,u,v"] + [f"{a},{b},{3 * a - b},{a + 100 * b}" for a in range(6) for b in range(6)]
    (tmp_path / "line.csv").write_text("\n".join(rows))
    columns = {name: Column(name) for name in "abuv"}
    fields = (
        Field(("t",), Call("standardize", ((columns["a"], columns["b"]),))),
        Field(("z",), Call("standardize", ((columns["u"], columns["v"]),))),
    )
    options = (("optimizer", Call("adam", (), (("lr", 0.05),))), ("epochs", 60))
    metrics = (Call("r2"), Call("mse"), Call("mae"))
    training = Training("line", "Line", "line", "LineLoss", "d", ("t", "z"), metrics, options)
    data = Data("d", Call("csv", ("line.csv",)), fields)
    return Program("line", data=(data,), trainings=(training,)), training


def test_regression_and_its_predictions_in_the_units_of_the_file(tmp_path: Path):
    from qmlc.training.predict_block import Prediction, predict_block

    program, training = line(tmp_path)
    given = TrainOptions(folder=tmp_path / "run", quiet=True)
    result = train_block(program, training, LineLoss, tmp_path, given)
    measured = dict(result.measurements["training"].metrics)
    assert measured["mse"] < 1e-3 and measured["r2"] > 0.99
    assert measured["mse"] == pytest.approx(result.measurements["training"].loss, rel=1e-4)
    (tmp_path / "new.csv").write_text("b,a\n3,2\n")
    table = predict_block(
        program,
        training,
        lambda: nn.Linear(2, 2),
        tmp_path,
        Prediction(("t",), "z"),
        tmp_path / "new.csv",
        given,
    )
    assert list(table.columns) == ["u", "v"]
    assert table.iloc[0].tolist() == pytest.approx([3.0, 302.0], rel=0.05)
