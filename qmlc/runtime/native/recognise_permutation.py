"""Permutations of basis states that need no table: affine ones, and flips under conditions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from qmlc.runtime.native.span import Span


@dataclass(frozen=True, slots=True)
class Affine:
    """Bit i of the image of x is parity(x & reads[i]) ^ offset bit i.

    To change it alone, x must change by flips[i].
    """

    reads: tuple[int, ...]
    flips: tuple[int, ...]
    offset: int


@dataclass(frozen=True, slots=True)
class Flip:
    """x becomes x ^ flips where parity(x & mask) == bit for all (mask, bit) of `controls`."""

    flips: int
    controls: tuple[tuple[int, int], ...]


@cache
def recognise_permutation(images: tuple[int, ...]) -> Affine | Flip | None:
    """What the permutation x -> images[x] is; None where it is neither."""
    return _affine(images) or _flip(images)


def _affine(images: tuple[int, ...]) -> Affine | None:
    width = len(images).bit_length() - 1
    offset = images[0]
    columns = [images[1 << bit] ^ offset for bit in range(width)]
    table = [offset]
    for column in columns:
        table += [image ^ column for image in table]
    if tuple(table) != images:
        return None
    source = {image: x for x, image in enumerate(images)}
    return Affine(
        tuple(sum((c >> bit & 1) << i for i, c in enumerate(columns)) for bit in range(width)),
        tuple(source[offset ^ 1 << bit] ^ source[offset] for bit in range(width)),
        offset,
    )


def _flip(images: tuple[int, ...]) -> Flip | None:
    moved = [x for x, image in enumerate(images) if x != image]
    flips = {x ^ images[x] for x in moved}
    if len(flips) != 1:
        return None
    directions = Span.of(x ^ moved[0] for x in moved)
    if 1 << len(directions) != len(moved):
        return None
    controls = directions.annihilator(len(images).bit_length() - 1)
    return Flip(flips.pop(), tuple((m, (m & moved[0]).bit_count() & 1) for m in controls))
