"""Carry out the records of a tape on a state, and in the backward pass on its adjoint as well."""

from __future__ import annotations

from typing import Any

from qmlc.kernels.apply_blocks import apply_matrix, gather_amplitudes
from qmlc.kernels.diagonals import (
    collect_phases,
    collect_sample_phases,
    make_number_table,
    make_vector_table,
)
from qmlc.kernels.lane_turns import apply_lane_turns, unapply_lane_turns
from qmlc.kernels.language import (
    LANES,
    LOG_LANES,
    Static,
    address,
    function,
    inline,
    int_vectors,
    ints,
    maximum,
    reals,
    unroll,
    vectors,
)
from qmlc.kernels.layout import (
    AT_COEFFICIENTS,
    AT_PHASES,
    AT_TABLES,
    BACKWARD_COUNT,
    BACKWARD_TAPE,
    COLLECT_TABLE,
    COUNT,
    DIAGONAL,
    EXCHANGING_TURNS,
    FORWARD_COUNT,
    FORWARD_TAPE,
    GATHER,
    LANE_TURNS,
    LOCAL_LOG,
    MAKE_TABLE,
    MATRIX,
    MEMBERS,
    NUMBER_TABLE,
    OF_ADJOINT_BLOCK,
    OF_BLOCK,
    OF_COEFFICIENTS,
    OF_OTHER_ORDER,
    OF_PHASES,
    OF_SAMPLE_ROWS,
    OF_SAMPLE_SLOTS,
    OF_SHARED_ROWS,
    OF_SHARED_SLOTS,
    OF_TABLE,
    OF_TABLE_GRADIENTS,
    OF_WORK,
    OPERATION,
    RECORD_SIZE,
    ROWS_LOG,
    SAMPLES,
    SEGMENT,
    STEPS,
    TABLE,
    TABLE_BYTES,
    TABLE_KIND,
    TABLE_SIZE,
    TURN_GRADIENTS,
    TURNS,
)
from qmlc.kernels.share_work import meet
from qmlc.kernels.turns import add_turn_gradients, apply_turns, tile_base, unapply_turns


@function
def run_forward(
    call: Any, program: Any, shared: Any, own: Any, state: Any, thread: Any, threads: Any
) -> None:
    """Take a state through the forward tape, or on several threads a share of its blocks."""
    tape = ints(program[FORWARD_TAPE])
    block_state = vectors(own + program[OF_BLOCK])
    step = 0
    while step < program[FORWARD_COUNT]:
        record = tape + RECORD_SIZE * step
        step += 1
        if record[OPERATION] == SEGMENT:
            first = record[COUNT] * thread // threads
            last = record[COUNT] * (thread + 1) // threads
            for block in range(first, last):
                fetch_rows(record, block, state, block_state)
                for inner in range(record[STEPS]):
                    part = record + RECORD_SIZE * (1 + inner)
                    apply_record(program, part, block, record[LOCAL_LOG], shared, own, block_state)
                store_rows(record, block, state, block_state)
            step += record[STEPS]
            if threads > 1:
                meet(call)
        else:
            apply_record(program, record, 0, program[ROWS_LOG], shared, own, state)


@function
def fetch_rows(record: Any, block: Any, state: Any, rows: Any) -> None:
    """Copy the rows of a block out of a state."""
    base = tile_base(record, block)
    members = ints(record[MEMBERS])
    for member in range(1 << record[LOCAL_LOG]):
        row = base ^ members[member]
        rows[2 * member] = state[2 * row]
        rows[2 * member + 1] = state[2 * row + 1]


@function
def store_rows(record: Any, block: Any, state: Any, rows: Any) -> None:
    """Copy the rows of a block back into a state."""
    base = tile_base(record, block)
    members = ints(record[MEMBERS])
    for member in range(1 << record[LOCAL_LOG]):
        row = base ^ members[member]
        state[2 * row] = rows[2 * member]
        state[2 * row + 1] = rows[2 * member + 1]


@function
def apply_record(
    program: Any, record: Any, block: Any, rows_log: Any, shared: Any, own: Any, state: Any
) -> None:
    """Carry out a record on a state, or on a block of its rows."""
    coefficients = vectors(shared + program[AT_COEFFICIENTS])
    own_coefficients = vectors(own + program[OF_COEFFICIENTS])
    size = maximum(1 << rows_log, LANES)
    operation = record[OPERATION]
    table = vectors(table_of(program, record, block, size, shared, own))
    last = record[COUNT]
    for width in unroll(4):
        for diagonal in unroll(3):
            if width + diagonal > 0:
                if operation == TURNS + 3 * width + diagonal:
                    apply_turns(
                        state, record, 0, last, block, coefficients, own_coefficients,
                        numbers_of(table, diagonal), size, width, diagonal, 0,
                    )  # fmt: skip
    for width in unroll(1, 4):
        for diagonal in unroll(2):
            if operation == EXCHANGING_TURNS + 3 * width + 2 * diagonal:
                apply_turns(
                    state, record, 0, last, block, coefficients, own_coefficients,
                    table, size, width, 2 * diagonal, 1,
                )  # fmt: skip
        if operation == LANE_TURNS + width:
            apply_lane_turns(state, record, block, coefficients, own_coefficients, width)
    if operation == MAKE_TABLE:
        make_table(program, record, block, rows_log, shared, own)
    apply_block(program, record, block, rows_log, own, state)


@function
def apply_block(program: Any, record: Any, block: Any, rows_log: Any, own: Any, state: Any) -> None:
    """Matrices and permutations."""
    work = vectors(own + program[OF_OTHER_ORDER])
    if record[OPERATION] == MATRIX:
        apply_matrix(state, record, block, work)
    if record[OPERATION] == GATHER:
        gather_amplitudes(state, record, block, 1 << rows_log, work)


@inline
def numbers_of(table: Any, diagonal: Static) -> Any:
    """A table as what it holds: numbers, or vectors."""
    if diagonal == NUMBER_TABLE:
        return reals(table)
    else:
        return table


@function
def table_of(program: Any, record: Any, block: Any, size: Any, shared: Any, own: Any) -> Any:
    """Where a record's table stands: in the memory of the call if it is kept, or the thread's."""
    place = own + program[OF_TABLE]
    if record[TABLE] >= 0:
        place = shared + program[AT_TABLES] + record[TABLE] * program[TABLE_BYTES]
        if program[SAMPLES] != 0:
            place = address(reals(place) + 2 * size * block)
    return place


@function
def make_table(program: Any, record: Any, block: Any, rows_log: Any, shared: Any, own: Any) -> None:
    """The table of a diagonal for a state, or for a block of its rows."""
    work = int_vectors(own + program[OF_WORK])
    table = vectors(own + program[OF_TABLE])
    phases = int_vectors(shared + program[AT_PHASES])
    own_phases = int_vectors(own + program[OF_PHASES])
    diagonal = record[DIAGONAL]
    if record[TABLE_KIND] == NUMBER_TABLE:
        bits = maximum(rows_log - LOG_LANES, 0)
        make_number_table(program, diagonal, phases, own_phases, bits, work, block, table)
        for row in range(1 << bits):
            work[row] = 0  # the backward pass adds moments up here
    elif program[SAMPLES] != 0:
        make_vector_table(program, diagonal, phases, own_phases, rows_log, work, block, table, True)
    else:
        make_vector_table(
            program, diagonal, phases, own_phases, rows_log, work, block, table, False
        )


@function
def run_backward(
    call: Any, program: Any, shared: Any, own: Any, state: Any, adjoint: Any,
    thread: Any, threads: Any,
) -> None:  # fmt: skip
    """Take a state and its adjoint back, and add up the gradients of angles."""
    tape = ints(program[BACKWARD_TAPE])
    rows = vectors(own + program[OF_BLOCK])
    adjoint_rows = vectors(own + program[OF_ADJOINT_BLOCK])
    step = 0
    while step < program[BACKWARD_COUNT]:
        record = tape + RECORD_SIZE * step
        step += 1
        if record[OPERATION] == SEGMENT:
            bits = record[LOCAL_LOG]
            first = record[COUNT] * thread // threads
            last = record[COUNT] * (thread + 1) // threads
            for block in range(first, last):
                fetch_rows(record, block, state, rows)
                fetch_rows(record, block, adjoint, adjoint_rows)
                for inner in range(record[STEPS]):
                    part = record + RECORD_SIZE * (1 + inner)
                    unapply_record(program, part, block, bits, shared, own, rows, adjoint_rows)
                store_rows(record, block, state, rows)
                store_rows(record, block, adjoint, adjoint_rows)
            step += record[STEPS]
            if threads > 1:
                meet(call)
        else:
            unapply_record(program, record, 0, program[ROWS_LOG], shared, own, state, adjoint)


@function
def unapply_record(
    program: Any, record: Any, block: Any, rows_log: Any, shared: Any, own: Any,
    state: Any, adjoint: Any,
) -> None:  # fmt: skip
    """Undo a record on a state and its adjoint, or on a block of their rows."""
    coefficients = vectors(shared + program[AT_COEFFICIENTS])
    own_coefficients = vectors(own + program[OF_COEFFICIENTS])
    slots = vectors(own + program[OF_SHARED_SLOTS])
    own_slots = vectors(own + program[OF_SAMPLE_SLOTS])
    size = maximum(1 << rows_log, LANES)
    operation = record[OPERATION]
    table = vectors(table_of(program, record, block, size, shared, own))
    last = record[COUNT]
    for width in unroll(4):
        for diagonal in unroll(3):
            if width + diagonal > 0:
                if operation == TURNS + 3 * width + diagonal:
                    unapply_turns(
                        state, adjoint, record, 0, last, block, coefficients, own_coefficients,
                        numbers_of(table, diagonal), size, slots, own_slots,
                        moments_of(program, record, block, own, size, diagonal),
                        width, diagonal, 0,
                    )  # fmt: skip
    unapply_other_turns(
        state, adjoint, record, block, coefficients, own_coefficients, table, size,
        slots, own_slots, vectors(own + program[OF_WORK]),
    )  # fmt: skip
    if operation == MAKE_TABLE:
        make_table(program, record, block, rows_log, shared, own)
    if operation == COLLECT_TABLE:
        collect_table(program, record, block, rows_log, own)
    apply_block(program, record, block, rows_log, own, state)
    apply_block(program, record, block, rows_log, own, adjoint)


@function
def unapply_other_turns(
    state: Any, adjoint: Any, record: Any, block: Any, coefficients: Any, own_coefficients: Any,
    table: Any, size: Any, slots: Any, own_slots: Any, moments: Any,
) -> None:  # fmt: skip
    """Turns that nothing comes before, and turns among lanes."""
    operation = record[OPERATION]
    for width in unroll(1, 4):
        if operation == TURN_GRADIENTS + width:
            add_turn_gradients(state, adjoint, record, block, slots, own_slots, width)
        for diagonal in unroll(2):
            if operation == EXCHANGING_TURNS + 3 * width + 2 * diagonal:
                unapply_turns(
                    state, adjoint, record, 0, record[COUNT], block, coefficients, own_coefficients,
                    table, size, slots, own_slots, moments, width, 2 * diagonal, 1,
                )  # fmt: skip
    for width in unroll(1, 4):
        if operation == LANE_TURNS + width:
            unapply_lane_turns(
                state, adjoint, record, block, coefficients, own_coefficients,
                slots, own_slots, width,
            )  # fmt: skip


@inline
def moments_of(program: Any, record: Any, block: Any, own: Any, size: Any, diagonal: Static) -> Any:
    """Where the gradients of a record's diagonal are added up."""
    if diagonal == NUMBER_TABLE:
        place = own + program[OF_WORK]
        if record[TABLE] >= 0:
            gradients = reals(own + program[OF_TABLE_GRADIENTS])
            place = address(gradients + record[TABLE] * program[TABLE_SIZE] + size * block)
        return reals(place)
    else:
        return vectors(own + program[OF_WORK])


@function
def collect_table(program: Any, record: Any, block: Any, rows_log: Any, own: Any) -> None:
    """The gradients of the phases of a diagonal, from its rows' moments."""
    rows = vectors(own + program[OF_SHARED_ROWS])
    own_rows = vectors(own + program[OF_SAMPLE_ROWS])
    work = vectors(own + program[OF_WORK])
    diagonal = record[DIAGONAL]
    if record[TABLE_KIND] == NUMBER_TABLE:
        bits = maximum(rows_log - LOG_LANES, 0)
        collect_phases(program, diagonal, bits, work, reals(rows), reals(own_rows), block, LANES)
    elif program[SAMPLES] != 0:
        collect_sample_phases(program, diagonal, rows_log, work, rows, own_rows, block)
    else:
        collect_phases(
            program, diagonal, rows_log, work, reals(rows), reals(own_rows), block, LANES
        )
