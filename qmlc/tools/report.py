"""`qmlc report`: a page on what was trained."""

from __future__ import annotations

from pathlib import Path

import click

from qmlc.tools.options import (
    Color,
    Format,
    program_file,
    read_settings,
    run_options,
)
from qmlc.tools.report_errors import reporting


@click.command()
@program_file
@run_options
def report(
    file: Path,
    name: str | None,
    settings: tuple[str, ...],
    folder: Path | None,
    allow_extern: bool,
    format: Format,
    color: Color,
) -> None:
    """Write a page on what was trained.

    One HTML file in the folder of each run: results, curves, confusion matrix, calibration, data,
    model, circuits, and how to repeat it.
    """
    with reporting(format, color):
        # torch takes seconds to import
        from qmlc.report.write_report import write_reports
        from qmlc.training.read_options import TrainOptions

        options = TrainOptions(
            folder=folder, allow_extern=allow_extern, settings=read_settings(settings)
        )
        for path in write_reports(file, options, name=name):
            click.echo(path)
