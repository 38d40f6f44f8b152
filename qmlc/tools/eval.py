"""`qmlc eval`: measure what was trained."""

from __future__ import annotations

import json
from typing import Any

import typer

from qmlc.tools.options import (
    Color,
    ColorOption,
    FolderOption,
    Format,
    FormatOption,
    ProgramFile,
    TrainOption,
)
from qmlc.tools.report_data_errors import reporting_data


def evaluate(
    file: ProgramFile,
    name: TrainOption = None,
    folder: FolderOption = None,
    format: FormatOption = Format.human,
    color: ColorOption = Color.auto,
) -> None:
    """Measure what was trained.

    The loss and the metrics are taken on the rows that were held out of training.
    """
    # torch takes seconds to import
    from qmlc.train_program import evaluate_program
    from qmlc.training.read_options import TrainOptions

    with reporting_data(format, color):
        measured = evaluate_program(file, TrainOptions(folder=folder), name=name)
    if format is Format.json:
        typer.echo(json.dumps(measured, indent=2))
        return
    for block, values in measured.items():
        typer.echo(f"{block}: " + ", ".join(f"{key} {_text(v)}" for key, v in values.items()))


def _text(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)
