"""`qmlc explain`: the page of an error."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from inspect import cleandoc

import click

from qmlc.source.diagnostic import Diagnostic
from qmlc.source.nearest import nearest
from qmlc.tools.options import Color, color_option
from qmlc.tools.report_errors import wants_color

BOLD, CYAN = "1", "36"
CAPTIONS = ("This fails:", "This compiles:")


@click.command()
@click.argument("code", metavar="[CODE]", required=False)
@color_option
def explain(code: str | None, color: Color) -> None:
    """Print the page of an error.

    It says what the error means and shows a program that fails, and its repair.
    """
    from qmlc.errors import all_errors  # other verbs start without it

    errors = all_errors()
    colored = wants_color(color, sys.stdout)
    if code is None:
        for each in sorted(errors):
            click.echo(f"{_paint(each, BOLD, colored)}  {errors[each].title}")
        return
    known = errors.get(code.upper())
    if known is None:
        meant = nearest(code.upper(), sorted(errors))
        proposal = f"did you mean {meant}?" if meant else "`qmlc explain` lists them all"
        raise click.BadParameter(f"no error has the code {code}: {proposal}")
    click.echo("\n".join(_page(known, colored)))


def _page(error: type[Diagnostic], colored: bool) -> Iterator[str]:
    """The docstring with a headline, and with its fences as captioned, indented programs."""
    yield _paint(f"{error.code}: {error.title}", BOLD, colored)
    yield ""
    captions = iter(CAPTIONS)
    inside = False
    for line in cleandoc(error.__doc__ or "").splitlines():
        if line.startswith("```"):
            inside = not inside
            if line.startswith("```hqm"):
                yield next(captions, "Also:")
                yield ""
        elif inside:
            yield _paint(f"    {line}".rstrip(), CYAN, colored)
        else:
            yield line


def _paint(text: str, style: str, colored: bool) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if colored and text else text
