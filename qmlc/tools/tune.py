"""`qmlc tune`: search settings and options for the best model."""

from __future__ import annotations

from pathlib import Path

import click

from qmlc.tools.options import (
    FOLDER,
    Color,
    Format,
    color_option,
    extern_option,
    format_option,
    name_option,
    program_file,
    read_settings,
    training_settings_option,
)
from qmlc.tools.read_ranges import read_ranges
from qmlc.tools.report_errors import reporting


@click.command()
@program_file
@click.option(
    "ranges",
    "--vary",
    metavar="NAME=RANGE",
    multiple=True,
    required=True,
    help="What to search: n=2..8, optimizer.lr=1e-4..1e-1:log, batch=16,32,64.",
)
@training_settings_option
@name_option
@click.option(
    "--trials",
    metavar="N",
    type=click.IntRange(1),
    default=30,
    show_default=True,
    help="How many in all, those of earlier and other processes counted.",
)
@click.option(
    "--timeout", metavar="SECONDS", type=click.FloatRange(0), help="Begin no trial after these."
)
@click.option(
    "--metric", metavar="M", help="What to make best; else the first metric, or the loss."
)
@click.option(
    "--seed",
    metavar="N",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Decides what is tried.",
)
@click.option("--no-prune", is_flag=True, help="Train also what lies behind to its end.")
@click.option("--device", metavar="D", help="cpu, cuda, mps; else what there is.")
@click.option(
    "--folder", metavar="DIR", type=FOLDER, help="The sweep; else runs/PROGRAM/MODEL/tune."
)
@extern_option
@click.option("--quiet", "-q", is_flag=True, help="Print nothing.")
@format_option
@color_option
def tune(
    file: Path,
    ranges: tuple[str, ...],
    settings: tuple[str, ...],
    name: str | None,
    trials: int,
    timeout: float | None,
    metric: str | None,
    seed: int,
    no_prune: bool,
    device: str | None,
    folder: Path | None,
    allow_extern: bool,
    quiet: bool,
    format: Format,
    color: Color,
) -> None:
    """Search settings and options for the best model.

    Each trial of a study of Optuna trains as `train` does with its values, and is measured on the
    held-out rows. The same command goes on with a study that was stopped, or takes part in it.
    """
    space, given = read_ranges(ranges), read_settings(settings)
    with reporting(format, color):
        # torch takes seconds to import
        from qmlc.training.read_options import TrainOptions
        from qmlc.tuning.tune_program import Sweep, tune_program
        from qmlc.tuning.write_study import show_study, show_trial, write_study

        options = TrainOptions(
            device=device, folder=folder, allow_extern=allow_extern, settings=given
        )
        sweep = Sweep(file, space, options, name, metric, trials, timeout, seed, prune=not no_prune)
        tell = (lambda *_: None) if quiet else show_trial
        target, study = tune_program(sweep, tell)
        summary = write_study(sweep, target, study)
        if not quiet:
            show_study(target, study, summary)
