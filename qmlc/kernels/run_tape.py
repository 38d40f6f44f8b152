"""Carry out the records of a tape on a state, and in the backward pass on its adjoint as well."""

from __future__ import annotations

from typing import Any

from qmlc.kernels.diagonals import (
    collect_phases,
    collect_sample_phases,
    fill_vector_table,
    sum_phases,
    sum_sample_phases,
)
from qmlc.kernels.lane_turns import apply_lane_turn, unapply_lane_turn
from qmlc.kernels.language import (
    LANES,
    function,
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
    DIAGONAL,
    FORWARD_COUNT,
    FORWARD_TAPE,
    LANE_PAIR_TURN,
    LANE_TURN,
    MAKE_TABLE,
    NUMBER_TABLE,
    OF_COEFFICIENTS,
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
    TABLE,
    TURNS,
)
from qmlc.kernels.turns import apply_turns, unapply_turns


@function
def run_forward(program: Any, shared: Any, own: Any, state: Any) -> None:
    """Take a state through the forward tape."""
    coefficients = vectors(shared + program[AT_COEFFICIENTS])
    own_coefficients = vectors(own + program[OF_COEFFICIENTS])
    size = maximum(1 << program[ROWS_LOG], LANES)
    for step in range(program[FORWARD_COUNT]):
        record = ints(program[FORWARD_TAPE]) + RECORD_SIZE * step
        operation = record[OPERATION]
        table = vectors(table_of(program, record, shared, own))
        for width in unroll(4):
            for diagonal in unroll(3):
                if width + diagonal > 0:
                    if operation == TURNS + 3 * width + diagonal:
                        if diagonal == NUMBER_TABLE:
                            apply_turns(
                                state, record, coefficients, own_coefficients,
                                reals(table), size, width, diagonal,
                            )  # fmt: skip
                        else:
                            apply_turns(
                                state, record, coefficients, own_coefficients,
                                table, size, width, diagonal,
                            )  # fmt: skip
        if operation == LANE_TURN:
            apply_lane_turn(state, record, coefficients, own_coefficients, False)
        if operation == LANE_PAIR_TURN:
            apply_lane_turn(state, record, coefficients, own_coefficients, True)
        if operation == MAKE_TABLE:
            make_table(program, record, shared, own)


@function
def table_of(program: Any, record: Any, shared: Any, own: Any) -> Any:
    """Where a record's table stands: below 0 in the thread's memory."""
    place = own + program[OF_TABLE]
    if record[TABLE] >= 0:
        place = shared + program[AT_TABLES] + record[TABLE]
    return place


@function
def make_table(program: Any, record: Any, shared: Any, own: Any) -> None:
    """The table of a diagonal that depends on inputs."""
    work = int_vectors(own + program[OF_WORK])
    table = vectors(own + program[OF_TABLE])
    phases = int_vectors(shared + program[AT_PHASES])
    own_phases = int_vectors(own + program[OF_PHASES])
    bits = program[ROWS_LOG]
    if program[SAMPLES] != 0:
        sum_sample_phases(program, record[DIAGONAL], phases, own_phases, bits, work)
    else:
        sum_phases(program, record[DIAGONAL], phases, own_phases, bits, work)
    fill_vector_table(work, 1 << bits, table)


@function
def run_backward(  # noqa: C901
    program: Any, shared: Any, own: Any, state: Any, adjoint: Any
) -> None:
    """Take a state and its adjoint back, and add up the gradients of angles."""
    coefficients = vectors(shared + program[AT_COEFFICIENTS])
    own_coefficients = vectors(own + program[OF_COEFFICIENTS])
    slots = vectors(own + program[OF_SHARED_SLOTS])
    own_slots = vectors(own + program[OF_SAMPLE_SLOTS])
    work = vectors(own + program[OF_WORK])
    size = maximum(1 << program[ROWS_LOG], LANES)
    for step in range(program[BACKWARD_COUNT]):
        record = ints(program[BACKWARD_TAPE]) + RECORD_SIZE * step
        operation = record[OPERATION]
        table = vectors(table_of(program, record, shared, own))
        for width in unroll(3):
            for diagonal in unroll(3):
                if width + diagonal > 0:
                    if operation == TURNS + 3 * width + diagonal:
                        if diagonal == NUMBER_TABLE:
                            sums = reals(own + program[OF_TABLE_GRADIENTS])
                            sums = sums + record[DIAGONAL] * size
                            unapply_turns(
                                state, adjoint, record, coefficients, own_coefficients,
                                reals(table), size, slots, own_slots, sums, width, diagonal,
                            )  # fmt: skip
                        else:
                            unapply_turns(
                                state, adjoint, record, coefficients, own_coefficients,
                                table, size, slots, own_slots, work, width, diagonal,
                            )  # fmt: skip
        if operation == LANE_TURN:
            unapply_lane_turn(
                state, adjoint, record, coefficients, own_coefficients, slots, own_slots, False
            )
        if operation == LANE_PAIR_TURN:
            unapply_lane_turn(
                state, adjoint, record, coefficients, own_coefficients, slots, own_slots, True
            )
        if operation == MAKE_TABLE:
            make_table(program, record, shared, own)
        if operation == COLLECT_TABLE:
            collect_table(program, record, own)


@function
def collect_table(program: Any, record: Any, own: Any) -> None:
    """The gradients of the phases of a diagonal, from its rows' moments."""
    rows = vectors(own + program[OF_SHARED_ROWS])
    own_rows = vectors(own + program[OF_SAMPLE_ROWS])
    work = vectors(own + program[OF_WORK])
    bits = program[ROWS_LOG]
    if program[SAMPLES] != 0:
        collect_sample_phases(program, record[DIAGONAL], bits, work, rows, own_rows)
    else:
        collect_phases(program, record[DIAGONAL], bits, work, reals(rows), reals(own_rows), LANES)
