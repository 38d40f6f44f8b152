"""`qmlc check`: what is wrong with programs, without running anything."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from qmlc.source.count_noun import count_noun
from qmlc.source.diagnostic import Diagnostic
from qmlc.tools.options import READABLE, Color, Format, color_option, format_option
from qmlc.tools.report_errors import WRONG_PROGRAM, print_diagnostics


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=READABLE)
@format_option
@color_option
def check(files: tuple[Path, ...], format: Format, color: Color) -> None:
    """Say what is wrong with programs.

    Syntax, names, shapes, qubits: nothing runs. Diagnostics go to stdout; the status is 1 if there
    is an error.
    """
    from qmlc.driver import check_file  # not before it is needed: other verbs start without it

    found = [diagnostic for file in files for diagnostic in check_file(file)]
    print_diagnostics(found, format, color, sys.stdout)
    errors = sum(diagnostic.severity == "error" for diagnostic in found)
    if format is Format.human:
        click.echo(_summary(files, found, errors), err=True)
    if errors:
        sys.exit(WRONG_PROGRAM)


def _summary(files: tuple[Path, ...], found: list[Diagnostic], errors: int) -> str:
    warnings = len(found) - errors
    parts = [count_noun(errors, "error")] + ([count_noun(warnings, "warning")] if warnings else [])
    return f"{count_noun(len(files), 'file')} checked: {', '.join(parts)}"
