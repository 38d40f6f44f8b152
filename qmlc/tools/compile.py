"""`qmlc compile`: a program as a PyTorch module and OpenQASM."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from qmlc.output.options import CompileOptions, Output, Report
from qmlc.output.remember_output import remember_output
from qmlc.output.save_files import save_output
from qmlc.source.nearest import nearest
from qmlc.tools.options import (
    FOLDER,
    READABLE,
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

STAGES = (
    "tokens", "tree", "graph", "optimised", "circuit", "torch", "qasm3", "qasm2", "qir", "dot",
    "json",
)  # fmt: skip
EXPORTS = ("onnx", "aoti")
"""Stages that are files, which other runtimes load."""

HEADLINE = ["circuit", "form", "qubits", "depth", "two-qubit", "proved", "file"]
NUMBERS = range(2, 5)


@click.command("compile")
@program_file
@click.option("-o", "--output", metavar="DIR", type=FOLDER, help="Where to write.")
@click.option("--target", metavar="T", help="A device, such as ibm:torino; see qmlc targets.")
@click.option(
    "--dialect",
    metavar="D",
    callback=lambda _, __, name: name and _dialect(name),
    help="Of OpenQASM, else the device's: openqasm3, openqasm2, braket, cirq, azure, ….",
)
@click.option("--state", metavar="F.safetensors", type=READABLE, help="Weights.")
@click.option(
    "--emit",
    metavar="STAGES",
    help=f"Print (or, with -o, also write): {', '.join(STAGES)}; only write: {', '.join(EXPORTS)}.",
)
@click.option(
    "inputs",
    "--input",
    metavar="NAME=FILE",
    multiple=True,
    help="Numbers for an input of circuits (.npy).",
)
@settings_option
@click.option(
    "level",
    "-O",
    type=click.IntRange(0, 3),
    default=2,
    show_default=True,
    help="How much to optimise: 0 nothing, 1 cancel, 2 apply rules, 3 again and again.",
)
@click.option("--print-after", metavar="PASS", help="Print the program after a pass.")
@click.option("--time-passes", is_flag=True, help="Print how long each pass takes.")
@click.option(
    "--explain-passes", is_flag=True, help="Print what each pass did, why, and what it saves."
)
@click.option(
    "--verify",
    type=click.Choice(["off", "auto", "full"]),
    default="auto",
    show_default=True,
    help="How hard to prove that what is written equals the program.",
)
@click.option("--no-cache", is_flag=True, help="Compile also what has not changed.")
@format_option
@color_option
def compile_program(
    file: Path,
    output: Path | None,
    target: str | None,
    dialect: str | None,
    state: Path | None,
    emit: str | None,
    inputs: tuple[str, ...],
    settings: tuple[str, ...],
    level: int,
    print_after: str | None,
    time_passes: bool,
    explain_passes: bool,
    verify: str,
    no_cache: bool,
    format: Format,
    color: Color,
) -> None:
    """Write a program as a readable PyTorch module and OpenQASM.

    With --state, circuits are bound to trained weights. With --emit, stages of the compiler are
    printed, or with -o written beside the rest; `onnx` and `aoti` (a package of AOTInductor) are
    the models themselves, with these weights.
    """
    if not (output or emit or print_after or time_passes or explain_passes):
        raise click.BadParameter("give -o DIR to write files, or --emit STAGES to print")
    stages = _stages(emit or "")
    exports = [stage for stage in stages if stage in EXPORTS]
    stages = [stage for stage in stages if stage not in EXPORTS]
    if exports and not output:
        raise click.BadParameter(f"{exports[0]} is a file: give -o DIR to write it")
    options = CompileOptions(
        output=output,
        target=target,
        dialect=dialect,
        state=state,
        inputs={name: Path(text) for name, text in map(pair, inputs)},
        settings=read_settings(settings),
        level=level,
        stages=tuple(stages) if output else (),
        exports=tuple(exports),
        verify=verify,
    )
    with reporting(format, color):
        _show_passes(file, options, print_after, time_passes, explain_passes)
        for stage in () if output else stages:
            from qmlc.driver import emit_stage  # not where nothing has changed

            click.echo(emit_stage(file, stage, options).removesuffix("\n"))
        if output:
            made = _make(file, options) if no_cache else remember_output(file, options, _make)
            if exports:
                made = _export(file, options, made)
            print_report(output, save_output(made, output), format)


def _show_passes(
    file: Path, options: CompileOptions, after: str | None, times: bool, reasons: bool
) -> None:
    if not (after or times or reasons):
        return
    # not where nothing has changed
    from qmlc.driver import emit_after, explain_passes, time_passes

    if after:
        click.echo(emit_after(file, after, options).removesuffix("\n"))
    if times:
        click.echo("\n".join(time_passes(file, options)))
    if reasons:
        # predictions for circuits need torch, which takes seconds to import
        from qmlc.planning.compare_units import compare_units

        click.echo("\n".join(explain_passes(file, options, compare_units)))


def _make(file: Path, options: CompileOptions) -> Output:
    from qmlc.driver import compile_program  # not where nothing has changed

    return compile_program(file, options)


def _export(file: Path, options: CompileOptions, made: Output) -> Output:
    # torch takes seconds to import
    from qmlc.export.export_program import export_program

    return export_program(file, options, made)


def print_report(folder: Path, report: Report, format: Format) -> None:
    """Print what was written: a table of the circuits and the other files, or as one asks."""
    if format is Format.concise:
        click.echo("\n".join(map(str, report.files)))
        return
    if format is Format.json:
        click.echo(json.dumps(asdict(report), indent=2, default=str))
        return
    inside = {circuit.file for circuit in report.circuits}
    names = [path.relative_to(folder).as_posix() for path in report.files]
    click.echo(f"{folder}: " + ", ".join(name for name in names if name not in inside))
    if report.circuits:
        cells = [[_cell(value) for value in asdict(c).values()] for c in report.circuits]
        for line in _columns([HEADLINE, *cells]):
            click.echo(line)
    for note in report.notes:
        click.echo(f"note: {note}")


def _cell(value: str | int | None) -> str:
    return "-" if value is None else str(value)


def _columns(rows: list[list[str]]) -> Iterator[str]:
    """Rows as aligned lines; numbers stand to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.rjust(width) if column in NUMBERS else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield ("  " + "  ".join(cells)).rstrip()


def _stages(text: str) -> list[str]:
    stages = [stage.strip() for stage in text.split(",") if stage.strip()]
    known = (*STAGES, *EXPORTS)
    for stage in stages:
        if stage not in known:
            meant = nearest(stage, known)
            proposal = f"did you mean {meant}?" if meant else f"there are {', '.join(known)}"
            raise click.BadParameter(f"no stage is called {stage}: {proposal}")
    return stages


def _dialect(name: str) -> str:
    from qmlc.targets.read_dialect import UnknownDialect, read_dialect  # files: seldom asked for

    try:
        return read_dialect(name).name
    except UnknownDialect as error:
        raise click.BadParameter(str(error)) from None
