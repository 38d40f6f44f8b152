"""Write and show what a sweep found."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rich.console import Console
from rich.table import Table

from qmlc.train_program import load_program, loss_maker
from qmlc.training.errors import DataError, shown
from qmlc.training.evaluate_block import evaluate_block, load_trained
from qmlc.training.keep_settings import write_options
from qmlc.training.write_files import replace_file, write_json
from qmlc.tuning.open_study import STUDY, Study
from qmlc.tuning.tune_program import Sweep, Target, trial_folder

TRIALS, SUMMARY = "trials.csv", "study.json"
SHOWN = 20
"""The table that is printed has so many trials at most, the best ones."""


def write_study(sweep: Sweep, target: Target, study: Study) -> dict[str, Any]:
    """The summary of a sweep, after writing it and the table of its trials.

    The best model is measured on the test rows, where some are kept. DataError E0704 where no trial
    was measured.
    """
    best = study.best()
    columns = ("number", "value", "state", "params", "user_attrs", "duration")
    table = study.study.trials_dataframe(attrs=columns)
    replace_file(target.folder / TRIALS, lambda file: table.to_csv(file, index=False))
    if best is None:
        errors = [t.user_attrs["error"] for t in study.settled() if "error" in t.user_attrs]
        why = f": {errors[0]}" if errors else ""
        raise DataError("E0704", f"no trial was measured{why}", "vary other values")
    settings = {**sweep.options.settings, **best.params}
    name = [] if sweep.name is None else ["--name", sweep.name]
    device = [] if sweep.options.device is None else ["--device", sweep.options.device]
    command = ["qmlc", "train", str(sweep.path), *name, *device, *write_options(settings)]
    summary = {
        "model": target.training.name,
        "metric": target.metric,
        "direction": "maximize" if target.maximize else "minimize",
        "trials": count_states(study),
        "best": {"trial": best.number, "settings": settings, target.metric: best.value},
        "test": _measure_test(sweep, target, best.number, settings),
        "command": shlex.join(command),
    }
    write_json(target.folder / SUMMARY, summary)
    return summary


def count_states(study: Study) -> dict[str, int]:
    """How many trials ended how."""
    states = [str(trial.state.name).lower() for trial in study.settled()]
    return {state: states.count(state) for state in ("complete", "pruned", "fail")}


def _measure_test(
    sweep: Sweep, target: Target, number: int, settings: Mapping[str, Any]
) -> dict[str, Any] | None:
    """What the model of a trial measures on the test rows; None where none are kept."""
    options = replace(sweep.options, settings=settings, folder=None)
    loaded = load_program(sweep.path, options)
    (training,) = (t for t in loaded.program.trainings if t.name == target.training.name)
    own = replace(options, folder=trial_folder(target.folder, number))
    make = loss_maker(loaded, training, own if training.machine is not None else options)
    trained = load_trained(loaded.program, training, make, sweep.path.parent, own)
    if trained.split != "test":
        return None
    return evaluate_block(training, trained)["test"].as_dict()


def show_trial(target: Target, study: Study, trial: Any) -> None:
    """Print a line on a trial that ended."""
    values = "  ".join(f"{name} {_text(value)}" for name, value in trial.params.items())
    if "error" in trial.user_attrs:
        came = f"failed: {trial.user_attrs['error']}"
    elif trial.state.name == "COMPLETE":
        came = f"{target.metric} {_text(trial.value)}"
    else:
        came = f"stopped at epoch {trial.last_step}" if trial.last_step else "stopped"
    if "same_as" in trial.user_attrs:
        came += f", as trial {trial.user_attrs['same_as']}"
    console = Console(stderr=True)
    line = f"{target.training.name} trial {trial.number}  {values}  {came}"
    console.print(line, highlight=False, markup=False, soft_wrap=True)


def show_study(target: Target, study: Study, summary: Mapping[str, Any]) -> None:
    """Print the best trials, the values that were best, what they measure and how to train so."""
    measured = [t for t in study.settled() if t.state.name == "COMPLETE"]
    measured.sort(key=lambda t: -t.value if target.maximize else t.value)
    names = [varied.name for varied in study.space]
    table = Table(title=f"{target.training.name}: {target.metric}", title_justify="left")
    for name in ("trial", *names, target.metric):
        table.add_column(name, justify="right")
    for trial in measured[:SHOWN]:
        cells = [_text(trial.params[name]) for name in names]
        table.add_row(str(trial.number), *cells, _text(trial.value))
    console = Console()
    console.print(table)
    counts = summary["trials"]
    console.print(
        f"{counts['complete']} trials measured, {counts['pruned']} stopped early, "
        f"{counts['fail']} failed; all of them: {shown(target.folder / TRIALS)}, "
        f"{shown(target.folder / STUDY)}",
        highlight=False,
        soft_wrap=True,
    )
    for line in _honest_lines(target, summary):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _honest_lines(target: Target, summary: Mapping[str, Any]) -> list[str]:
    best, test = summary["best"], summary["test"]
    folder = shown(trial_folder(target.folder, best["trial"]))
    lines = [f"best: {target.metric} {_text(best[target.metric])}, the run in {folder}"]
    if target.training.data is not None:
        lines.append("that is of the held-out rows, which chose it: other rows will show less")
    if test is not None:
        values = ", ".join(f"{name} {_text(value)}" for name, value in test.items())
        lines.append(f"on the test rows, which no trial saw: {values}")
    return [*lines, f"to train so: {summary['command']}"]


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
