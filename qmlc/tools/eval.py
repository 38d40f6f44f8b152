"""`qmlc eval`: measure what was trained."""

from __future__ import annotations

import typer

from qmlc.tools.options import (
    Color,
    ColorOption,
    Format,
    FormatOption,
    ProgramFile,
    StateOption,
    TrainOption,
)
from qmlc.tools.report_errors import reporting


def evaluate(
    file: ProgramFile,
    name: TrainOption = None,
    state: StateOption = None,
    format: FormatOption = Format.human,
    color: ColorOption = Color.auto,
) -> None:
    """Measure what was trained.

    The loss and the metrics are taken on the rows that were held out of training.
    """
    from qmlc.training.evaluate_program import evaluate_program  # torch takes seconds

    with reporting(format, color):
        typer.echo(evaluate_program(file, name=name, state=state))
