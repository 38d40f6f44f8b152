"""Turn what is wrong with data or saved state into text and an exit status."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from qmlc.tools.options import Color, Format
from qmlc.tools.report_errors import WRONG_PROGRAM, reporting


@contextmanager
def reporting_data(format: Format, color: Color) -> Iterator[None]:
    """As `reporting`, and a DataError too is printed to stderr and ends with status 1."""
    from qmlc.training.errors import DataError  # only where something is trained

    try:
        with reporting(format, color):
            yield
    except DataError as error:
        match format:
            case Format.json:
                keys = ("code", "message", "file", "line", "help")
                facts = {"severity": "error"} | {key: getattr(error, key) for key in keys}
                text = json.dumps([facts], indent=2, ensure_ascii=False)
            case Format.concise:
                place = f"{error.file}:{error.line or 1}: " if error.file else ""
                text = f"{place}error[{error.code}]: {error.message}"
            case Format.human:
                text = str(error)
        print(text, file=sys.stderr)
        raise typer.Exit(WRONG_PROGRAM) from None
