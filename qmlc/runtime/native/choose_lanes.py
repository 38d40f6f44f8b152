"""Which parities of the storage index are the lanes of a row, so that turns move whole rows.

The low bits of the index are lanes. A step `Lanes` permutes amplitudes within each row; after it
the turns of the next layer pair equal lanes of two rows, but for as many as there are lane bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qmlc.runtime.native.rotations import Basis, Turn, basis_of_reads, odd
from qmlc.runtime.native.span import Span
from qmlc.runtime.native.stages import Block, Stage


@dataclass(frozen=True, slots=True)
class Lanes:
    """Amplitude j goes to lane l of its row with bit k of l = parity(j & reads[k])."""

    reads: tuple[int, ...]


Step = Stage | Block | Lanes


def insert_lanes(
    stages: Iterable[Stage | Block], basis: Basis, lane_bits: int, *, at_zero: bool = True
) -> tuple[tuple[Step, ...], Basis]:
    """`stages` with changes of lanes between them; and where the bits are in the end.

    `basis` is where they are in the beginning; with `at_zero` the state is |0...0> then.
    """
    size = len(basis)
    result: list[Step] = []
    for stage in stages:
        moved = stage.over(basis)
        reads = choose_lanes(moved.turns, size, lane_bits) if isinstance(moved, Stage) else None
        if reads is not None:
            change = basis_of_reads([*reads, *(1 << bit for bit in range(lane_bits, size))])
            moved = moved.over(change)
            basis = tuple(place.over(change) for place in basis)
            if result or not at_zero:
                result.append(Lanes(reads))
        result.append(moved)
    return tuple(result), basis


def choose_lanes(turns: Sequence[Turn], size: int, lane_bits: int) -> tuple[int, ...] | None:
    """The masks to read as lanes before a layer of turns; None where the lanes may stay.

    Turns can keep their lanes together if no sum of their flips stays within a row: of n bits, as
    many as there are bits for rows. The signs of the others are made lanes where this can be.
    """
    lanes = (1 << lane_bits) - 1
    # last those that are best left within their rows
    order = sorted(turns, key=lambda turn: (not turn.signs & ~lanes, turn.flips & lanes != 0))
    rows = Span()
    crossing = []
    for turn in order:
        flips = rows.reduce(turn.flips)
        if flips > lanes:
            rows.add(flips)
        elif flips:
            crossing.append(turn)
    moving = sum(1 for turn in turns if turn.flips & lanes and turn.flips > lanes)
    if moving <= sum(1 for turn in crossing if turn.flips > lanes):
        return None
    wanted = [turn.signs for turn in crossing] + [1 << bit for bit in range(lane_bits)]
    allowed = [mask for mask in wanted if not any(odd(mask & f) for f in rows.basis.values())]
    reads: list[int] = []
    read = Span()
    for mask in [*allowed, *rows.annihilator(size)]:
        if read.add(mask & lanes):
            reads.append(mask)
    return tuple(reads)
