"""`qmlc import`: a program from OpenQASM."""

from __future__ import annotations

from pathlib import Path

import click

from qmlc.tools.options import TABLE, Color, Format, color_option, format_option, program_file
from qmlc.tools.report_errors import reporting


@click.command("import")
@program_file
@click.option(
    "-o",
    "--output",
    metavar="PROGRAM",
    type=TABLE,
    help="Where to write it; without, it is printed.",
)
@format_option
@color_option
def import_openqasm(file: Path, output: Path | None, format: Format, color: Color) -> None:
    """Make a program of a FILE in OpenQASM 2 or 3.

    Registers, inputs and gates keep their names; what repeats becomes a loop. The circuit returns
    the probabilities of what the file measures at its end, else its state.
    """
    # qiskit takes seconds to import, and other verbs do not need it
    from qmlc.driver import read_source
    from qmlc.output.import_openqasm import import_openqasm as make_program
    from qmlc.output.save_files import save

    with reporting(format, color):
        text = make_program(read_source(file), file)
        if output is None:
            click.echo(text, nl=False)
        else:
            save(output.parent, {output.name: text})
            click.echo(f"{output}: a program with `{file.stem}`", err=True)
