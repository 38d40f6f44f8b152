"""`qmlc train`: run the train blocks of a program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qmlc.tools.options import Color, ColorOption, Format, FormatOption, ProgramFile, TrainOption
from qmlc.tools.report_errors import reporting

EpochsOption = Annotated[
    int | None, typer.Option("--epochs", metavar="N", min=1, help="Instead of the program's.")
]
SeedOption = Annotated[
    int | None, typer.Option("--seed", metavar="N", min=0, help="Instead of the program's.")
]
FolderOption = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="DIR", help="Where to save.", file_okay=False),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No line for each epoch.")]


def train(
    file: ProgramFile,
    name: TrainOption = None,
    epochs: EpochsOption = None,
    seed: SeedOption = None,
    output: FolderOption = None,
    quiet: QuietOption = False,
    format: FormatOption = Format.human,
    color: ColorOption = Color.auto,
) -> None:
    """Run the train blocks of a program.

    They run in the order of the text; what was learned is saved.
    """
    from qmlc.training.train_program import TrainOptions, train_program  # torch takes seconds

    options = TrainOptions(name=name, epochs=epochs, seed=seed, output=output, quiet=quiet)
    with reporting(format, color):
        typer.echo(train_program(file, options))
