"""`qmlc predict`: raw rows in, predictions out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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
    name: TrainOption = None,
    state: StateOption = None,
    format: FormatOption = Format.human,
    color: ColorOption = Color.auto,
) -> None:
    """Predict for raw rows with a trained model.

    A table (CSV) is written, a line for each row of DATA.csv.
    """
    from qmlc.training.predict_program import predict_program  # torch takes seconds

    with reporting(format, color):
        table = predict_program(file, data, name=name, state=state)
        if output:
            output.write_text(table, encoding="utf-8", newline="")
        else:
            typer.echo(table, nl=False)
