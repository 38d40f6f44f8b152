"""One diagnostic of those that several made-up sizes gave: names where the numbers differ."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from itertools import combinations, zip_longest
from typing import Any

from qmlc.source.diagnostic import Diagnostic

Sizes = Mapping[str, int]
"""What was made up in an attempt, by name."""

WHOLE = re.compile(r"(?<![\w.,])\d+(?![\w.,]\d|\w)")
ECHO = re.compile(r" \(`(\w+)` is \1 here\)")
"""What says nothing once the number is its name."""

OF_ONE: tuple[tuple[str, Callable[[int], int]], ...] = (
    ("{}", lambda n: n),
    ("{} + 1", lambda n: n + 1),
    ("{} - 1", lambda n: n - 1),
    ("2*{}", lambda n: 2 * n),
    ("3*{}", lambda n: 3 * n),
    ("2**{}", lambda n: 2**n),
    ("{}**2", lambda n: n**2),
)


def name_sizes(attempts: Sequence[Diagnostic], sizes: Sequence[Sizes]) -> Diagnostic:
    """The first of `attempts`, its numbers that follow from the sizes written with their names.

    A number is named where one expression in the names gives it in every attempt.
    """
    first = attempts[0]
    named: dict[str, Any] = {}
    for field in fields(first):
        texts = [getattr(attempt, field.name) for attempt in attempts]
        if isinstance(texts[0], str):
            named[field.name] = ECHO.sub("", _name(texts, sizes))
    return replace(first, **named)


def _name(texts: Sequence[str], sizes: Sequence[Sizes]) -> str:
    pieces = WHOLE.split(texts[0])
    if any(WHOLE.split(text) != pieces for text in texts):
        return texts[0]
    columns = zip(*(WHOLE.findall(text) for text in texts), strict=True)
    written = [_expression(tuple(map(int, column)), sizes) for column in columns]
    return "".join(p for pair in zip_longest(pieces, written, fillvalue="") for p in pair)


def _expression(numbers: tuple[int, ...], sizes: Sequence[Sizes]) -> str:
    """What gives these numbers, one in each attempt, in the names; else the first number."""
    if len(set(numbers)) > 1:
        names = list(sizes[0])
        for name in names:
            for text, value in OF_ONE:
                if all(value(s[name]) == number for s, number in zip(sizes, numbers, strict=True)):
                    return text.format(name)
        for a, b in combinations(names, 2):
            if all(s[a] * s[b] == number for s, number in zip(sizes, numbers, strict=True)):
                return f"{a}*{b}"
    return str(numbers[0])
