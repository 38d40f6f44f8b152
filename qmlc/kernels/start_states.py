"""The first turns of a circuit, which act on |0...0> and make a product state."""

from __future__ import annotations

from typing import Any

from qmlc.kernels.language import (
    fma,
    function,
    ints,
    lane_numbers,
    parity,
    permute,
    select,
    splat,
    to_real,
)
from qmlc.kernels.layout import (
    EXCHANGE,
    FLIP,
    RECORD_SIZE,
    ROWS_LOG,
    SAMPLES,
    SIGNS,
    SLOT,
    START_COUNT,
    START_FULL,
    START_MEMBERS,
    START_RECORDS,
)
from qmlc.kernels.turns import slot_of


@function
def start_state(program: Any, state: Any, shared: Any, sample: Any, first: Any) -> None:
    """The state after the first turns of `first` times |0...0>."""
    rows = 1 << program[ROWS_LOG]
    if program[START_FULL] == 0:
        for row in range(2 * rows):
            state[row] = splat(0.0)
    if program[SAMPLES] == 0:
        first = select(lane_numbers() == 0, first, splat(0.0))
    state[0] = first
    state[1] = splat(0.0)
    members = ints(program[START_MEMBERS])
    count = 1
    for turn in range(program[START_COUNT]):
        record = ints(program[START_RECORDS]) + RECORD_SIZE * turn
        place = slot_of(shared, sample, record[SLOT], 2)
        s = place[1]
        c = fma(-place[0], s, splat(1.0))
        index = lane_numbers() ^ record[EXCHANGE]
        if record[FLIP] == 0:
            # only row 0 is there yet
            a = state[0]
            state[0] = c * a + permute(s * a, index)
        else:
            for member in range(count):
                row = members[member]
                sign = splat(to_real(1 - 2 * parity(row & record[SIGNS])))
                a = state[2 * row]
                other = row ^ record[FLIP]
                moved = sign * (s * a)
                if record[EXCHANGE] != 0:
                    moved = permute(moved, index)
                state[2 * other] = moved
                state[2 * other + 1] = splat(0.0)
                state[2 * row] = c * a
            count = 2 * count
