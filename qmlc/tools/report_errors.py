"""Turn what is wrong with a program into text on a stream and an exit status."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from qmlc.source.compile_error import CompileError
from qmlc.source.diagnostic import Diagnostic
from qmlc.source.render import render_concise, render_github, render_human, render_json
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
        case Format.github:
            text = "\n".join(map(render_github, diagnostics))
        case Format.human:
            colored = wants_color(color, stream)
            width = shutil.get_terminal_size().columns if stream.isatty() else 0
            shown = (render_human(d, colored, width) for d in diagnostics)
            text = "\n".join(shown).removesuffix("\n")
    if text:
        print(text, file=stream)


def wants_color(color: Color, stream: TextIO) -> bool:
    """Whether to color: as told, else by NO_COLOR and FORCE_COLOR, else if it is a terminal."""
    if color is not Color.auto:
        return color is Color.always
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
