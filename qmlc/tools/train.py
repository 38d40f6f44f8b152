"""`qmlc train`: run the train blocks of a program."""

from __future__ import annotations

from pathlib import Path

import click

from qmlc.tools.options import (
    Color,
    Format,
    color_option,
    extern_option,
    folder_option,
    format_option,
    name_option,
    program_file,
    read_settings,
    training_settings_option,
)
from qmlc.tools.report_errors import reporting

INSTEAD = "Instead of the program's."


@click.command()
@program_file
@name_option
@training_settings_option
@click.option("--epochs", metavar="N", type=click.IntRange(1), help=INSTEAD)
@click.option("--steps", metavar="N", type=click.IntRange(1), help=INSTEAD)
@click.option("--batch", metavar="N", type=click.IntRange(1), help=INSTEAD)
@click.option("--seed", metavar="N", type=click.IntRange(0), help=INSTEAD)
@click.option("--device", metavar="D", help="cpu, cuda, mps; else what there is.")
@folder_option
@click.option("--shard", is_flag=True, help="Each process of torchrun holds a part of the model.")
@extern_option
@click.option("--tensorboard", is_flag=True, help="Also write a log that TensorBoard shows.")
@click.option(
    "--ablate",
    metavar="SEEDS",
    type=click.IntRange(2),
    help="Then compare, over so many seeds, with twins: without entanglement, and classical.",
)
@click.option("--quiet", "-q", is_flag=True, help="Print nothing.")
@format_option
@color_option
def train(
    file: Path,
    name: str | None,
    settings: tuple[str, ...],
    epochs: int | None,
    steps: int | None,
    batch: int | None,
    seed: int | None,
    device: str | None,
    folder: Path | None,
    shard: bool,
    allow_extern: bool,
    tensorboard: bool,
    ablate: int | None,
    quiet: bool,
    format: Format,
    color: Color,
) -> None:
    """Run the train blocks of a program.

    They run in the order of the text. The best and the last weights, the history and what was
    learned from the data are saved after each epoch.
    """
    with reporting(format, color):
        # torch takes seconds to import
        from qmlc.train_program import train_program
        from qmlc.training.read_options import TrainOptions

        options = TrainOptions(
            epochs,
            steps,
            batch,
            seed,
            device,
            folder,
            quiet,
            allow_extern,
            tensorboard,
            ablate,
            shard=shard,
            settings=read_settings(settings),
        )
        train_program(file, options, name=name)
