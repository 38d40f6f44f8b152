"""Turns whose two amplitudes stand in different lanes, and perhaps in different rows as well."""

from __future__ import annotations

from typing import Any

from qmlc.kernels.diagonals import real_sign
from qmlc.kernels.language import (
    Static,
    fma,
    function,
    inline,
    lane_numbers,
    parity,
    permute,
    splat,
    to_real,
)
from qmlc.kernels.layout import EXCHANGE, FLIP, OUTER, SIGNS, SLOT
from qmlc.kernels.turns import slot_of, tile_base


@inline
def row_sign(row: Any, signs: Any) -> Any:
    """-1 where a row has orientation 0, else 1, in all lanes."""
    return splat(to_real(2 * parity(row & signs) - 1))


@function
def apply_lane_turn(
    state: Any, record: Any, first: Any, last: Any, block: Any, shared: Any, sample: Any,
    paired: Static,
) -> None:  # fmt: skip
    """Turn each row with itself or, where `paired`, pairs of rows."""
    index = lane_numbers() ^ record[EXCHANGE]
    place = slot_of(shared, sample, record[SLOT], 2)
    s = splat(real_sign(record[OUTER], block)) * place[1]
    c = fma(-place[0], place[1], splat(1.0))
    for tile in range(first, last):
        row = tile_base(record, tile)
        turn_lanes(state, row, row ^ record[FLIP], c, s, record[SIGNS], index, paired)


@inline
def turn_lanes(
    state: Any, row: Any, other: Any, c: Any, s: Any, signs: Any, index: Any, paired: Static
) -> None:
    """C of the row plus s of its partner, in both directions where they are two."""
    s_row = s * row_sign(row, signs)
    for part in range(2):
        a = state[2 * row + part]
        if paired:
            b = state[2 * other + part]
            s_other = s * row_sign(other, signs)
            state[2 * row + part] = fma(c, a, s_row * permute(b, index))
            state[2 * other + part] = fma(c, b, s_other * permute(a, index))
        else:
            state[2 * row + part] = fma(c, a, s_row * permute(a, index))


@function
def unapply_lane_turn(
    state: Any, adjoint: Any, record: Any, first: Any, last: Any, block: Any,
    shared: Any, sample: Any,
    shared_gradients: Any, sample_gradients: Any, paired: Static,
) -> None:  # fmt: skip
    """Undo `apply_lane_turn` on a state and its adjoint, and add up the gradient of the angle."""
    index = lane_numbers() ^ record[EXCHANGE]
    place = slot_of(shared, sample, record[SLOT], 2)
    outer = splat(real_sign(record[OUTER], block))
    s = -(outer * place[1])
    c = fma(-place[0], place[1], splat(1.0))
    gradient = splat(0.0)
    for tile in range(first, last):
        row = tile_base(record, tile)
        other = row ^ record[FLIP]
        sign = row_sign(row, record[SIGNS])
        for part in range(2):
            partner = permute(state[2 * other + part], index)
            gradient = fma(sign * adjoint[2 * row + part], partner, gradient)
            if paired:
                back = permute(state[2 * row + part], index)
                other_sign = row_sign(other, record[SIGNS])
                gradient = fma(other_sign * adjoint[2 * other + part], back, gradient)
        turn_lanes(state, row, other, c, s, record[SIGNS], index, paired)
        turn_lanes(adjoint, row, other, c, s, record[SIGNS], index, paired)
    place = slot_of(shared_gradients, sample_gradients, record[SLOT], 1)
    place[0] += outer * gradient
