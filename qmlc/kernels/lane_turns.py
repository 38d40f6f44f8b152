"""Turns whose two amplitudes stand in different lanes of one row, or of two rows."""

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
    unroll,
)
from qmlc.kernels.layout import COUNT, EXCHANGE, FLIP, OUTER, SIGNS, SLOT
from qmlc.kernels.turns import pair_moment, slot_of, tile_base, turn


@function
def apply_lane_turns(
    state: Any, record: Any, block: Any, shared: Any, sample: Any, width: Static
) -> None:
    """Turn each row within itself, `width` times."""
    c = registers(width)
    s = registers(width)
    for i in unroll(width):
        place = slot_of(shared, sample, record[SLOT + i], 2)
        c[i] = fma(-place[0], place[1], splat(1.0))
        s[i] = splat(-real_sign(record[OUTER + i], block)) * place[1]
    for row in range(record[COUNT]):
        x = state[2 * row]
        y = state[2 * row + 1]
        for i in unroll(width):
            index = lane_numbers() ^ record[EXCHANGE + i]
            signed = splat(real_sign(row, record[SIGNS + i])) * s[i]
            x = fma(c[i], x, signed * permute(x, index))
            y = fma(c[i], y, signed * permute(y, index))
        state[2 * row] = x
        state[2 * row + 1] = y


@function
def unapply_lane_turns(
    state: Any, adjoint: Any, record: Any, block: Any, shared: Any, sample: Any,
    shared_gradients: Any, sample_gradients: Any, width: Static,
) -> None:  # fmt: skip
    """Undo `apply_lane_turns` on a state and its adjoint, and add up the angles' gradients."""
    c = registers(width)
    s = registers(width)
    gradient = registers(width)
    for i in unroll(width):
        place = slot_of(shared, sample, record[SLOT + i], 2)
        c[i] = fma(-place[0], place[1], splat(1.0))
        s[i] = splat(real_sign(record[OUTER + i], block)) * place[1]
        gradient[i] = splat(0.0)
    for row in range(record[COUNT]):
        a = registers(4)
        for part in unroll(2):
            a[part] = state[2 * row + part]
            a[2 + part] = adjoint[2 * row + part]
        for i in unroll(width):
            index = lane_numbers() ^ record[EXCHANGE + i]
            sign = splat(real_sign(row, record[SIGNS + i]))
            signed = sign * s[i]
            b = registers(4)
            for k in unroll(4):
                b[k] = permute(a[k], index)
            moment = fma(a[2], b[0], a[3] * b[1])
            gradient[i] = fma(-sign, moment, gradient[i])
            for k in unroll(4):
                a[k] = fma(c[i], a[k], signed * b[k])
        for part in unroll(2):
            state[2 * row + part] = a[part]
            adjoint[2 * row + part] = a[2 + part]
    for i in unroll(width):
        place = slot_of(shared_gradients, sample_gradients, record[SLOT + i], 1)
        place[0] += splat(real_sign(record[OUTER + i], block)) * gradient[i]


@inline
def exchange_of(record: Any, member: Static, width: Static) -> Any:
    """By what the lanes of a row of a tile differ from those of its first row."""
    lanes = lane_numbers()
    for i in unroll(width):
        if (member >> i) & 1 == 1:
            lanes = lanes ^ record[EXCHANGE + i]
    return lanes


@function
def apply_crossing_turns(
    state: Any, record: Any, block: Any, shared: Any, sample: Any, width: Static
) -> None:
    """Turn tiles of rows whose lanes are exchanged while they are in registers."""
    t = registers(width)
    s = registers(width)
    flip = registers(width)
    for i in unroll(width):
        place = slot_of(shared, sample, record[SLOT + i], 2)
        sign = splat(real_sign(record[OUTER + i], block))
        t[i] = sign * place[0]
        s[i] = sign * place[1]
        flip[i] = record[FLIP + i]
    for tile in range(record[COUNT]):
        row = registers(1 << width)
        re = registers(1 << width)
        im = registers(1 << width)
        row[0] = tile_base(record, tile)
        for i in unroll(width):
            for k in unroll(1 << i):
                row[(1 << i) + k] = row[k] ^ flip[i]
        for k in unroll(1 << width):
            re[k] = permute(state[2 * row[k]], exchange_of(record, k, width))
            im[k] = permute(state[2 * row[k] + 1], exchange_of(record, k, width))
        for i in unroll(width):
            sign = splat(real_sign(row[0], record[SIGNS + i]))
            u = sign * t[i]
            v = sign * s[i]
            for k in unroll(1 << width):
                if (k >> i) & 1 == 0:
                    re[k], re[k + (1 << i)] = turn(u, v, re[k], re[k + (1 << i)])
                    im[k], im[k + (1 << i)] = turn(u, v, im[k], im[k + (1 << i)])
        for k in unroll(1 << width):
            state[2 * row[k]] = permute(re[k], exchange_of(record, k, width))
            state[2 * row[k] + 1] = permute(im[k], exchange_of(record, k, width))


@function
def unapply_crossing_turns(  # noqa: C901
    state: Any, adjoint: Any, record: Any, block: Any, shared: Any, sample: Any,
    shared_gradients: Any, sample_gradients: Any, width: Static,
) -> None:  # fmt: skip
    """Undo `apply_crossing_turns`, and add up the angles' gradients."""
    t = registers(width)
    s = registers(width)
    flip = registers(width)
    gradient = registers(width)
    for i in unroll(width):
        place = slot_of(shared, sample, record[SLOT + i], 2)
        sign = splat(-real_sign(record[OUTER + i], block))
        t[i] = sign * place[0]
        s[i] = sign * place[1]
        flip[i] = record[FLIP + i]
        gradient[i] = splat(0.0)
    for tile in range(record[COUNT]):
        row = registers(1 << width)
        re = registers(1 << width)
        im = registers(1 << width)
        x = registers(1 << width)
        y = registers(1 << width)
        row[0] = tile_base(record, tile)
        for i in unroll(width):
            for k in unroll(1 << i):
                row[(1 << i) + k] = row[k] ^ flip[i]
        for k in unroll(1 << width):
            lanes = exchange_of(record, k, width)
            re[k] = permute(state[2 * row[k]], lanes)
            im[k] = permute(state[2 * row[k] + 1], lanes)
            x[k] = permute(adjoint[2 * row[k]], lanes)
            y[k] = permute(adjoint[2 * row[k] + 1], lanes)
        for i in unroll(width):
            sign = splat(real_sign(row[0], record[SIGNS + i]))
            u = sign * t[i]
            v = sign * s[i]
            for k in unroll(1 << width):
                if (k >> i) & 1 == 0:
                    o = k + (1 << i)
                    moment = pair_moment(re[k], im[k], re[o], im[o], x[k], y[k], x[o], y[o])
                    gradient[i] = fma(sign, moment, gradient[i])
                    re[k], re[o] = turn(u, v, re[k], re[o])
                    im[k], im[o] = turn(u, v, im[k], im[o])
                    x[k], x[o] = turn(u, v, x[k], x[o])
                    y[k], y[o] = turn(u, v, y[k], y[o])
        for k in unroll(1 << width):
            lanes = exchange_of(record, k, width)
            state[2 * row[k]] = permute(re[k], lanes)
            state[2 * row[k] + 1] = permute(im[k], lanes)
            adjoint[2 * row[k]] = permute(x[k], lanes)
            adjoint[2 * row[k] + 1] = permute(y[k], lanes)
    for i in unroll(width):
        place = slot_of(shared_gradients, sample_gradients, record[SLOT + i], 1)
        place[0] += splat(real_sign(record[OUTER + i], block)) * gradient[i]
