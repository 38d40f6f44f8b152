"""Diagnostics as text: for people, for editors (a line each), for programs (JSON), for GitHub."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from qmlc.source.diagnostic import Diagnostic
from qmlc.source.display import MAX_COLUMNS, clip, display_width, visible
from qmlc.source.span import Source, Span

BOLD, RED, YELLOW, BLUE, CYAN = "1", "1;31", "1;33", "1;34", "1;36"
SEVERITY_COLORS = {"error": RED, "warning": YELLOW}


MIN_COLUMNS = 20
"""What is left for source text and labels on the narrowest of terminals."""
NAME_MEANT = re.compile(r"did you mean `([\w.]+)`\?")


def render_human(diagnostic: Diagnostic, color: bool = False, width: int = 0) -> str:
    """The message, the source with carets under every place, and the proposal; ends a line.

    `width` is that of the terminal, in columns, or 0 where nothing needs to be wrapped.
    Of a source without text only the name is shown, and of one without name nothing.
    Places that are not in the file of the first are introduced by their own `-->`.
    """
    page = _Page(_gutter_width(diagnostic), color, width)
    severity = SEVERITY_COLORS.get(diagnostic.severity, RED)
    head = f"{diagnostic.severity}[{diagnostic.code}]"
    first, *more = page.wrap(f"{head}: {diagnostic.message_text}", 4)
    page.lines.append(page.paint(head, severity) + page.paint(first.removeprefix(head), BOLD))
    page.lines += [page.paint(f"    {line}", BOLD) for line in more]
    source = diagnostic.at.source
    if source.name:
        page.arrow(diagnostic.at)
    if source.text:
        page.place(diagnostic.at, diagnostic.label_text, "^", severity)
    for label in diagnostic.related:
        if label.span.source is not source:
            source = label.span.source
            page.arrow(label.span)
        page.place(label.span, label.text, "-", BLUE)
    if diagnostic.help_text:
        if source.text:
            page.gutter()
        page.help(diagnostic.help_text)
    return "\n".join(page.lines) + "\n"


def render_concise(diagnostic: Diagnostic) -> str:
    """`file:line:column: error[E0301]: message`, without the end of the line."""
    place = f"{_place_text(diagnostic.at)}: " if diagnostic.at.source.name else ""
    return f"{place}{diagnostic.severity}[{diagnostic.code}]: {diagnostic.message_text}"


def render_github(diagnostic: Diagnostic) -> str:
    """A workflow command that marks the place in a pull request (GitHub Actions), on one line."""
    place = _json_place(diagnostic.at, "")
    names = {"file": "file", "line": "line", "endLine": "end_line", "col": "column"}
    if place["line"] == place["end_line"]:
        names["endColumn"] = "end_column"
    facts = {name: place[key] for name, key in names.items() if diagnostic.at.source.name}
    facts["title"] = f"{diagnostic.code} {diagnostic.title}".strip()
    properties = ",".join(f"{name}={_escaped(str(v), ':,')}" for name, v in facts.items())
    text = "\n".join(filter(None, (diagnostic.message_text, diagnostic.help_text)))
    return f"::{diagnostic.severity} {properties}::{_escaped(text)}"


def _escaped(text: str, more: str = "") -> str:
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def render_json(diagnostics: Sequence[Diagnostic]) -> str:
    """A JSON list with an object for each diagnostic.

    Lines and columns count characters from 1; an end column is the one after the last character.
    `edit` is the text to put in the place of what is marked where the proposal is one, or null.
    """
    return json.dumps([_json_object(d) for d in diagnostics], indent=2, ensure_ascii=False)


def _json_object(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message_text,
        **_json_place(diagnostic.at, diagnostic.label_text),
        "related": [_json_place(label.span, label.text) for label in diagnostic.related],
        "help": diagnostic.help_text,
        "edit": proposed_edit(diagnostic),
    }


def proposed_edit(diagnostic: Diagnostic) -> str | None:
    """What to write in the place of the marked text where the proposal is a name, or None."""
    meant = NAME_MEANT.fullmatch(diagnostic.help_text)
    marked = re.fullmatch(r"""(["']?)[\w.:/-]+\1""", diagnostic.at.text)
    return f"{marked[1]}{meant[1]}{marked[1]}" if meant and marked else None


def _json_place(span: Span, label: str) -> dict[str, Any]:
    shown = _shown(span)
    line, column = span.source.position(shown.start)
    end_line, end_column = span.source.position(shown.end)
    return {
        "file": span.source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "label": label,
    }


def _shown(span: Span) -> Span:
    """The span without blanks at its end; the end of a file is where its last word ends."""
    text = span.source.text
    start = min(span.start, len(text))
    if not text[start:].strip():
        start = min(start, len(text.rstrip()))
    end = start + len(text[start : max(start, span.end)].rstrip())
    return Span(span.source, start, end)


def _place_text(span: Span) -> str:
    if not span.source.text:
        return span.source.name
    line, column = span.source.position(_shown(span).start)
    return f"{span.source.name}:{line}:{column}"


def _gutter_width(diagnostic: Diagnostic) -> int:
    spans = [diagnostic.at, *(label.span for label in diagnostic.related)]
    return max(len(str(span.source.position(_shown(span).end)[0])) for span in spans)


@dataclass(frozen=True, slots=True)
class _Marked:
    """A line of source and the characters of it, from 0, that are marked."""

    number: int
    text: str
    start: int
    end: int


def _marked_lines(source: Source, span: Span) -> Iterator[_Marked]:
    """The first line of the span and, where it has several, the last one."""
    first, column = source.position(span.start)
    last, end_column = source.position(span.end)
    text = source.line(first)
    if first == last:
        yield _Marked(first, text, column - 1, end_column - 1)
        return
    yield _Marked(first, text, column - 1, len(text))
    text = source.line(last)
    yield _Marked(last, text, len(text) - len(text.lstrip()), end_column - 1)


class _Page:
    """Lines with a gutter for line numbers of a certain width."""

    def __init__(self, gutter: int, color: bool, width: int) -> None:
        self.lines: list[str] = []
        self._gutter = gutter
        self._color = color
        self._width = width
        room = width - gutter - len(" | ") if width else MAX_COLUMNS
        self._room = max(MIN_COLUMNS, min(MAX_COLUMNS, room))

    def paint(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._color and text else text

    def wrap(self, text: str, indent: int) -> list[str]:
        """The lines of `text`, which fit a terminal when they are indented."""
        if not self._width:
            return text.splitlines() or [""]
        width = max(MIN_COLUMNS, self._width - indent)
        wrapped = (
            textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False)
            for line in text.splitlines()
        )
        return [part for lines in wrapped for part in lines or [""]] or [""]

    def arrow(self, span: Span) -> None:
        arrow = self.paint(" " * self._gutter + "-->", BLUE)
        self.lines.append(f"{arrow} {_place_text(span)}")

    def gutter(self, number: str = "", text: str = "") -> None:
        bar = self.paint(f"{number:>{self._gutter}} |", BLUE)
        self.lines.append(f"{bar} {text}" if text else bar)

    def help(self, text: str) -> None:
        indent = " " * (self._gutter + 1)
        first, *rest = self.wrap(text, len(indent) + 8)
        self.lines.append(f"{indent}{self.paint('= help:', CYAN)} {first}")
        self.lines += [f"{indent}        {line}" for line in rest]

    def place(self, span: Span, label: str, mark: str, style: str) -> None:
        self.gutter()
        marked = list(_marked_lines(span.source, _shown(span)))
        for i, line in enumerate(marked):
            if i and line.number > marked[i - 1].number + 1:
                self.lines.append(self.paint("...", BLUE))
            last = i == len(marked) - 1
            self._marked_line(line, label if last else "", mark, style)

    def _marked_line(self, line: _Marked, label: str, mark: str, style: str) -> None:
        text, start, end = clip(line.text, line.start, max(line.end, line.start), self._room)
        self.gutter(str(line.number), visible(text).rstrip())
        indent = display_width(text[:start])
        marks = mark * max(1, display_width(text[:end]) - indent)
        first, *rest = label.splitlines() or [""]
        beside = indent + len(marks) + 1
        if self._width and label and self._room - beside < display_width(label):
            beside = min(indent, self._room - MIN_COLUMNS)
            first, rest = "", self.wrap(label, self._width - self._room + beside)
        self.gutter("", " " * indent + self.paint(f"{marks} {first}".rstrip(), style))
        for more in rest:
            self.gutter("", " " * beside + self.paint(more, style))
