"""Diagonals: tables of the sums of their phases, and the gradients of these."""

from __future__ import annotations

from typing import Any

from qmlc.kernels.angles import cosine_sine
from qmlc.kernels.language import (
    LANES,
    Static,
    function,
    inline,
    ints,
    parity,
    reals,
    splat,
    to_real,
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


@inline
def outer_sign(mask: Any, block: Any) -> Any:
    """1 or -1: the parity of the bits that a mask shares with the number of a block."""
    return 1 - 2 * parity(mask & block)


@inline
def real_sign(mask: Any, block: Any) -> Any:
    """The same as a real number."""
    return to_real(outer_sign(mask, block))


@function
def sum_phases(
    program: Any, diagonal: Any, shared: Any, sample: Any, rows_log: Any, work: Any, block: Any
) -> None:
    """The phase of each amplitude of one state, lanes being bits of its index, in `work`."""
    table = words(work)
    for row in range(1 << rows_log):
        work[row] = 0
    record = ints(program[DIAGONALS]) + 3 * diagonal
    masks = ints(program[TERM_MASKS])
    outers = ints(program[TERM_OUTERS])
    rows = ints(program[TERM_ROWS])
    for term in range(record[0], record[1]):
        table[masks[term]] += outer_sign(outers[term], block) * words(shared)[rows[term]]
    for term in range(record[1], record[2]):
        table[masks[term]] += outer_sign(outers[term], block) * words(sample)[rows[term]]
    transform_rows(work, rows_log)
    transform_lanes(work, 1 << rows_log)
    helds = ints(program[HELDS])
    for held in range(helds[diagonal], helds[diagonal + 1]):
        phase = words(shared)[0]
        if ints(program[HELD_KINDS])[held] == 0:
            phase = words(shared)[ints(program[HELD_ROWS])[held]]
        else:
            phase = words(sample)[ints(program[HELD_ROWS])[held]]
        mask = ints(program[HELD_MASKS])[held]
        outer = parity(ints(program[HELD_OUTERS])[held] & block)
        for index in range(LANES << rows_log):
            if is_held(program, held, index, block):
                if parity(mask & index) == outer:
                    table[index] += phase
                else:
                    table[index] -= phase


@function
def sum_sample_phases(
    program: Any, diagonal: Any, shared: Any, sample: Any, rows_log: Any, work: Any, block: Any
) -> None:
    """The phases of each row, a sample in each lane, in `work`."""
    for row in range(1 << rows_log):
        work[row] = 0
    record = ints(program[DIAGONALS]) + 3 * diagonal
    masks = ints(program[TERM_MASKS])
    outers = ints(program[TERM_OUTERS])
    rows = ints(program[TERM_ROWS])
    for term in range(record[0], record[1]):
        work[masks[term]] += splat(outer_sign(outers[term], block) * words(shared)[rows[term]])
    for term in range(record[1], record[2]):
        work[masks[term]] += outer_sign(outers[term], block) * sample[rows[term]]
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
        for row in range(1 << rows_log):
            if is_held(program, held, row, block):
                if parity(mask & row) == outer:
                    work[row] += phase
                else:
                    work[row] -= phase


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
def fill_vector_table(work: Any, rows: Any, table: Any) -> None:
    """Cosine and sine of each row's phases."""
    for row in range(rows):
        table[2 * row], table[2 * row + 1] = cosine_sine(work[row])


@function
def fill_number_table(work: Any, rows: Any, table: Any) -> None:
    """All cosines, then all sines: a number for each index."""
    for row in range(rows):
        table[row], table[row + rows] = cosine_sine(work[row])


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
    transform_rows(moments, rows_log)
    transform_lanes(moments, 1 << rows_log)
    values = reals(moments)
    record = ints(program[DIAGONALS]) + 3 * diagonal
    masks = ints(program[TERM_MASKS])
    outers = ints(program[TERM_OUTERS])
    rows = ints(program[TERM_ROWS])
    for term in range(record[0], record[1]):
        shared[rows[term] * stride] += real_sign(outers[term], block) * values[masks[term]]
    for term in range(record[1], record[2]):
        sample[rows[term] * stride] += real_sign(outers[term], block) * values[masks[term]]


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
    transform_rows(moments, rows_log)
    record = ints(program[DIAGONALS]) + 3 * diagonal
    masks = ints(program[TERM_MASKS])
    outers = ints(program[TERM_OUTERS])
    rows = ints(program[TERM_ROWS])
    for term in range(record[0], record[1]):
        shared[rows[term]] += real_sign(outers[term], block) * moments[masks[term]]
    for term in range(record[1], record[2]):
        sample[rows[term]] += real_sign(outers[term], block) * moments[masks[term]]
