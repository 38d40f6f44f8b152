"""`qmlc explain-plan` and `qmlc measure-host`: what runs how, and what that costs here."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from qmlc.tools.options import (
    TABLE,
    Color,
    Format,
    color_option,
    extern_option,
    format_option,
    pair,
    program_file,
    read_settings,
    settings_option,
)
from qmlc.tools.report_errors import reporting


@click.command("explain-plan")
@program_file
@click.option("--model", metavar="NAME", help="Only this part; else all that no other uses.")
@click.option(
    "--batch",
    metavar="N",
    type=click.IntRange(1),
    help="The leading size of the first input; else that of the train block, else 32.",
)
@click.option(
    "sizes",
    "--size",
    metavar="NAME=N",
    multiple=True,
    help="A size that is known only when a model is called; else 64.",
)
@settings_option
@click.option(
    "level",
    "-O",
    type=click.IntRange(0, 3),
    default=2,
    show_default=True,
    help="How much to optimise, as in compile.",
)
@click.option("--run", is_flag=True, help="Run it on random numbers, and print what was measured.")
@extern_option
@format_option
@color_option
def explain_plan(
    file: Path,
    model: str | None,
    batch: int | None,
    sizes: tuple[str, ...],
    settings: tuple[str, ...],
    level: int,
    run: bool,
    allow_extern: bool,
    format: Format,
    color: Color,
) -> None:
    """Tell what of a program runs how, and what it costs.

    For each step: floating-point operations, bytes, samples of circuits, and the time predicted
    for this host, forward, and forward and backward; then the memory. With --format json, one
    object.
    """
    with reporting(format, color):
        # planning circuits needs torch, which takes seconds to import
        from qmlc.planning.explain_plan import PlanOptions, explain_plan
        from qmlc.planning.print_plan import print_plans

        options = PlanOptions(
            model=model,
            batch=batch,
            sizes=dict(map(_size, sizes)),
            settings=read_settings(settings),
            level=level,
            run=run,
            allow_extern=allow_extern,
        )
        costs, plans = explain_plan(file, options)
        if format is Format.json:
            plain = [{**asdict(plan), "total": asdict(plan.total)} for plan in plans]
            click.echo(json.dumps({"processor": costs.processor, "plans": plain}, indent=2))
        else:
            click.echo("\n".join(print_plans(costs, plans)))


def _size(text: str) -> tuple[str, int]:
    name, value = pair(text)
    if not value.isdecimal() or int(value) < 1:
        raise click.BadParameter(f"{text}: a size is a whole number from 1 on")
    return name, int(value)


@click.command("measure-host")
@click.option("-o", "--output", metavar="FILE", type=TABLE, help="Else where qmlc looks for it.")
def measure_host(output: Path | None) -> None:
    """Measure what work costs on this host, in a few seconds.

    The numbers are written as TOML, and explain-plan and the compiler go by them from then on.
    """
    # it measures torch, which takes seconds to import
    from qmlc.planning.measure_host import keep_measured_costs

    click.echo(keep_measured_costs(output))
