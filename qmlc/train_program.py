"""Train, measure and use the models of a program, as its `train` blocks say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from torch import Tensor, nn

from qmlc.driver import read_source
from qmlc.ir.program import Program, Training, Unit
from qmlc.ops.train_options import TRAIN_OPTIONS
from qmlc.program import LoadedProgram
from qmlc.source.nearest import propose_nearest
from qmlc.training.check_training import check_training
from qmlc.training.compare_twins import Change, compare_twins, show_comparison
from qmlc.training.cross_validate import cross_validate
from qmlc.training.errors import DataError, placed, propose
from qmlc.training.evaluate_block import evaluate_block, load_trained
from qmlc.training.find_prediction import find_prediction
from qmlc.training.keep_settings import recall_settings, write_settings
from qmlc.training.load_weights import load_weights
from qmlc.training.make_twins import KERNEL_TWINS, MODEL_TWINS
from qmlc.training.predict_block import predict_block
from qmlc.training.read_options import Plan, TrainOptions, given_options, is_option, read_options
from qmlc.training.run_files import BEST, RUN, remove_checkpoints, run_folder
from qmlc.training.run_module import model_in
from qmlc.training.support_vectors import MachineLoss, empty_machine
from qmlc.training.train_block import train_block
from qmlc.training.train_machine import train_machine
from qmlc.training.train_result import TrainResult
from qmlc.training.write_files import write_json


def train_program(
    path: Path, options: TrainOptions | None = None, *, name: str | None = None
) -> dict[str, TrainResult]:
    """Run the train blocks of a program in order; what came of each, by its name.

    A model that an earlier block trained is taken from there. The options of all blocks are
    checked before the first one runs. CompileError, DataError.
    """
    loaded = load_program(path, options)
    trainings = chosen(loaded.program, name)
    for training in trainings:
        check_training(training, options)
    results = {}
    for training in trainings:
        several = training is not trainings[-1]
        results[training.name] = _train(loaded, training, path.parent, options, several)
    for result in results.values():
        remove_checkpoints(result.folder)
    return results


def _train(
    loaded: LoadedProgram,
    training: Training,
    base: Path,
    options: TrainOptions | None,
    several: bool,
) -> TrainResult:
    """What came of a block, its folds and its twins; `several` where other blocks follow."""
    program, own = loaded.program, own_options(loaded.program, options, training)
    plan, folder = read_options(training, own), own.folder or run_folder(program, training)
    several = several or plan.folds is not None or own.ablate is not None
    own = replace(own, folder=folder, features=folder, keep=several)
    write_settings(folder, own.settings)

    train = partial(train_once, loaded, training, base, options)
    if plan.folds is None:
        result = train(own)
    else:
        result = cross_validate(train, plan.folds, folder, own, training.name)
    if result.folder == folder:  # further processes have folders of their own
        write_json(folder / RUN, {"seconds": result.seconds, "options": given_options(own)})
    if own.ablate is not None:
        _compare(training, train, plan, own)
    return result


def train_once(
    loaded: LoadedProgram,
    training: Training,
    base: Path,
    options: TrainOptions | None,
    own: TrainOptions,
    change: Change | None = None,
) -> TrainResult:
    """What came of one training of a block with its `own` options, its model changed before it.

    By `options`, those of all blocks, models of earlier blocks are found.
    """
    with placed(training.places.get(""), "when this is trained"):
        if training.machine is not None:

            def make_kernel(rows: Tensor) -> nn.Module:
                kernel = _make(loaded, training.unit)
                return kernel if change is None else change(kernel, rows)

            return train_machine(loaded.program, training, make_kernel, base, own)

        def make_loss() -> nn.Module:
            module = loss_maker(loaded, training, options)()
            if change is not None:
                change(model_in(module, training.model))
            return module

        return train_block(loaded.program, training, make_loss, base, own)


def _compare(
    training: Training,
    train: Callable[[TrainOptions, Change | None], TrainResult],
    plan: Plan,
    options: TrainOptions,
) -> None:
    """Write and show what the quantum part of a model brings."""
    twins = MODEL_TWINS if training.machine is None else KERNEL_TWINS
    assert options.ablate is not None and options.folder is not None
    seeds = range(plan.seed, plan.seed + options.ablate)
    found = compare_twins(train, twins, seeds, options.folder, options)
    if not options.quiet:
        show_comparison(found, training.name)


def evaluate_program(
    path: Path,
    options: TrainOptions | None = None,
    *,
    name: str | None = None,
    table: Path | None = None,
) -> dict[str, dict[str, Any]]:
    """The loss and metrics of each trained block on the rows it did not learn from.

    With a `table`, on its rows, by the blocks that have data. CompileError, DataError.
    """
    options = recall_settings(path, options, name)
    loaded = load_program(path, options)
    measured = {}
    for training in chosen(loaded.program, name):
        if table is not None and training.data is None:
            continue
        trained = load_trained(
            loaded.program,
            training,
            loss_maker(loaded, training, options),
            path.parent,
            own_options(loaded.program, options, training),
            table=table,
        )
        for split, measurement in evaluate_block(training, trained).items():
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
    options = recall_settings(path, options, name)
    loaded = load_program(path, options)
    trainings = [t for t in chosen(loaded.program, name) if t.data is not None]
    if len(trainings) != 1:
        names = ", ".join(f"`{t.name}`" for t in trainings) or "none"
        raise DataError(
            "E0706",
            f"one model is to predict, and the program trains {names}",
            "say which: --name NAME",
        )
    training = trainings[0]
    return predict_block(
        loaded.program,
        training,
        lambda: _make_model(loaded, training, options),
        path.parent,
        find_prediction(loaded.program, training),
        table,
        own_options(loaded.program, options, training),
        output=output,
    )


def load_program(path: Path, options: TrainOptions | None) -> LoadedProgram:
    """The program in a file with its settings; CompileError where it is wrong.

    DataError where a setting is none of what is trained: it would change nothing.
    """
    options = options or TrainOptions()
    settings = {name: v for name, v in options.settings.items() if not is_option(name)}
    loaded = LoadedProgram(read_source(path), path, 2, settings, options.allow_extern)
    program = loaded.program
    known = _settings([program.unit(training.unit) for training in program.trainings])
    for name in settings:
        if name not in known:
            inner = _settings(program.units).get(name)
            help = propose(name, [*known, *TRAIN_OPTIONS], "settings and options are")
            if inner is not None:
                help = f"give what is trained a setting that it hands to `{inner}`"
            raise DataError("E0706", f"nothing that is trained has a setting `{name}`", help)
    return loaded


def _settings(units: Sequence[Unit]) -> dict[str, str]:
    """The settings of units, as they may be given, and whose they are."""
    pairs = [(u.name, s.name) for u in units for s in u.signature if s.kind != "dimension"]
    return {name: unit for unit, s in pairs for name in (s, f"{unit}.{s}")}


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
        hint = propose_nearest(name, names, "there are " + ", ".join(names))
        raise DataError("E0706", f"there is no train block `{name}`", hint)
    return tuple(t for t in program.trainings if t.name == name)


def own_options(program: Program, options: TrainOptions | None, training: Training) -> TrainOptions:
    """A folder for each block, where one folder is given for several."""
    options = options or TrainOptions()
    if options.folder is None or len(program.trainings) == 1:
        return options
    return replace(options, folder=options.folder / training.name)


def _make(loaded: LoadedProgram, class_name: str) -> nn.Module:
    unit = loaded.program.unit(class_name)
    return loaded.class_named(class_name)(**dict(unit.settings))


def _make_model(
    loaded: LoadedProgram, training: Training, options: TrainOptions | None
) -> nn.Module:
    """The model of a block, for the weights that it learned to be loaded."""
    model = _make(loaded, training.unit)
    if training.machine is None:
        return model
    own = own_options(loaded.program, options, training)
    return empty_machine(model, (own.folder or run_folder(loaded.program, training)) / BEST)


def loss_maker(
    loaded: LoadedProgram, training: Training, options: TrainOptions | None
) -> Callable[[], nn.Module]:
    """Makes the loss. Models in it hold what their own earlier blocks learned; others do not learn.

    Calling it raises DataError where another model was not trained before.
    """
    if training.machine is not None:
        return lambda: MachineLoss(_make_model(loaded, training, options))
    program = loaded.program
    earlier = program.trainings[: program.trainings.index(training)]

    def make() -> nn.Module:
        module = _make(loaded, training.loss)
        for part in program.unit(training.loss).submodules:
            model = model_in(module, part.path)
            loaded_before = any(change.function == "load" for change in part.changes)
            blocks = [block for block in earlier if block.unit == part.target]
            if blocks and not loaded_before:
                own = own_options(program, options, blocks[-1])
                load_weights(model, (own.folder or run_folder(program, blocks[-1])) / BEST)
            elif part.path != training.model and not loaded_before and model.state_dict():
                message = f"`{training.name}` uses `{part.path}`, which no earlier block trains"
                raise DataError("E0706", message, "write a `train` block for it above this one")
            if part.path != training.model:
                model.requires_grad_(False)
        return module

    return make
