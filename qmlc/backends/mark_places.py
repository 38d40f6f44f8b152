"""Texts with marked indices, which `roll_loops` may advance."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from qmlc.backends.roll_loops import Line, Place

# An index that a loop may advance stands between control characters until the loops are found; no
# text of a program holds these, as names are identifiers and strings are escaped.
PLACE = re.compile("\x02(\\d+)/(\\d+)\x03")

Registers = Sequence[tuple[str, int]]


def mark_place(value: int, size: int) -> str:
    """An index on an axis of `size` elements."""
    return f"\x02{value}/{size}\x03"


def marked_line(text: str) -> Line:
    """A text with its marks as places."""
    first, *rest = PLACE.split(text)
    parts: list[str | Place] = [first]
    for value, size, after in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
        parts += [Place(int(value), int(size)), after]
    return tuple(parts)


def plain_text(text: str) -> str:
    """A text without marks."""
    return PLACE.sub(lambda match: match[1], text)


def mark_elements(registers: Registers) -> Iterator[str]:
    """`q[0]`, `q[1]`, … of registers by their names; `q` of a single element."""
    for name, size in registers:
        yield from [name] if size == 1 else [f"{name}[{mark_place(i, size)}]" for i in range(size)]


def slice_text(numbers: Sequence[int], registers: Registers) -> str:
    """A register, or a part of one, that these elements are in order; else an empty text."""
    first = 0
    for name, size in registers:
        begin = numbers[0] - first if numbers else -1
        run = list(range(first + begin, first + begin + len(numbers)))
        if size > 1 and 0 <= begin and begin + len(numbers) <= size and list(numbers) == run:
            if len(numbers) == size:
                return name
            if len(numbers) > 1:
                return f"{name}[{begin}:{begin + len(numbers)}]"
        first += size
    return ""
