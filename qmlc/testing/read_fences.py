"""Programs in documents: the `hqm` fences of a Markdown text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import dedent


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced program and the line, from 1, on which its fence opens; `title` is its file."""

    line: int
    text: str
    title: str = ""


def read_fences(markdown: str, language: str = "hqm") -> tuple[Fence, ...]:
    """The fences of a language in the order of the text; indented ones are dedented."""
    return tuple(_fences(markdown.splitlines(), language))


def _fences(lines: list[str], language: str) -> Iterator[Fence]:
    opened: int | None = None
    mark = ""
    for number, line in enumerate(map(str.strip, lines), 1):
        if opened is None and line.startswith("```"):
            opened, mark = number, line[: len(line) - len(line.lstrip("`"))]
        elif opened is not None and line == mark:
            opening = rf'{mark}{re.escape(language)}(?: title="([^"]*)")?'
            if found := re.fullmatch(opening, lines[opened - 1].strip()):
                text = "\n".join(lines[opened : number - 1])
                yield Fence(opened, dedent(text) + "\n", found[1] or "")
            opened = None
