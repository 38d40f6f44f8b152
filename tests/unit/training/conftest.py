"""The iris table with a linear model, as the elaborator would hand it over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import pytest
from sklearn.datasets import load_iris
from torch import Tensor, nn

from qmlc.ir.program import Call, Column, Data, Field, Program, Training
from qmlc.training.read_options import TrainOptions
from qmlc.training.train_block import train_block
from qmlc.training.train_result import TrainResult

FEATURES = ("sepal_length", "sepal_width", "petal_length", "petal_width")


class Output(NamedTuple):
    loss: Tensor
    scores: Tensor
    target: Tensor


class IrisLoss(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.iris = nn.Linear(4, 3)

    def forward(self, x: Tensor, y: Tensor) -> Output:
        scores = self.iris(x)
        return Output(nn.functional.cross_entropy(scores, y), scores, y)


@dataclass(frozen=True)
class Flowers:
    base: Path
    program: Program
    training: Training
    make_loss: type[nn.Module]

    def with_options(self, **options: object) -> Flowers:
        changed = dict(self.training.options) | options
        kept = tuple((k, v) for k, v in changed.items() if v is not None)
        return replace(self, training=replace(self.training, options=kept))

    def with_cell(self, line: int, column: int, text: str) -> Flowers:
        path = self.base / "iris.csv"
        lines = path.read_text().splitlines()
        cells = lines[line - 1].split(",")
        cells[column] = text
        lines[line - 1] = ",".join(cells)
        path.write_text("\n".join(lines) + "\n")
        return self

    def train(self, folder: str = "run", **options: object) -> TrainResult:
        given = TrainOptions(folder=self.base / folder, quiet=True, device="cpu", **options)
        return train_block(self.program, self.training, self.make_loss, self.base, given)


@pytest.fixture
def flowers(tmp_path: Path) -> Flowers:
    iris = load_iris(as_frame=True)
    frame = iris.frame.set_axis([*FEATURES, "species"], axis=1)
    frame["species"] = [iris.target_names[i] for i in frame["species"]]
    frame.to_csv(tmp_path / "iris.csv", index=False)
    features = tuple(map(Column, FEATURES))
    data = Data(
        "flowers",
        Call("csv", ("iris.csv",)),
        (
            Field(("x",), Call("standardize", (features,))),
            Field(("y",), Call("category", (Column("species"),))),
        ),
    )
    training = Training(
        "iris",
        "Iris",
        "iris",
        "IrisLoss",
        "flowers",
        ("x", "y"),
        (Call("accuracy"),),
        (
            ("optimizer", Call("adam", (), (("lr", 0.05),))),
            ("epochs", 30),
            ("batch", 16),
            ("holdout", 0.2),
            ("seed", 7),
        ),
    )
    program = Program("iris", data=(data,), trainings=(training,))
    return Flowers(tmp_path, program, training, IrisLoss)
