"""Rolls repeated lines up into loops: `c.ry(x[0], q[0])`, … becomes `for i in range(4): …`.

Lines are texts with places in them: the indices of qubits and of elements. Where consecutive
lines (or groups of lines) have the same text and each place advances by a constant step, possibly
around the end of its register, a loop takes their place. Unrolling it gives the same lines again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from operator import eq

MAX_PERIOD = 48
"""The longest group of items that is looked for as the body of a loop."""

MAX_NESTING = 3

MAX_WIDTH = 80
"""Blocks in braces stand on one line up to this."""


@dataclass(frozen=True, slots=True)
class Place:
    """An index in a line: `value`, then a step for each loop around it, the innermost first.

    With `wraps`, the index is meant modulo `size`.
    """

    value: int
    size: int
    steps: tuple[int, ...] = ()
    wraps: bool = False


Line = tuple[str | Place, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Indented items under a line, or, where there is a `count`, under a loop."""

    header: Line
    body: tuple[Item, ...]
    count: int = 0


Item = Line | Block


def roll_loops(items: Sequence[Item]) -> list[Item]:
    """`items` with repetition rolled up; single lines first, then groups of them."""
    rolled = [
        replace(item, body=tuple(roll_loops(item.body))) if isinstance(item, Block) else item
        for item in items
    ]
    numbers: dict[object, int] = {}
    keys = [_number(item, numbers) for item in rolled]
    for _ in range(MAX_NESTING):
        before = len(rolled)
        for period in range(1, min(MAX_PERIOD, len(rolled) // 2) + 1):
            rolled, keys = _roll_period(rolled, keys, period, numbers)
        if len(rolled) == before:
            break
    return rolled


def _number(item: Item, numbers: dict[object, int]) -> int:
    """A number that only items have that can be rounds of one loop: quick to compare."""
    return numbers.setdefault(_key(item), len(numbers))


def _roll_period(
    items: list[Item], keys: list[int], period: int, numbers: dict[object, int]
) -> tuple[list[Item], list[int]]:
    """The items with loops of bodies of `period` items, and their keys."""
    if not any(map(eq, keys, islice(keys, period, None))):
        return items, keys
    result: list[Item] = []
    left: list[int] = []
    start = 0
    while start < len(items):
        loop = None
        if keys[start : start + period] == keys[start + period : start + 2 * period]:
            loop = _loop_at(items, keys, start, period)
        if loop is None:
            result.append(items[start])
            left.append(keys[start])
            start += 1
        else:
            result.append(loop)
            left.append(_number(loop, numbers))
            start += period * loop.count
    return result, left


def _loop_at(items: list[Item], keys: list[int], start: int, period: int) -> Block | None:
    def keys_of(turn: int) -> list[int]:
        return keys[start + turn * period : start + (turn + 1) * period]

    def places_of(turn: int) -> list[Place]:
        return _places(items[start + turn * period : start + (turn + 1) * period])

    first = places_of(0)
    fits = [_steps(a, b) for a, b in zip(first, places_of(1), strict=True)]
    count = 1
    while keys_of(count) == keys_of(0):
        turn = places_of(count)
        kept = [
            [step for step in steps if step.holds(a, b, count)]
            for steps, a, b in zip(fits, first, turn, strict=True)
        ]
        if not all(kept):
            break
        first = [
            replace(a, wraps=True) if b.wraps and not a.wraps else a
            for a, b in zip(first, turn, strict=True)
        ]
        fits, count = kept, count + 1
    body = items[start : start + period]
    if not _worth(count, sum(map(_height, body))):
        return None
    stepped = iter(
        replace(place, steps=(*place.steps, fit[0].step), wraps=place.wraps or fit[0].wraps)
        for place, fit in zip(first, fits, strict=True)
    )
    return Block((), tuple(_rebuild(item, lambda _: next(stepped)) for item in body), count)


@dataclass(frozen=True, slots=True)
class Step:
    """A way in which a place may advance from turn to turn."""

    step: int
    wraps: bool

    def holds(self, first: Place, other: Place, turn: int) -> bool:
        """Whether `other` is where `first` gets to by that turn."""
        expected = first.value + turn * self.step
        if not (self.wraps or first.wraps or other.wraps):
            return expected == other.value
        # once around is as far as a loop is still easy to read
        return turn < first.size and (expected - other.value) % first.size == 0


def _steps(first: Place, second: Place) -> list[Step]:
    step = second.value - first.value
    if step == 0:
        return [Step(0, False)]
    around = step - first.size if step > 0 else step + first.size
    return [Step(step, False), *(Step(s, True) for s in sorted((step, around), key=abs))]


def _worth(count: int, height: int) -> bool:
    return count >= 3 or (count == 2 and height >= 3)


def _height(item: Item) -> int:
    return 1 + sum(map(_height, item.body)) if isinstance(item, Block) else 1


def _key(item: Item) -> object:
    """What must be equal for two items to be rounds of one loop: all but the places' values."""
    if isinstance(item, Block):
        return (_key(item.header), tuple(map(_key, item.body)), item.count)
    return tuple((p.size, p.steps) if isinstance(p, Place) else p for p in item)


def _places(items: Sequence[Item]) -> list[Place]:
    found: list[Place] = []
    for item in items:
        if isinstance(item, Block):
            found += _places([item.header, *item.body])
        else:
            found += [part for part in item if isinstance(part, Place)]
    return found


def _rebuild(item: Item, change: Callable[[Place], Place]) -> Item:
    if isinstance(item, Block):
        header = tuple(change(p) if isinstance(p, Place) else p for p in item.header)
        return replace(
            item, header=header, body=tuple(_rebuild(part, change) for part in item.body)
        )
    return tuple(change(p) if isinstance(p, Place) else p for p in item)


def write_items(
    items: Sequence[Item], variables: Sequence[str], depth: int = 0, braces: bool = False
) -> Iterator[str]:
    """The lines, indented by four spaces a level; `variables` are for the loops.

    Blocks are Python's, or stand in braces.
    """
    used = list(variables[:depth])
    for item in items:
        if not isinstance(item, Block):
            yield _write_line(item, used)
            continue
        header = _write_line(item.header, used)
        if item.count:
            header = f"for {variables[depth]} in range({item.count}){' {' if braces else ':'}"
        inner = depth + 1 if item.count else depth
        body = list(write_items(item.body, variables, inner, braces))
        if braces and len(body) == 1 and len(header) + len(body[0]) < MAX_WIDTH:
            yield f"{header} {body[0]} }}"
            continue
        yield header
        yield from ("    " + line for line in body)
        if braces:
            yield "}"


def _write_line(line: Line, loops: Sequence[str]) -> str:
    return "".join(p if isinstance(p, str) else _write_place(p, loops) for p in line)


def _write_place(place: Place, loops: Sequence[str]) -> str:
    text = ""
    for step, variable in zip(reversed(place.steps), loops, strict=True):
        if step:
            size = variable if abs(step) == 1 else f"{abs(step)} * {variable}"
            sign = "-" if step < 0 else "+"
            text += f" {sign} {size}" if text else size if step > 0 else f"-{size}"
    if not text:
        return str(place.value)
    if text.startswith("-") and place.value:
        text = f"{place.value} - {text[1:]}"
    elif place.value:
        text += f" {'+' if place.value > 0 else '-'} {abs(place.value)}"
    if not place.wraps:
        return text
    return f"({text}) % {place.size}" if " " in text else f"{text} % {place.size}"


def nesting(items: Sequence[Item]) -> int:
    """How many loops stand inside of each other, at most."""
    blocks = [item for item in items if isinstance(item, Block)]
    return max((nesting(b.body) + (1 if b.count else 0) for b in blocks), default=0)
