"""Items parted into segments, each of which acts within blocks of a few rows.

Where a state does not fit into the cache, a segment is one sweep over it: block after block of
rows that differ by sums of its directions is brought in, and all its items are done there. Each
segment takes every item that can be commuted into it; what it skips comes in a later one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qmlc.runtime.native.rotations import Item, odd
from qmlc.runtime.native.span import Span


@dataclass(frozen=True, eq=False, slots=True)
class Segment:
    """Items that flip, apart from bits within rows, sums of `directions`, which are independent."""

    directions: tuple[int, ...]
    items: tuple[Item, ...]


def to_segments(
    items: Iterable[Item], size: int, lane_bits: int, max_directions: int
) -> tuple[Segment, ...]:
    """The segments that `items` on an index of `size` bits are, the low `lane_bits` within rows.

    An item that flips more than `max_directions` by itself begins a segment that is larger.
    """
    segments = []
    rest = list(items)
    while rest:
        segment, rest = _take(rest, size, lane_bits, max_directions)
        segments.append(segment)
    return tuple(segments)


def _take(
    items: Sequence[Item], size: int, lane_bits: int, max_directions: int
) -> tuple[Segment, list[Item]]:
    lanes = (1 << lane_bits) - 1
    space, skipped = Span(), _Skipped(size)
    taken: list[Item] = []
    rest: list[Item] = []
    for position, item in enumerate(items):
        if skipped.all_blocked:
            rest += items[position:]
            break
        if skipped.pass_by(item):
            grown = Span.of([*space.basis.values(), *(f & ~lanes for f, _ in item.paulis)])
            if len(grown) <= max_directions or not len(space):
                space = grown
                taken.append(item)
                continue
        rest.append(item)
        skipped.add(item)
    return Segment(tuple(sorted(space.basis.values())), tuple(taken)), rest


class _Skipped:
    """The strings that generate what was skipped: what commutes with these may pass."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.span = Span()

    @property
    def all_blocked(self) -> bool:
        """Whether nothing but a number commutes with all."""
        return len(self.span) == 2 * self.size

    def add(self, item: Item) -> None:
        for flips, signs in item.paulis:
            self.span.add(flips << self.size | signs)

    def pass_by(self, item: Item) -> bool:
        """Whether `item` commutes with all that was skipped."""
        swapped = [signs << self.size | flips for flips, signs in item.paulis]
        return not any(odd(s & other) for other in self.span.basis.values() for s in swapped)
