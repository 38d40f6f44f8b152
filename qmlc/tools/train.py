"""`qmlc train`: run the train blocks of a program."""

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
    TrainOption,
)
from qmlc.tools.report_data_errors import reporting_data

EpochsOption = Annotated[
    int | None, typer.Option("--epochs", metavar="N", min=1, help="Instead of the program's.")
]
SeedOption = Annotated[
    int | None, typer.Option("--seed", metavar="N", min=0, help="Instead of the program's.")
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", metavar="DIR", help="Instead of runs/FILE/MODEL.", file_okay=False
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing.")]


def train(
    file: ProgramFile,
    name: TrainOption = None,
    epochs: EpochsOption = None,
    seed: SeedOption = None,
    output: OutputOption = None,
    quiet: QuietOption = False,
    format: FormatOption = Format.human,
    color: ColorOption = Color.auto,
) -> None:
    """Run the train blocks of a program.

    They run in the order of the text; what was learned is saved.
    """
    # torch takes seconds to import
    from qmlc.train_program import train_program
    from qmlc.training.read_options import TrainOptions

    options = TrainOptions(epochs=epochs, seed=seed, folder=output, quiet=quiet)
    with reporting_data(format, color):
        train_program(file, options, name=name)
