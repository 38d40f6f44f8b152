"""Texts with places where a line may end, and the layout of them that fits a width.

Wadler, A prettier printer (2003), with the lines of a group ending all or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

INDENT = 4


@dataclass(frozen=True, slots=True)
class Line:
    """A place where a line may end; `flat` stands there where it does not."""

    flat: str = " "


@dataclass(frozen=True, slots=True)
class Broken:
    """A text that stands only where the lines of its group end."""

    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """A part on one line where that fits; else all lines of its own end."""

    body: Document


@dataclass(frozen=True, slots=True)
class Nest:
    """A part whose further lines are indented."""

    body: Document


Document = str | Line | Broken | Group | Nest | tuple["Document", ...]
_Part = tuple[int, bool, Document]
"""An indent, whether lines end, and what is to be laid out."""


def lay_document(document: Document, width: int, indent: int = 0) -> list[str]:
    """The lines of a document; those that cannot be broken may be longer than `width`."""
    lines = [" " * indent]
    stack: list[_Part] = [(indent, True, document)]
    while stack:
        depth, broken, part = stack.pop()
        match part:
            case Line() if broken:
                lines.append(" " * depth)
            case Group(body) if broken:
                fits = _fits(width - len(lines[-1]), stack, (depth, False, body))
                stack.append((depth, not fits, body))
            case _:
                lines[-1] += _text(part, broken)
                stack += _parts(depth, broken, part)
    return [line.rstrip() for line in lines]


def _fits(room: int, rest: Sequence[_Part], first: _Part) -> bool:
    """Whether `first`, and what follows up to where a line may end, takes at most `room`."""
    following = reversed(rest)
    stack = [first]
    while room >= 0:
        part = stack.pop() if stack else next(following, None)
        if part is None:
            return True
        depth, broken, document = part
        if isinstance(document, Line) and broken:
            return True
        room -= len(_text(document, broken))
        stack += _parts(depth, broken, document)
    return False


def _text(part: Document, broken: bool) -> str:
    match part:
        case str():
            return part
        case Line(flat):
            return flat
        case Broken(text) if broken:
            return text
    return ""


def _parts(depth: int, broken: bool, part: Document) -> list[_Part]:
    match part:
        case Group(body):
            return [(depth, broken, body)]
        case Nest(body):
            return [(depth + INDENT, broken, body)]
        case tuple():
            return [(depth, broken, each) for each in reversed(part)]
    return []
