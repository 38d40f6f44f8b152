"""`qmlc fmt`: programs in their canonical layout."""

from __future__ import annotations

import difflib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from qmlc.source.compile_error import CompileError
from qmlc.source.diagnostic import Diagnostic
from qmlc.source.span import Source
from qmlc.tools.options import Color, Format, color_option, format_option
from qmlc.tools.report_errors import WRONG_PROGRAM, print_diagnostics

PATH = click.Path(exists=True, allow_dash=True, path_type=Path)
STDIN = Path("-")


@click.command("fmt")
@click.argument("paths", metavar="FILE...", nargs=-1, type=PATH)
@click.option("--check", is_flag=True, help="Write nothing; the status is 1 if a layout differs.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change.")
@format_option
@color_option
def format_programs(
    paths: tuple[Path, ...], check: bool, diff: bool, format: Format, color: Color
) -> None:
    """Lay programs out in the one canonical way.

    A FILE is a program, a folder (all programs in it), or - for one from stdin to stdout; without
    any, the current folder. Comments stay. A program with wrong syntax is left as it is.
    """
    wrong: list[Diagnostic] = []
    changed = unchanged = 0
    for path in _programs(paths or (Path(),)):
        try:
            source, text = _format(path)
        except CompileError as error:
            wrong += error.diagnostics
            continue
        if diff:
            _print_difference(source, text)
        elif path == STDIN and not check:
            click.echo(text, nl=False)
        elif source.text != text and not check:
            _replace(path, text)
        changed += source.text != text
        unchanged += source.text == text
        if source.text != text and not diff and path != STDIN:
            click.echo(f"{'would format' if check else 'formatted'} {path}", err=True)
    print_diagnostics(wrong, format, color, sys.stderr)
    if changed + unchanged > 1:
        done = "would change" if check or diff else "changed"
        click.echo(f"{changed} {done}, {unchanged} stay as they are", err=True)
    if wrong or (check and changed):
        sys.exit(WRONG_PROGRAM)


def _programs(paths: tuple[Path, ...]) -> Iterator[Path]:
    for path in paths:
        if path != STDIN and path.is_dir():
            yield from sorted(path.rglob("*.hqm"))
        else:
            yield path


def _format(path: Path) -> tuple[Source, str]:
    """A program and its canonical layout; CompileError."""
    from qmlc.driver import read_source  # not before they are needed: other verbs start without
    from qmlc.syntax.format_text import format_text

    source = Source("stdin", sys.stdin.read()) if path == STDIN else read_source(path)
    return source, format_text(source)


def _print_difference(source: Source, text: str) -> None:
    before, after = source.text.splitlines(keepends=True), text.splitlines(keepends=True)
    for line in difflib.unified_diff(before, after, source.name, source.name):
        click.echo(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n", nl=False
        )


def _replace(path: Path, text: str) -> None:
    """Write a file whole, with the permissions that it had: a reader finds the old or the new."""
    path = path.resolve()
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(temporary, path.stat().st_mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
