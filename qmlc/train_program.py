"""Train, measure and use the models of a program, as its `train` blocks say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from torch import nn

from qmlc.ir.program import Program, Training
from qmlc.program import LoadedProgram, load
from qmlc.source.nearest import nearest
from qmlc.training.errors import DataError
from qmlc.training.evaluate_block import evaluate_block
from qmlc.training.predict_block import Prediction, predict_block
from qmlc.training.read_options import TrainOptions
from qmlc.training.train_block import TrainResult, train_block


def train_program(
    path: Path, options: TrainOptions | None = None, *, name: str | None = None
) -> dict[str, TrainResult]:
    """Run the train blocks of a program in order; what came of each, by its name.

    A block for a model that an earlier block trained goes on from there. CompileError, DataError.
    """
    loaded = load(path)
    learned: dict[str, dict[str, Any]] = {}
    results = {}
    for training in chosen(loaded.program, name):
        make = _loss_maker(loaded, training, learned.get(training.unit))
        result = train_block(
            loaded.program,
            training,
            make,
            path.parent,
            _folder(loaded.program, options, training),
            model_path=training.model,
        )
        learned[training.unit] = result.module.get_submodule(training.model).state_dict()
        results[training.name] = result
    return results


def evaluate_program(
    path: Path, options: TrainOptions | None = None, *, name: str | None = None
) -> dict[str, dict[str, Any]]:
    """The loss and metrics of each trained block on the rows it did not learn from."""
    loaded = load(path)
    measured = {}
    for training in chosen(loaded.program, name):
        found = evaluate_block(
            loaded.program,
            training,
            _loss_maker(loaded, training),
            path.parent,
            _folder(loaded.program, options, training),
            model_path=training.model,
        )
        for split, measurement in found.items():
            measured[f"{training.name} ({split})"] = measurement.as_dict()
    return measured


def predict_program(
    path: Path,
    table: Path,
    options: TrainOptions | None = None,
    *,
    name: str | None = None,
    output: Path | None = None,
) -> pd.DataFrame:
    """What the trained model says of each row of a table of raw data."""
    loaded = load(path)
    trainings = [t for t in chosen(loaded.program, name) if t.data is not None]
    if len(trainings) != 1:
        names = ", ".join(f"`{t.name}`" for t in trainings) or "none"
        raise DataError(
            "E0706",
            f"one model is to predict, and the program trains {names}",
            "say which: --train NAME",
        )
    training = trainings[0]
    return predict_block(
        loaded.program,
        training,
        lambda: _make(loaded, training.unit),
        path.parent,
        find_prediction(loaded.program, training),
        table,
        _folder(loaded.program, options, training),
        output=output,
    )


def chosen(program: Program, name: str | None) -> tuple[Training, ...]:
    """The train blocks of a program, or the one of that name; DataError where there is none."""
    names = [t.name for t in program.trainings]
    if not names:
        raise DataError(
            "E0706", f"`{program.name}` has no train block", "write `train m on d { … }`"
        )
    if name is None:
        return program.trainings
    if name not in names:
        close = nearest(name, names)
        hint = f"did you mean `{close}`?" if close else "there are " + ", ".join(names)
        raise DataError("E0706", f"there is no train block `{name}`", hint)
    return tuple(t for t in program.trainings if t.name == name)


def find_prediction(program: Program, training: Training) -> Prediction:
    """Which data fields feed the model, and which one its output answers to."""
    graph = program.unit(training.loss).graph
    assert graph is not None
    names = {
        i: node.attribute("name") for i, node in enumerate(graph.nodes) if node.operation == "input"
    }
    calls = [
        n for n in graph.nodes if n.operation == "call" and n.attribute("module") == training.model
    ]
    if not all(source in names for source in calls[0].inputs):
        raise DataError(
            "E0706",
            f"`{training.name}` does not take its inputs straight from the data",
            "hand data fields to the model in the loss, as in `m(x)`",
        )
    inputs = tuple(names[source] for source in calls[0].inputs)
    others = [name for name in training.inputs if name not in inputs]
    return Prediction(inputs, others[0] if len(others) == 1 else None)


def _folder(program: Program, options: TrainOptions | None, training: Training) -> TrainOptions:
    """A folder for each block, where one folder is given for several."""
    options = options or TrainOptions()
    if options.folder is None or len(program.trainings) == 1:
        return options
    return replace(options, folder=options.folder / training.name)


def _make(loaded: LoadedProgram, class_name: str) -> nn.Module:
    unit = loaded.program.unit(class_name)
    return loaded.class_named(class_name)(**dict(unit.settings))


def _loss_maker(
    loaded: LoadedProgram, training: Training, state: dict[str, Any] | None = None
) -> Callable[[], nn.Module]:
    def make() -> nn.Module:
        module = _make(loaded, training.loss)
        if state is not None:
            module.get_submodule(training.model).load_state_dict(state)
        return module

    return make
