"""`qmlc eval`: measure what was trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from qmlc.tools.options import (
    READABLE,
    Color,
    Format,
    program_file,
    read_settings,
    run_options,
)
from qmlc.tools.report_errors import reporting


@click.command("eval")
@program_file
@click.argument("data", metavar="[DATA.csv]", required=False, type=READABLE)
@run_options
def evaluate(
    file: Path,
    data: Path | None,
    name: str | None,
    settings: tuple[str, ...],
    folder: Path | None,
    allow_extern: bool,
    format: Format,
    color: Color,
) -> None:
    """Measure what was trained.

    The loss and the metrics are taken on the rows that were held out of training, or on those of
    another file.
    """
    with reporting(format, color):
        # torch takes seconds to import
        from qmlc.train_program import evaluate_program
        from qmlc.training.read_options import TrainOptions

        options = TrainOptions(
            folder=folder, allow_extern=allow_extern, settings=read_settings(settings)
        )
        measured = evaluate_program(file, options, name=name, table=data)
    if format is Format.json:
        click.echo(json.dumps(measured, indent=2))
        return
    for block, values in measured.items():
        click.echo(f"{block}: " + ", ".join(f"{key} {_text(v)}" for key, v in values.items()))


def _text(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)
