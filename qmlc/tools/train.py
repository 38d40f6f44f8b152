"""`qmlc train`: run the train blocks of a program."""

from __future__ import annotations

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

EpochsOption = Annotated[
    int | None, typer.Option("--epochs", metavar="N", min=1, help="Instead of the program's.")
]
StepsOption = Annotated[
    int | None, typer.Option("--steps", metavar="N", min=1, help="Instead of the program's.")
]
BatchOption = Annotated[
    int | None, typer.Option("--batch", metavar="N", min=1, help="Instead of the program's.")
]
SeedOption = Annotated[
    int | None, typer.Option("--seed", metavar="N", min=0, help="Instead of the program's.")
]
DeviceOption = Annotated[
    str | None, typer.Option("--device", metavar="D", help="cpu, cuda, mps; else what there is.")
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing.")]


def train(
    file: ProgramFile,
    name: NameOption = None,
    epochs: EpochsOption = None,
    steps: StepsOption = None,
    batch: BatchOption = None,
    seed: SeedOption = None,
    device: DeviceOption = None,
    folder: FolderOption = None,
    quiet: QuietOption = False,
    format: FormatOption = Format.human,
    color: ColorOption = Color.auto,
) -> None:
    """Run the train blocks of a program.

    They run in the order of the text. The best and the last weights, the history and what was
    learned from the data are saved after each epoch.
    """
    with reporting(format, color):
        # torch takes seconds to import
        from qmlc.train_program import train_program
        from qmlc.training.read_options import TrainOptions

        options = TrainOptions(epochs, steps, batch, seed, device, folder, quiet)
        train_program(file, options, name=name)
