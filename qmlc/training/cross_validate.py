"""Train on all but a part of the rows, for each part, and say what that measures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev

from rich.console import Console

from qmlc.training.read_options import TrainOptions
from qmlc.training.show_progress import show_measurements
from qmlc.training.train_result import TrainResult
from qmlc.training.write_files import write_json

FOLDS = "folds.json"
"""The file with the mean and the standard deviation over the folds."""


def cross_validate(
    train: Callable[[TrainOptions], TrainResult],
    count: int,
    folder: Path,
    options: TrainOptions,
    title: str,
) -> TrainResult:
    """What a last training on all rows makes, after one for each of `count` held-out parts.

    Each fold is a run of its own below `folder`; `folds.json` holds the mean and the sample
    standard deviation of what they measured on the rows that they held out.
    """
    held = []
    for part in range(count):
        own = replace(options, folder=folder / f"fold_{part + 1}", fold=(part, count), quiet=True)
        held.append(train(own).measurements["held-out"].as_dict())
    result = train(replace(options, folder=folder))
    found = _summarise([{k: v for k, v in row.items() if isinstance(v, float)} for row in held])
    write_json(folder / FOLDS, {**found, "folds": held})
    if not options.quiet:
        notes = {"measured": f"the held-out rows of {count} folds, {folder / FOLDS}"}
        show_measurements(found, f"{title}, cross-validated", notes, Console())
    return result


def _summarise(rows: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """The mean and the sample standard deviation of each column."""
    return {
        "mean": {name: mean(row[name] for row in rows) for name in rows[0]},
        "standard deviation": {name: stdev(row[name] for row in rows) for name in rows[0]},
    }
