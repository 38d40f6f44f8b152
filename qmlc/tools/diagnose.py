"""`qmlc diagnose`: how well the circuits of a program can be trained."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from qmlc.tools.options import (
    Color,
    Format,
    color_option,
    format_option,
    pair,
    program_file,
    read_settings,
    settings_option,
)
from qmlc.tools.report_errors import reporting


@click.command()
@program_file
@click.option("--name", metavar="CIRCUIT", help="Only this circuit; else all.")
@settings_option
@click.option(
    "--sweep",
    metavar="NAME=A,B,…",
    help="Several values of a setting in turn, as n=2,4,6,8.",
)
@click.option(
    "--samples",
    metavar="N",
    type=click.IntRange(2),
    default=1000,
    show_default=True,
    help="How often parameters and inputs are drawn.",
)
@click.option("--seed", metavar="N", type=click.IntRange(0), default=0, show_default=True)
@format_option
@color_option
def diagnose(
    file: Path,
    name: str | None,
    settings: tuple[str, ...],
    sweep: str | None,
    samples: int,
    seed: int,
    format: Format,
    color: Color,
) -> None:
    """Tell how well circuits can be trained.

    At random parameters: the variance of gradients, expressibility, entangling capability, and
    the Fourier spectrum in each input. With a sweep over sizes, how fast gradients vanish. With
    --format json, one object.
    """
    with reporting(format, color):
        # torch takes seconds to import
        from qmlc.trainability.diagnose_program import (
            DiagnoseOptions,
            diagnose_program,
            sweep_program,
        )
        from qmlc.trainability.print_diagnosis import print_diagnosis, print_sweep

        options = DiagnoseOptions(name, read_settings(settings), samples, seed)
        if sweep is not None:
            setting, texts = pair(sweep)
            values = [read_settings([f"{setting}={text}"])[setting] for text in texts.split(",")]
            found = sweep_program(file, setting, values, options)
            lines = print_sweep(found)
            plain = asdict(found)
        else:
            several = diagnose_program(file, options)
            lines = (line for one in several for line in (*print_diagnosis(one), ""))
            plain = {"circuits": [asdict(one) for one in several]}
        click.echo(json.dumps(plain, indent=2) if format is Format.json else "\n".join(lines))
