"""Turns: rotations in the plane of two amplitudes, several at once while they are in registers.

Rows are complex: the real part of row r is vector 2 r, the imaginary part vector 2 r + 1. Where
lanes are `exchanged`, the two amplitudes stand in different lanes of two rows: a row's lanes are
brought into the order of those of the tile's first row, and back.
"""

from __future__ import annotations

from typing import Any

from qmlc.kernels.diagonals import real_sign
from qmlc.kernels.language import (
    Static,
    bits,
    fma,
    from_bits,
    function,
    inline,
    ints,
    lane_numbers,
    permute,
    registers,
    splat,
    to_word,
    total,
    unroll,
)
from qmlc.kernels.layout import (
    COUNT,
    EXCHANGE,
    FLIP,
    HIGH,
    LOW,
    NO_TABLE,
    NUMBER_TABLE,
    OUTER,
    SHIFT,
    SLOT,
)

ROW_BITS = 29
"""Of a tile's number; where lanes are exchanged, the highest bits of a word are signs of turns."""


@inline
def slot_of(shared: Any, sample: Any, slot: Any, size: Any) -> Any:
    """Where a slot's vectors stand: from 0 on the shared ones, below 0 those of the samples."""
    place = shared + slot * size
    if slot < 0:
        place = sample + (-1 - slot) * size
    return place


@inline
def tile_base(record: Any, tile: Any) -> Any:
    """The first row of a tile."""
    shift = record[SHIFT]
    return ints(record[HIGH])[tile >> shift] ^ ints(record[LOW])[tile & ((1 << shift) - 1)]


@inline
def signed(value: Any, number: Any, turn: Static) -> Any:
    """A vector with the sign that a number in all lanes has for a turn."""
    return from_bits(bits(value) ^ ((number << turn) & bits(-splat(0.0))))


@inline
def turned(value: Any, number: Any, turn: Static, exchanged: Static) -> Any:
    """A vector with the sign of a turn in a tile."""
    if exchanged:
        return signed(value, number, turn)
    else:
        return value


@inline
def reordered(row: Any, index: Any, moved: Static) -> Any:
    """A row's lanes in the order of `index` where they are `moved`."""
    if moved:
        return permute(row, index)
    else:
        return row


@function
def apply_turns(
    state: Any, record: Any, first: Any, last: Any, block: Any, shared: Any, sample: Any,
    table: Any, size: Any, width: Static, diagonal: Static, exchanged: Static,
) -> None:  # fmt: skip
    """Multiply tiles of rows by the diagonal in `table`, then turn them in `width` planes."""
    t = registers(width + 1)
    s = registers(width + 1)
    flip = registers(width + 1)
    for i in unroll(width):
        place = slot_of(shared, sample, record[SLOT + i], 2)
        sign = splat(real_sign(record[OUTER + i], block))
        t[i] = sign * place[0]
        s[i] = sign * place[1]
        flip[i] = record[FLIP + i]
    index = registers(1 << width)
    fill_orders(index, record, width, exchanged)
    for tile in range(first, last):
        row = registers(1 << width)
        re = registers(1 << width)
        im = registers(1 << width)
        row[0], number = first_row(record, tile, exchanged)
        for i in unroll(width):
            for k in unroll(1 << i):
                row[(1 << i) + k] = row[k] ^ flip[i]
        for k in unroll(1 << width):
            x, y = load_row(state, row[k], table, size, diagonal)
            re[k] = reordered(x, index[k], exchanged * k)
            im[k] = reordered(y, index[k], exchanged * k)
        for i in unroll(width):
            a = turned(t[i], number, i, exchanged)
            b = turned(s[i], number, i, exchanged)
            for k in unroll(1 << width):
                if (k >> i) & 1 == 0:
                    re[k], re[k + (1 << i)] = turn(a, b, re[k], re[k + (1 << i)])
                    im[k], im[k + (1 << i)] = turn(a, b, im[k], im[k + (1 << i)])
        for k in unroll(1 << width):
            state[2 * row[k]] = reordered(re[k], index[k], exchanged * k)
            state[2 * row[k] + 1] = reordered(im[k], index[k], exchanged * k)


@inline
def fill_orders(index: Any, record: Any, width: Static, exchanged: Static) -> None:
    """With which lanes of a tile's first row those of each of its rows are turned."""
    index[0] = lane_numbers()
    for i in unroll(width):
        for k in unroll(1 << i):
            if exchanged:
                index[(1 << i) + k] = index[k] ^ record[EXCHANGE + i]
            else:
                index[(1 << i) + k] = index[0]


@inline
def first_row(record: Any, tile: Any, exchanged: Static) -> Any:
    """The first row of a tile, and the tile's number in all lanes where it is of use."""
    base = tile_base(record, tile)
    number = splat(to_word(base))
    if exchanged:
        return base & ((1 << ROW_BITS) - 1), number
    else:
        return base, number


@inline
def load_row(state: Any, row: Any, table: Any, size: Any, diagonal: Static) -> Any:
    """A row times its phase factor."""
    x = state[2 * row]
    y = state[2 * row + 1]
    if diagonal == NO_TABLE:
        return x, y
    else:
        p, q = phase_factor(table, row, size, diagonal)
        return fma(p, x, -(q * y)), fma(p, y, q * x)


@inline
def turn(t: Any, s: Any, a: Any, b: Any) -> Any:
    """The pair cos a - sin b, sin a + cos b, as three shears (of tan(angle / 2), sin, tan)."""
    a = fma(-t, b, a)
    b = fma(s, a, b)
    return fma(-t, b, a), b


@inline
def pair_moment(a: Any, b: Any, c: Any, d: Any, x: Any, y: Any, u: Any, v: Any) -> Any:
    """What a pair (a + ib, c + id) with the adjoint (x + iy, u + iv) adds to the angle's gradient.

    It is a sum of its own: one chain through all pairs would wait for itself.
    """
    return fma(-x, c, fma(-y, d, fma(u, a, v * b)))


@inline
def phase_factor(table: Any, row: Any, size: Any, diagonal: Static) -> Any:
    """Cosine and sine of a row's phase, which the lanes share or not."""
    if diagonal == NUMBER_TABLE:
        return splat(table[row]), splat(table[row + size])
    else:
        return table[2 * row], table[2 * row + 1]


@function
def unapply_turns(  # noqa: C901
    state: Any, adjoint: Any, record: Any, first: Any, last: Any, block: Any,
    shared: Any, sample: Any, table: Any, size: Any,
    shared_gradients: Any, sample_gradients: Any, table_gradients: Any,
    width: Static, diagonal: Static, exchanged: Static,
) -> None:  # fmt: skip
    """Undo `apply_turns` on a state and its adjoint, and add up the gradients of the angles."""
    t = registers(width + 1)
    s = registers(width + 1)
    flip = registers(width + 1)
    gradient = registers(width + 1)
    for i in unroll(width):
        place = slot_of(shared, sample, record[SLOT + i], 2)
        sign = splat(real_sign(record[OUTER + i], block))
        t[i] = -(sign * place[0])
        s[i] = -(sign * place[1])
        flip[i] = record[FLIP + i]
        gradient[i] = splat(0.0)
    index = registers(1 << width)
    fill_orders(index, record, width, exchanged)
    for tile in range(first, last):
        row = registers(1 << width)
        moment = registers(width + 1)
        row[0], number = first_row(record, tile, exchanged)
        for i in unroll(width):
            moment[i] = splat(0.0)
            for k in unroll(1 << i):
                row[(1 << i) + k] = row[k] ^ flip[i]
        re = registers(1 << width)
        x = registers(1 << width)
        for part in unroll(2):
            a = registers(1 << width)
            u = registers(1 << width)
            for k in unroll(1 << width):
                a[k] = reordered(state[2 * row[k] + part], index[k], exchanged * k)
                u[k] = reordered(adjoint[2 * row[k] + part], index[k], exchanged * k)
            unturn_rows(a, u, t, s, moment, number, width, exchanged)
            for k in unroll(1 << width):
                a[k] = reordered(a[k], index[k], exchanged * k)
                u[k] = reordered(u[k], index[k], exchanged * k)
                if diagonal == NO_TABLE:
                    state[2 * row[k] + part] = a[k]
                    adjoint[2 * row[k] + part] = u[k]
                elif part == 0:
                    re[k] = a[k]
                    x[k] = u[k]
                else:
                    phase = fma(u[k], re[k], -(x[k] * a[k]))
                    add_moment(table_gradients, row[k], phase, diagonal)
                    store_row(state, row[k], re[k], a[k], table, size, diagonal)
                    store_row(adjoint, row[k], x[k], u[k], table, size, diagonal)
        for i in unroll(width):
            gradient[i] = gradient[i] + turned(moment[i], number, i, exchanged)
    for i in unroll(width):
        place = slot_of(shared_gradients, sample_gradients, record[SLOT + i], 1)
        place[0] += splat(real_sign(record[OUTER + i], block)) * gradient[i]


@inline
def unturn_rows(
    a: Any, u: Any, t: Any, s: Any, moment: Any, number: Any, width: Static, exchanged: Static
) -> None:
    """Turn one part of a tile's rows and of their adjoints, the real or the imaginary."""
    for i in unroll(width):
        tangent = turned(t[i], number, i, exchanged)
        sine = turned(s[i], number, i, exchanged)
        for k in unroll(1 << width):
            if (k >> i) & 1 == 0:
                o = k + (1 << i)
                moment[i] = fma(u[o], a[k], fma(-u[k], a[o], moment[i]))
                a[k], a[o] = turn(tangent, sine, a[k], a[o])
                u[k], u[o] = turn(tangent, sine, u[k], u[o])


@function
def add_turn_gradients(
    state: Any, adjoint: Any, record: Any, block: Any, shared_gradients: Any,
    sample_gradients: Any, width: Static,
) -> None:  # fmt: skip
    """Add up the gradients of turns that nothing comes before, and leave the states as they are."""
    gradient = registers(width)
    flip = registers(width)
    for i in unroll(width):
        flip[i] = record[FLIP + i]
        gradient[i] = splat(0.0)
    for tile in range(record[COUNT]):
        row = registers(1 << width)
        row[0] = tile_base(record, tile)
        for i in unroll(width):
            for k in unroll(1 << i):
                row[(1 << i) + k] = row[k] ^ flip[i]
        for i in unroll(width):
            for k in unroll(1 << width):
                if (k >> i) & 1 == 0:
                    low = 2 * row[k]
                    high = 2 * row[k + (1 << i)]
                    moment = pair_moment(
                        state[low], state[low + 1], state[high], state[high + 1],
                        adjoint[low], adjoint[low + 1], adjoint[high], adjoint[high + 1],
                    )  # fmt: skip
                    gradient[i] = gradient[i] + moment
    for i in unroll(width):
        place = slot_of(shared_gradients, sample_gradients, record[SLOT + i], 1)
        place[0] += splat(real_sign(record[OUTER + i], block)) * gradient[i]


@inline
def add_moment(gradients: Any, row: Any, moment: Any, diagonal: Static) -> None:
    """What a row adds to the gradients of a diagonal."""
    if diagonal == NUMBER_TABLE:
        gradients[row] += total(moment)
    else:
        gradients[row] = moment


@inline
def store_row(
    state: Any, row: Any, x: Any, y: Any, table: Any, size: Any, diagonal: Static
) -> None:
    """Keep a row over its phase factor."""
    if diagonal == NO_TABLE:
        state[2 * row] = x
        state[2 * row + 1] = y
    else:
        p, q = phase_factor(table, row, size, diagonal)
        state[2 * row] = fma(p, x, q * y)
        state[2 * row + 1] = fma(p, y, -(q * x))
