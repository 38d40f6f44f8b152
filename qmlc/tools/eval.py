"""`qmlc eval`: measure what was trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from qmlc.tools.options import (
    Color,
    ColorOption,
    FolderOption,
    Format,
    FormatOption,
    NameOption,
    ProgramFile,
)
from qmlc.tools.report_errors import reporting

OtherRows = Annotated[
    Path | None,
    typer.Argument(
        metavar="DATA.csv", help="Instead of the held-out rows.", exists=True, dir_okay=False
    ),
]


def evaluate(
    file: ProgramFile,
    data: OtherRows = None,
    name: NameOption = None,
    folder: FolderOption = None,
    format: FormatOption = Format.human,
    color: ColorOption = Color.auto,
) -> None:
    """Measure what was trained.

    The loss and the metrics are taken on the rows that were held out of training, or on those of
    another file.
    """
    with reporting(format, color):
        # torch takes seconds to import
        from qmlc.train_program import evaluate_program
        from qmlc.training.read_options import TrainOptions

        measured = evaluate_program(file, TrainOptions(folder=folder), name=name, table=data)
    if format is Format.json:
        typer.echo(json.dumps(measured, indent=2))
        return
    for block, values in measured.items():
        typer.echo(f"{block}: " + ", ".join(f"{key} {_text(v)}" for key, v in values.items()))


def _text(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)
