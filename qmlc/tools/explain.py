"""`qmlc explain`: the page of anything that has a name."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from qmlc.reference.entry import Entry
from qmlc.tools.options import Color, color_option
from qmlc.tools.report_errors import wants_color

BOLD, CYAN = "1", "36"


@click.command()
@click.argument("words", metavar="[NAME]", nargs=-1)
@color_option
def explain(words: tuple[str, ...], color: Color) -> None:
    """Print the page of anything that has a name.

    Codes of errors (a program that fails, and its repair), gates, layers, functions, the library,
    devices, passes. A NAME may also be a kind, to list its names; without any, kinds are listed.
    """
    # it reads all the tables, which no other verb needs
    from qmlc.reference.list_entries import KINDS, find_entries, list_entries, nearest_name

    colored = wants_color(color, sys.stdout)
    name = " ".join(words)
    if not name:
        rows = [(kind, _examples(list_entries(kind))) for kind in KINDS]
    elif (kind := name.lower().replace("_", " ").removesuffix("s")) in KINDS:
        rows = [(entry.name, entry.summary) for entry in list_entries(kind)]
    elif found := find_entries(name):
        click.echo("\n\n".join("\n".join(_page(entry, colored)) for entry in found))
        return
    else:
        meant = nearest_name(name)
        proposal = f"did you mean {meant}?" if meant else "`qmlc explain` lists what there is"
        raise click.BadParameter(f"nothing is called {name}: {proposal}")
    width = max(len(row[0]) for row in rows)
    for first, text in rows:
        click.echo(f"{_paint(first.ljust(width), BOLD, colored)}  {text}")


def _examples(entries: tuple[Entry, ...]) -> str:
    """How many there are, and the first names."""
    names = ", ".join(entry.name for entry in entries[:4])
    return f"{len(entries):>3}: {names}{', …' if len(entries) > 4 else ''}"


def _page(entry: Entry, colored: bool) -> Iterator[str]:
    """The page with a headline, and with its fences as indented programs."""
    title = entry.summary if entry.kind == "error" else entry.kind
    yield _paint(f"{entry.name}: {title}", BOLD, colored)
    yield ""
    inside = False
    for line in entry.page.splitlines():
        if line.startswith("```"):
            inside = not inside
        elif inside:
            yield _paint(f"    {line}".rstrip(), CYAN, colored)
        else:
            yield line


def _paint(text: str, style: str, colored: bool) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if colored and text else text
