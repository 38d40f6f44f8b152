"""Permutations of basis states that need no table: affine ones, and flips under conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache


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
    basis = reduced_basis([x ^ moved[0] for x in moved])
    if 1 << len(basis) != len(moved):
        return None
    width = len(images).bit_length() - 1
    controls = annihilator(basis, width)
    return Flip(flips.pop(), tuple((m, (m & moved[0]).bit_count() & 1) for m in controls))


def reduced_basis(vectors: Sequence[int]) -> dict[int, int]:
    """A basis of the span over GF(2): by pivot bit a vector, in no other of which it is set."""
    basis: dict[int, int] = {}
    for vector in vectors:
        for pivot, other in basis.items():
            if vector >> pivot & 1:
                vector ^= other
        if vector:
            pivot = vector.bit_length() - 1
            for known, other in basis.items():
                if other >> pivot & 1:
                    basis[known] = other ^ vector
            basis[pivot] = vector
    return basis


def annihilator(basis: dict[int, int], width: int) -> list[int]:
    """A basis of the masks of which all vectors of a reduced basis hold an even number of bits."""
    free = [bit for bit in range(width) if bit not in basis]
    return [
        1 << bit | sum(1 << pivot for pivot, vector in basis.items() if vector >> bit & 1)
        for bit in free
    ]
