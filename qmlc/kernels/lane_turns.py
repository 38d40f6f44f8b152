"""Turns whose two amplitudes stand in one row: lanes are bits of the storage index."""

from __future__ import annotations

from typing import Any

from qmlc.kernels.diagonals import real_sign
from qmlc.kernels.language import (
    Static,
    fma,
    function,
    inline,
    lane_numbers,
    permute,
    registers,
    splat,
    to_word,
    unroll,
)
from qmlc.kernels.layout import COUNT, EXCHANGE, OUTER, SLOT
from qmlc.kernels.turns import signed, slot_of, tile_base


@function
def apply_lane_turns(
    state: Any, record: Any, block: Any, shared: Any, sample: Any, width: Static
) -> None:
    """Turn each row within itself `width` times."""
    c = registers(width)
    s = registers(width)
    index = registers(width)
    for i in unroll(width):
        c[i], s[i], index[i] = lane_turn(record, i, block, shared, sample)
    for row in range(record[COUNT]):
        number = splat(to_word(tile_base(record, row)))
        x = state[2 * row]
        y = state[2 * row + 1]
        for i in unroll(width):
            sine = signed(s[i], number, i)
            x = fma(c[i], x, -(sine * permute(x, index[i])))
            y = fma(c[i], y, -(sine * permute(y, index[i])))
        state[2 * row] = x
        state[2 * row + 1] = y


@inline
def lane_turn(record: Any, turn: Static, block: Any, shared: Any, sample: Any) -> Any:
    """Cosine and sine of a turn, and the lane that each is turned with."""
    place = slot_of(shared, sample, record[SLOT + turn], 2)
    sine = place[1]
    outer = splat(real_sign(record[OUTER + turn], block))
    return fma(-place[0], sine, splat(1.0)), outer * sine, lane_numbers() ^ record[EXCHANGE + turn]


@function
def unapply_lane_turns(
    state: Any, adjoint: Any, record: Any, block: Any, shared: Any, sample: Any,
    shared_gradients: Any, sample_gradients: Any, width: Static,
) -> None:  # fmt: skip
    """Undo `apply_lane_turns` on a state and its adjoint; add up the gradients of the angles."""
    c = registers(width)
    s = registers(width)
    index = registers(width)
    gradient = registers(width)
    for i in unroll(width):
        c[i], s[i], index[i] = lane_turn(record, i, block, shared, sample)
        gradient[i] = splat(0.0)
    for row in range(record[COUNT]):
        number = splat(to_word(tile_base(record, row)))
        x = state[2 * row]
        y = state[2 * row + 1]
        u = adjoint[2 * row]
        v = adjoint[2 * row + 1]
        for i in unroll(width):
            a = permute(x, index[i])
            b = permute(y, index[i])
            gradient[i] = gradient[i] - signed(fma(u, a, v * b), number, i)
            sine = signed(s[i], number, i)
            x = fma(sine, a, c[i] * x)
            y = fma(sine, b, c[i] * y)
            u = fma(sine, permute(u, index[i]), c[i] * u)
            v = fma(sine, permute(v, index[i]), c[i] * v)
        state[2 * row] = x
        state[2 * row + 1] = y
        adjoint[2 * row] = u
        adjoint[2 * row + 1] = v
    for i in unroll(width):
        place = slot_of(shared_gradients, sample_gradients, record[SLOT + i], 1)
        place[0] += splat(real_sign(record[OUTER + i], block)) * gradient[i]
