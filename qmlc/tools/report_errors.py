"""Turn what is wrong with a program into text on a stream and an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from qmlc.source.compile_error import CompileError
from qmlc.source.diagnostic import Diagnostic
from qmlc.source.render import render_concise, render_human, render_json
from qmlc.tools.options import Color, Format

WRONG_PROGRAM = 1
INTERRUPTED = 130
"""What shells report of a command that Ctrl-C ended."""


@contextmanager
def reporting(format: Format, color: Color) -> Iterator[None]:
    """Within, a CompileError is printed to stderr and ends the command with status 1.

    Ctrl-C ends it with status 130; files are written whole, so those that are there are good.
    """
    try:
        yield
    except CompileError as error:
        print_diagnostics(error.diagnostics, format, color, sys.stderr)
        sys.exit(WRONG_PROGRAM)
    except KeyboardInterrupt:
        print("interrupted: what was written so far stays", file=sys.stderr)
        sys.exit(INTERRUPTED)


def print_diagnostics(
    diagnostics: Sequence[Diagnostic], format: Format, color: Color, stream: TextIO
) -> None:
    """Write diagnostics to a stream: human ones with a blank line between, JSON as one list."""
    match format:
        case Format.json:
            text = render_json(diagnostics)
        case Format.concise:
            text = "\n".join(map(render_concise, diagnostics))
        case Format.human:
            colored = wants_color(color, stream)
            text = "\n".join(render_human(d, colored) for d in diagnostics).removesuffix("\n")
    if text:
        print(text, file=stream)


def wants_color(color: Color, stream: TextIO) -> bool:
    """Whether to color: as told, else on a terminal unless NO_COLOR (no-color.org) is set."""
    if color is not Color.auto:
        return color is Color.always
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not plain
