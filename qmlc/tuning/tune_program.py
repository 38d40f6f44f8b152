"""Search settings and options of a program for those that its trained model measures best with."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any

from qmlc.ir.program import Training
from qmlc.ops.metrics import METRICS
from qmlc.source.compile_error import CompileError
from qmlc.train_program import chosen, load_program, train_once
from qmlc.training.build_metric import check_metrics
from qmlc.training.errors import DataError, propose
from qmlc.training.keep_settings import write_settings
from qmlc.training.read_options import TrainOptions, read_options
from qmlc.training.run_files import run_folder
from qmlc.tuning.open_study import Study, Watch, open_study
from qmlc.tuning.search_space import Varied

TUNING = "tune"
"""The folder of a sweep, within that of the run."""

MEASURED_ALIKE = ("seed", "holdout", "validation", "test", "folds", "groups")
"""Options that decide on which rows is measured: trials that differ in them cannot be compared."""

WAIT = 1.0
"""Seconds between two looks at whether trials of other processes have ended."""


@dataclass(frozen=True)
class Sweep:
    """What is searched, and how."""

    path: Path
    space: tuple[Varied, ...]
    options: TrainOptions = field(default_factory=TrainOptions)
    """Of each training; `settings` are fixed, `folder` is that of the sweep."""
    name: str | None = None
    """The model, where the program trains several."""
    metric: str | None = None
    """Unsaid, the first metric of the block that is a number, else the loss."""
    trials: int = 30
    timeout: float | None = None
    """After so many seconds no trial begins."""
    seed: int = 0
    """Decides which values are tried."""
    prune: bool = True
    """Whether a trial stops that is worse than the median of the earlier ones at its epoch."""


@dataclass(frozen=True)
class Target:
    """What a sweep makes best: a metric of a block."""

    training: Training
    metric: str
    folder: Path

    @property
    def maximize(self) -> bool:
        """Whether more is better."""
        return self.metric in METRICS and METRICS[self.metric].higher


def tune_program(
    sweep: Sweep, tell: Callable[[Target, Study, Any], object]
) -> tuple[Target, Study]:
    """What is made best, and the study with its trials; `tell` hears of each trial that ends.

    Each trial trains the block as `qmlc train` would with its values, in a folder of its own, and
    is measured on the held-out rows. A trial whose values are impossible fails, and the others go
    on. A study that is there goes on; several processes can share it. CompileError and DataError
    where nothing of the kind can be trained, before the first trial.
    """
    target = _find_target(sweep)
    study = open_study(
        target.folder,
        target.training.name,
        sweep.space,
        target.metric,
        maximize=target.maximize,
        prune=sweep.prune,
        seed=sweep.seed,
        trials=sweep.trials,
        sweep=_identify(sweep),
    )
    began = time.monotonic()
    while sweep.timeout is None or time.monotonic() - began < sweep.timeout:
        settled = len(study.settled())
        if settled >= sweep.trials:
            break
        if settled + len(study.running()) >= sweep.trials:
            time.sleep(WAIT)  # other processes are at the last ones
            continue
        study.run_trial(partial(_train, sweep, target), partial(tell, target, study))
        _drop_weights(study, target.folder)
    return target, study


def trial_folder(folder: Path, number: int) -> Path:
    """Where a trial keeps its run."""
    return folder / f"trial_{number}"


def _find_target(sweep: Sweep) -> Target:
    """The block and the metric; the first or the last values must make a program of it."""
    for varied in sweep.space:
        if varied.name in MEASURED_ALIKE:
            message = f"trials that differ in `{varied.name}` are not measured on the same rows"
            raise DataError("E0706", message, f"give one value: `--set {varied.name}=…`")
    first, last = ({v.name: v.ends()[end] for v in sweep.space} for end in (0, 1))
    try:
        return _try_target(sweep, first)
    except CompileError as error:
        try:
            return _try_target(sweep, last)
        except CompileError:
            raise error from None


def _try_target(sweep: Sweep, values: Mapping[str, Any]) -> Target:
    options = replace(sweep.options, settings={**sweep.options.settings, **values})
    program = load_program(sweep.path, options).program
    trainings = chosen(program, sweep.name)
    if len(trainings) > 1:
        names = ", ".join(t.name for t in trainings)
        message = f"a sweep is for one model, and `{program.name}` trains {names}"
        raise DataError("E0706", message, "say which: --name MODEL")
    (training,) = trainings
    plan = read_options(training, options)
    check_metrics(training.metrics)
    if plan.folds is not None:
        help = "leave `folds` out, and hold rows out: `holdout = 0.2`"
        raise DataError("E0706", "a sweep over cross-validated trainings is not there yet", help)
    if training.data is not None and not plan.holdout:
        message = "trials are compared by rows that they did not learn from, and none are held out"
        raise DataError("E0706", message, "write `holdout = 0.2`, or give `--set holdout=0.2`")
    folder = sweep.options.folder or run_folder(program, training) / TUNING
    return Target(training, _find_metric(training, sweep.metric), folder)


def _find_metric(training: Training, name: str | None) -> str:
    known = [call.function for call in training.metrics if METRICS[call.function].scalar]
    if name is None:
        return known[0] if known else "loss"
    if name not in (*known, "loss"):
        help = propose(name, [*known, "loss"], "it measures")
        raise DataError("E0706", f"`train {training.name}` does not measure `{name}`", help)
    return name


def _identify(sweep: Sweep) -> dict[str, Any]:
    """What is the same for all trials of a study, by the words that name it."""
    return {
        "the program": sweep.path.read_text(encoding="utf-8-sig"),
        "--vary": [repr(varied) for varied in sweep.space],
        "--set": dict(sweep.options.settings),
        "--metric": sweep.metric,
        "--seed": sweep.seed,
    }


def _train(
    sweep: Sweep, target: Target, number: int, values: Mapping[str, Any], watch: Watch
) -> float:
    """What the model measures on the held-out rows, trained with the values of a trial."""
    settings = {**sweep.options.settings, **values}
    options = replace(sweep.options, settings=settings, folder=None)
    folder = trial_folder(target.folder, number)
    own = replace(
        options, folder=folder, features=target.folder, quiet=True, test=False, watch=watch
    )
    loaded = load_program(sweep.path, options)
    (training,) = (t for t in loaded.program.trainings if t.name == target.training.name)
    write_settings(folder, settings)
    result = train_once(loaded, training, sweep.path.parent, options, own)
    split = "held-out" if "held-out" in result.measurements else "training"
    value: float = result.measurements[split].as_dict()[target.metric]
    if not isfinite(value):
        raise DataError("E0708", f"`{target.metric}` is {value}")
    return value


def _drop_weights(study: Study, folder: Path) -> None:
    """Nothing; of the trials that ended only the best one keeps its weights."""
    best = study.best()
    for trial in study.settled():
        if best is None or trial.number != best.number:
            for file in trial_folder(folder, trial.number).glob("*.safetensors"):
                file.unlink(missing_ok=True)
