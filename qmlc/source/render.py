"""Diagnostics as text: for people, for editors (a line each), for programs (JSON)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from qmlc.source.diagnostic import Diagnostic
from qmlc.source.display import clip, display_width, visible
from qmlc.source.span import Source, Span

BOLD, RED, YELLOW, BLUE, CYAN = "1", "1;31", "1;33", "1;34", "1;36"
SEVERITY_COLORS = {"error": RED, "warning": YELLOW}


def render_human(diagnostic: Diagnostic, color: bool = False) -> str:
    """The message, the source with carets under every place, and the proposal; ends a line.

    Of a source without text only the name is shown, and of one without name nothing.
    Places that are not in the file of the first are introduced by their own `-->`.
    """
    page = _Page(_gutter_width(diagnostic), color)
    severity = SEVERITY_COLORS.get(diagnostic.severity, RED)
    head = page.paint(f"{diagnostic.severity}[{diagnostic.code}]", severity)
    page.lines.append(head + page.paint(f": {diagnostic.message_text}", BOLD))
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


def render_json(diagnostics: Sequence[Diagnostic]) -> str:
    """A JSON list with an object for each diagnostic.

    Lines and columns count characters from 1; an end column is the one after the last character.
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
    }


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

    def __init__(self, width: int, color: bool) -> None:
        self.lines: list[str] = []
        self._width = width
        self._color = color

    def paint(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._color and text else text

    def arrow(self, span: Span) -> None:
        arrow = self.paint(" " * self._width + "-->", BLUE)
        self.lines.append(f"{arrow} {_place_text(span)}")

    def gutter(self, number: str = "", text: str = "") -> None:
        bar = self.paint(f"{number:>{self._width}} |", BLUE)
        self.lines.append(f"{bar} {text}" if text else bar)

    def help(self, text: str) -> None:
        first, *rest = text.splitlines()
        indent = " " * (self._width + 1)
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
        text, start, end = clip(line.text, line.start, max(line.end, line.start))
        self.gutter(str(line.number), visible(text).rstrip())
        indent = display_width(text[:start])
        marks = mark * max(1, display_width(text[:end]) - indent)
        first, *rest = label.splitlines() or [""]
        self.gutter("", " " * indent + self.paint(f"{marks} {first}".rstrip(), style))
        for more in rest:
            self.gutter("", " " * (indent + len(marks) + 1) + self.paint(more, style))
