"""Numbers of rows in an order that keeps neighbours together: those where given parities are 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from qmlc.runtime.native.angle_rows import whole
from qmlc.runtime.normal_form import Array


def null_space(masks: Sequence[int], bits: int) -> list[int]:
    """A basis of the numbers of `bits` bits with even parity under all `masks`, ascending.

    The masks, which are independent, decide the highest bits that they can.
    """
    pivots: dict[int, int] = {}
    for mask in masks:
        for pivot, row in pivots.items():
            if mask >> pivot & 1:
                mask ^= row
        assert mask
        pivot = mask.bit_length() - 1
        for other, row in pivots.items():
            if row >> pivot & 1:
                pivots[other] = row ^ mask
        pivots[pivot] = mask
    return [
        1 << bit | sum(1 << pivot for pivot, row in pivots.items() if row >> bit & 1)
        for bit in range(bits)
        if bit not in pivots
    ]


def span(basis: Sequence[int]) -> list[int]:
    """All sums of a basis, in the order of binary numbers."""
    members = [0]
    for vector in basis:
        members += [member ^ vector for member in members]
    return members


@dataclass
class CosetTables:
    """Two-level tables of sums of a basis: member i is high[i >> shift] ^ low[i & mask]."""

    tables: dict[tuple[int, ...], tuple[Array, Array, int]] = field(default_factory=dict)

    def of(self, basis: Sequence[int]) -> tuple[Array, Array, int]:
        """The (low table, high table, shift) of a basis."""
        key = tuple(basis)
        if key not in self.tables:
            shift = (len(basis) + 1) // 2
            low, high = whole(span(basis[:shift])), whole(span(basis[shift:]))
            self.tables[key] = (low, high, shift)
        return self.tables[key]
