"""`qmlc check`: what is wrong with programs, without running anything."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from qmlc.source.diagnostic import Diagnostic
from qmlc.tools.options import Color, ColorOption, Format, FormatOption
from qmlc.tools.report_errors import WRONG_PROGRAM, print_diagnostics

ProgramFiles = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", help="Programs (.hqm).", exists=True, dir_okay=False),
]


def check(
    files: ProgramFiles, format: FormatOption = Format.human, color: ColorOption = Color.auto
) -> None:
    """Say what is wrong with programs.

    Syntax, names, shapes, qubits: nothing runs. Diagnostics go to stdout; the status is 1 if there
    is an error.
    """
    from qmlc.driver import check_file  # not before it is needed: other verbs start without it

    found = [diagnostic for file in files for diagnostic in check_file(file)]
    print_diagnostics(found, format, color, sys.stdout)
    errors = sum(diagnostic.severity == "error" for diagnostic in found)
    if format is Format.human:
        typer.echo(_summary(files, found, errors), err=True)
    if errors:
        raise typer.Exit(WRONG_PROGRAM)


def _summary(files: list[Path], found: list[Diagnostic], errors: int) -> str:
    warnings = len(found) - errors
    parts = [_count(errors, "error")] + ([_count(warnings, "warning")] if warnings else [])
    return f"{_count(len(files), 'file')} checked: {', '.join(parts)}"


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
