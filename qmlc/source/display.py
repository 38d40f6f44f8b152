"""Source text as a terminal shows it: tabs, wide characters, invisible ones, long lines."""

from __future__ import annotations

import unicodedata

TAB_WIDTH = 4
MAX_COLUMNS = 100
"""Longer lines are clipped around the marked characters."""
CONTEXT = 30
"""How many characters before the marked ones a clipped line keeps; fewer of a narrow one."""
ELLIPSIS = "…"


def visible(text: str) -> str:
    """`text` with tabs as blanks and with a sign in the place of each control character.

    Escape sequences and marks that change the direction of writing would otherwise reach the
    terminal.
    """
    shown = []
    column = 0
    for character in text:
        cell = _cell(character, column)
        column += sum(map(_cell_width, cell))
        shown.append(cell)
    return "".join(shown)


def display_width(text: str) -> int:
    """How many columns the visible form of `text`, at the start of a line, takes."""
    return sum(map(_cell_width, visible(text)))


def clip(text: str, start: int, end: int, columns: int = MAX_COLUMNS) -> tuple[str, int, int]:
    """A part of a line that fits into `columns`, and where [start, end) then lies in it."""
    if _fitting(text, columns) == len(text):
        return text, start, end
    first = max(0, min(start - min(CONTEXT, columns // 3), len(text) - columns + 1))
    part = (ELLIPSIS if first else "") + text[first:]
    shift = first - (1 if first else 0)
    fitting = _fitting(part, columns - 1)
    tail = ELLIPSIS if fitting < len(part) else ""
    return part[:fitting] + tail, start - shift, min(end - shift, fitting)


def _fitting(text: str, columns: int) -> int:
    """How many characters fit; a line of a million is not walked to its end."""
    column = 0
    for count, character in enumerate(text):
        column += sum(map(_cell_width, _cell(character, column)))
        if column > columns:
            return count
    return len(text)


def _cell(character: str, column: int) -> str:
    if character == "\t":
        return " " * (TAB_WIDTH - column % TAB_WIDTH)
    if unicodedata.category(character) in ("Cc", "Cf"):
        return "\N{REPLACEMENT CHARACTER}"
    return character


def _cell_width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
