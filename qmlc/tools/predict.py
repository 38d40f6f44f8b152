"""`qmlc predict`: raw rows in, predictions out."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from qmlc.tools.options import (
    READABLE,
    TABLE,
    Color,
    Format,
    program_file,
    read_settings,
    run_options,
)
from qmlc.tools.report_errors import reporting


@click.command()
@program_file
@click.argument("data", metavar="DATA.csv", type=READABLE)
@click.option("-o", "--output", metavar="OUT.csv", type=TABLE, help="Instead of stdout.")
@run_options
def predict(
    file: Path,
    data: Path,
    output: Path | None,
    name: str | None,
    settings: tuple[str, ...],
    folder: Path | None,
    allow_extern: bool,
    format: Format,
    color: Color,
) -> None:
    """Predict for raw rows with a trained model.

    A table (CSV) is written, a line for each row of DATA.csv. The column of the target may be
    missing.
    """
    with reporting(format, color):
        # torch takes seconds to import
        from qmlc.train_program import predict_program
        from qmlc.training.read_options import TrainOptions

        options = TrainOptions(
            folder=folder, allow_extern=allow_extern, settings=read_settings(settings)
        )
        table = predict_program(file, data, options, name=name, output=output)
    if not output:
        table.to_csv(sys.stdout, index=False, float_format="%.7g")
