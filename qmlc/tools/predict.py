"""`qmlc predict`: raw rows in, predictions out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

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

DataFile = Annotated[
    Path,
    typer.Argument(metavar="DATA.csv", help="Rows as they come.", exists=True, dir_okay=False),
]
TableOption = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="OUT.csv", help="Instead of stdout.", dir_okay=False),
]


def predict(
    file: ProgramFile,
    data: DataFile,
    output: TableOption = None,
    name: NameOption = None,
    folder: FolderOption = None,
    format: FormatOption = Format.human,
    color: ColorOption = Color.auto,
) -> None:
    """Predict for raw rows with a trained model.

    A table (CSV) is written, a line for each row of DATA.csv. The column of the target may be
    missing.
    """
    with reporting(format, color):
        # torch takes seconds to import
        from qmlc.train_program import predict_program
        from qmlc.training.read_options import TrainOptions

        table = predict_program(file, data, TrainOptions(folder=folder), name=name, output=output)
    if not output:
        table.to_csv(sys.stdout, index=False, float_format="%.7g")
