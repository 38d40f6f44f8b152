"""Train a model and its twins alike over several seeds, and say what the quantum part brings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import sqrt
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from rich.console import Console
from rich.table import Table
from scipy.stats import t

from qmlc.training.data.split_rows import SPLITS
from qmlc.training.read_options import TrainOptions
from qmlc.training.run_files import ABLATION
from qmlc.training.train_result import TrainResult
from qmlc.training.write_files import write_json

CONFIDENCE = 0.95

Change = Callable[..., Any]
"""What makes a twin: a row of `MODEL_TWINS` or `KERNEL_TWINS`."""


def compare_twins(
    train: Callable[[TrainOptions, Change | None], TrainResult],
    twins: Mapping[str, Change],
    seeds: Sequence[int],
    folder: Path,
    options: TrainOptions,
) -> dict[str, Any]:
    """What the model and its twins measured, with confidence intervals; `ablation.json` holds it.

    Each twin is trained with each of the seeds, which decide its start, the split and the order of
    the rows, as the model is, below `folder / "ablation"`. A difference is that of pairs with one
    seed. Intervals are Student's, for 95 %, over the seeds.
    """
    changes: dict[str, Change | None] = {"as written": None, **twins}
    console = Console(stderr=True, quiet=options.quiet)
    runs: dict[str, list[TrainResult]] = {name: [] for name in changes}
    for name, change in changes.items():
        for number, seed in enumerate(seeds, start=1):
            own = replace(options, seed=seed, folder=_folder(folder, name, seed), quiet=True)
            with console.status(f"{name}: training {number} of {len(seeds)}"):
                runs[name].append(train(own, change))
    found = _summarise(runs)
    write_json(folder / ABLATION, found)
    return found


def _folder(folder: Path, name: str, seed: int) -> Path:
    return folder / "ablation" / name.replace(" ", "_") / f"seed_{seed}"


def _summarise(runs: Mapping[str, Sequence[TrainResult]]) -> dict[str, Any]:
    first = runs["as written"][0]
    split = [name for name in SPLITS if name in first.measurements][-1]
    values = {
        name: [_numbers(result.measurements[split].as_dict()) for result in results]
        for name, results in runs.items()
    }
    metrics = list(values["as written"][0])
    return {
        "split": split,
        "seeds": len(runs["as written"]),
        "models": {
            name: {
                "parameters": runs[name][0].parameters,
                **{m: _interval([row[m] for row in rows]) for m in metrics},
            }
            for name, rows in values.items()
        },
        "as written less the twin": {
            name: {
                m: _interval([a[m] - b[m] for a, b in zip(values["as written"], rows, strict=True)])
                for m in metrics
            }
            for name, rows in values.items()
            if name != "as written"
        },
    }


def _numbers(measured: Mapping[str, Any]) -> dict[str, float]:
    return {name: value for name, value in measured.items() if isinstance(value, float)}


def _interval(values: Sequence[float]) -> dict[str, float]:
    """The mean, and by how much the true one may be above or below it."""
    count = len(values)
    spread = stdev(values) / sqrt(count) * float(t.ppf((1 + CONFIDENCE) / 2, count - 1))
    return {"mean": mean(values), "within": spread}


def show_comparison(found: Mapping[str, Any], title: str) -> None:
    """Print what `compare_twins` found."""
    models, differences = found["models"], found["as written less the twin"]
    metrics = [name for name in models["as written"] if name != "parameters"]
    table = Table(title=f"{title}: {found['split']} rows, {found['seeds']} seeds, 95 % intervals")
    table.add_column("")
    table.add_column("parameters", justify="right")
    for name in metrics:
        table.add_column(name, justify="right")
    for name, row in models.items():
        table.add_row(name, str(row["parameters"]), *(show_interval(row[m]) for m in metrics))
    table.add_section()
    for name, row in differences.items():
        table.add_row(f"less {name}", "", *(show_interval(row[m], "+") for m in metrics))
    console = Console()
    console.print(table)
    for line in tell_differences(found):
        console.print(line, highlight=False)


def tell_differences(found: Mapping[str, Any]) -> Iterator[str]:
    """A sentence on each twin: whether it is shown to differ, and in what."""
    for name, row in found["as written less the twin"].items():
        shows = [m for m, values in row.items() if abs(values["mean"]) > values["within"]]
        told = f"differ in {' and '.join(shows)}" if shows else "are not shown to differ"
        yield f"The model and its {name} twin {told}."


def show_interval(interval: Mapping[str, float], sign: str = "") -> str:
    """The mean, and how far from it the true one may be."""
    return f"{interval['mean']:{sign}.4f} ± {interval['within']:.4f}"
