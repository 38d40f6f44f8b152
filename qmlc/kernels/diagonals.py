"""Diagonals: tables of the sums of their phases, and the gradients of these."""

from __future__ import annotations

from typing import Any

from qmlc.kernels.angles import cosine_sine, lane_signs
from qmlc.kernels.language import (
    LANES,
    LOG_LANES,
    Static,
    function,
    inline,
    ints,
    lane_numbers,
    minimum,
    parity,
    reals,
    select,
    splat,
    to_real,
    total,
    words,
)
from qmlc.kernels.layout import (
    CONTROL_BITS,
    CONTROL_MASKS,
    CONTROL_OUTERS,
    DIAGONALS,
    HELD_CONTROLS,
    HELD_KINDS,
    HELD_MASKS,
    HELD_OUTERS,
    HELD_ROWS,
    HELDS,
    TERM_MASKS,
    TERM_OUTERS,
    TERM_ROWS,
)
from qmlc.kernels.walsh import transform_lanes, transform_rows

PART_LOG = 7
"""Phases are summed for so many rows at a time (as a power of two), in the first cache."""


@inline
def outer_sign(mask: Any, block: Any) -> Any:
    """1 or -1: the parity of the bits that a mask shares with the number of a block."""
    return 1 - 2 * parity(mask & block)


@inline
def real_sign(mask: Any, block: Any) -> Any:
    """The same as a real number."""
    return to_real(outer_sign(mask, block))


@inline
def row_of(mask: Any, rows_log: Any) -> Any:
    """The bits of a mask that are about rows."""
    return (mask >> LOG_LANES) & ((1 << rows_log) - 1)


@function
def make_phases(
    program: Any, diagonal: Any, shared: Any, sample: Any, rows_log: Any, work: Any, block: Any,
    part: Any,
) -> None:  # fmt: skip
    """The phases of a part of a block's rows, 2**rows_log, lanes being bits of the index."""
    bits = rows_log + LOG_LANES
    table = words(work)
    for row in range(1 << rows_log):
        work[row] = 0
    record = ints(program[DIAGONALS]) + 3 * diagonal
    few = 2 * (record[2] - record[0]) <= 1 << rows_log  # then signs of lanes are less to do
    masks = ints(program[TERM_MASKS])
    outers = ints(program[TERM_OUTERS])
    rows = ints(program[TERM_ROWS])
    for term in range(record[0], record[2]):
        phase = words(shared)[rows[term]]
        if term >= record[1]:
            phase = words(sample)[rows[term]]
        phase = outer_sign(outers[term], block) * outer_sign(masks[term] >> bits, part) * phase
        if few:
            odd = parity(lane_numbers() & masks[term]) != 0
            work[row_of(masks[term], rows_log)] += select(odd, -splat(phase), splat(phase))
        else:
            table[masks[term] & ((1 << bits) - 1)] += phase
    if not few:
        transform_lanes(work, 1 << rows_log)
    transform_rows(work, rows_log)
    add_held_phases(program, diagonal, shared, sample, rows_log, table, block, part)


@function
def add_held_phases(
    program: Any, diagonal: Any, shared: Any, sample: Any, rows_log: Any, table: Any, block: Any,
    part: Any,
) -> None:  # fmt: skip
    """Add the terms under controls to the phases."""
    bits = rows_log + LOG_LANES
    helds = ints(program[HELDS])
    for held in range(helds[diagonal], helds[diagonal + 1]):
        phase = words(shared)[0]
        if ints(program[HELD_KINDS])[held] == 0:
            phase = words(shared)[ints(program[HELD_ROWS])[held]]
        else:
            phase = words(sample)[ints(program[HELD_ROWS])[held]]
        mask = ints(program[HELD_MASKS])[held]
        outer = parity(ints(program[HELD_OUTERS])[held] & block)
        for place in range(LANES << rows_log):
            index = place + (part << bits)
            if is_held(program, held, index, block):
                if parity(mask & index) == outer:
                    table[place] += phase
                else:
                    table[place] -= phase


@function
def make_sample_phases(
    program: Any, diagonal: Any, shared: Any, sample: Any, rows_log: Any, work: Any, block: Any,
    part: Any,
) -> None:  # fmt: skip
    """The phases of a part of a block's rows, 2**rows_log, a sample in each lane."""
    for row in range(1 << rows_log):
        work[row] = 0
    record = ints(program[DIAGONALS]) + 3 * diagonal
    masks = ints(program[TERM_MASKS])
    outers = ints(program[TERM_OUTERS])
    rows = ints(program[TERM_ROWS])
    for term in range(record[0], record[2]):
        phase = splat(words(shared)[rows[term]])
        if term >= record[1]:
            phase = sample[rows[term]]
        sign = outer_sign(outers[term], block) * outer_sign(masks[term] >> rows_log, part)
        work[masks[term] & ((1 << rows_log) - 1)] += sign * phase
    transform_rows(work, rows_log)
    helds = ints(program[HELDS])
    for held in range(helds[diagonal], helds[diagonal + 1]):
        phase = work[0]
        if ints(program[HELD_KINDS])[held] == 0:
            phase = splat(words(shared)[ints(program[HELD_ROWS])[held]])
        else:
            phase = sample[ints(program[HELD_ROWS])[held]]
        mask = ints(program[HELD_MASKS])[held]
        outer = parity(ints(program[HELD_OUTERS])[held] & block)
        for place in range(1 << rows_log):
            row = place + (part << rows_log)
            if is_held(program, held, row, block):
                if parity(mask & row) == outer:
                    work[place] += phase
                else:
                    work[place] -= phase


@inline
def is_held(program: Any, held: Any, index: Any, block: Any) -> Any:
    """Whether all controls of a term hold at an index within a block."""
    controls = ints(program[HELD_CONTROLS])
    wrong = index * 0
    for control in range(controls[held], controls[held + 1]):
        bit = parity(ints(program[CONTROL_MASKS])[control] & index)
        bit = bit ^ parity(ints(program[CONTROL_OUTERS])[control] & block)
        wrong += bit ^ ints(program[CONTROL_BITS])[control]
    return wrong == 0


@function
def make_number_table(
    program: Any, diagonal: Any, shared: Any, sample: Any, rows_log: Any, work: Any, block: Any,
    table: Any,
) -> None:  # fmt: skip
    """All cosines, then all sines: a number for each of 2**rows_log * LANES indices."""
    part_log = minimum(rows_log, PART_LOG)
    rows = 1 << rows_log
    for part in range(1 << (rows_log - part_log)):
        make_phases(program, diagonal, shared, sample, part_log, work, block, part)
        place = table + (part << part_log)
        for row in range(1 << part_log):
            place[row], place[row + rows] = cosine_sine(work[row])


@function
def make_vector_table(
    program: Any, diagonal: Any, shared: Any, sample: Any, rows_log: Any, work: Any, block: Any,
    table: Any, samples: Static,
) -> None:  # fmt: skip
    """Cosine and sine of each row's phases; the lanes are samples, or bits of the index."""
    part_log = minimum(rows_log, PART_LOG)
    for part in range(1 << (rows_log - part_log)):
        if samples:
            make_sample_phases(program, diagonal, shared, sample, part_log, work, block, part)
        else:
            make_phases(program, diagonal, shared, sample, part_log, work, block, part)
        place = table + (2 << part_log) * part
        for row in range(1 << part_log):
            place[2 * row], place[2 * row + 1] = cosine_sine(work[row])


@function
def collect_phases(
    program: Any, diagonal: Any, rows_log: Any, moments: Any, shared: Any, sample: Any,
    block: Any, stride: Static,
) -> None:  # fmt: skip
    """Add the gradients of a diagonal's phases, lanes being bits of the index.

    `moments` are those of the imaginary part of conj(state) adjoint, and are used up. `shared` and
    `sample` are numbers, a row each `stride`.
    """
    add_held_moments(program, diagonal, rows_log, moments, shared, sample, block, stride)
    record = ints(program[DIAGONALS]) + 3 * diagonal
    masks = ints(program[TERM_MASKS])
    outers = ints(program[TERM_OUTERS])
    rows = ints(program[TERM_ROWS])
    part_log = minimum(rows_log, PART_LOG)
    bits = part_log + LOG_LANES
    few = 2 * (record[2] - record[0]) <= 1 << part_log
    for part in range(1 << (rows_log - part_log)):
        values = moments + (part << part_log)
        transform_rows(values, part_log)
        if not few:
            transform_lanes(values, 1 << part_log)
        for term in range(record[0], record[2]):
            moment = reals(values)[masks[term] & ((1 << bits) - 1)]
            if few:
                signs = lane_signs(masks[term])
                moment = total(signs * values[row_of(masks[term], part_log)])
            moment = real_sign(outers[term], block) * real_sign(masks[term] >> bits, part) * moment
            if term < record[1]:
                shared[rows[term] * stride] += moment
            else:
                sample[rows[term] * stride] += moment


@function
def add_held_moments(
    program: Any, diagonal: Any, rows_log: Any, moments: Any, shared: Any, sample: Any,
    block: Any, stride: Static,
) -> None:  # fmt: skip
    """The gradients of the terms under controls, from the moments as they are."""
    values = reals(moments)
    helds = ints(program[HELDS])
    for held in range(helds[diagonal], helds[diagonal + 1]):
        place = shared
        if ints(program[HELD_KINDS])[held] != 0:
            place = sample
        place = place + ints(program[HELD_ROWS])[held] * stride
        mask = ints(program[HELD_MASKS])[held]
        outer = parity(ints(program[HELD_OUTERS])[held] & block)
        for index in range(LANES << rows_log):
            if is_held(program, held, index, block):
                if parity(mask & index) == outer:
                    place[0] += values[index]
                else:
                    place[0] -= values[index]


@function
def collect_sample_phases(
    program: Any, diagonal: Any, rows_log: Any, moments: Any, shared: Any, sample: Any,
    block: Any,
) -> None:  # fmt: skip
    """Add the gradients of a diagonal's phases, a sample in each lane."""
    helds = ints(program[HELDS])
    for held in range(helds[diagonal], helds[diagonal + 1]):
        place = shared
        if ints(program[HELD_KINDS])[held] != 0:
            place = sample
        place = place + ints(program[HELD_ROWS])[held]
        mask = ints(program[HELD_MASKS])[held]
        outer = parity(ints(program[HELD_OUTERS])[held] & block)
        for row in range(1 << rows_log):
            if is_held(program, held, row, block):
                if parity(mask & row) == outer:
                    place[0] += moments[row]
                else:
                    place[0] -= moments[row]
    record = ints(program[DIAGONALS]) + 3 * diagonal
    masks = ints(program[TERM_MASKS])
    outers = ints(program[TERM_OUTERS])
    rows = ints(program[TERM_ROWS])
    bits = minimum(rows_log, PART_LOG)
    for part in range(1 << (rows_log - bits)):
        values = moments + (part << bits)
        transform_rows(values, bits)
        for term in range(record[0], record[2]):
            sign = real_sign(outers[term], block) * real_sign(masks[term] >> bits, part)
            moment = splat(sign) * values[masks[term] & ((1 << bits) - 1)]
            if term < record[1]:
                shared[rows[term]] += moment
            else:
                sample[rows[term]] += moment
