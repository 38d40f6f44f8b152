"""The entry of a backward pass: states and their adjoints are taken back along the tape."""

from __future__ import annotations

from typing import Any

from qmlc.kernels.angles import differentiate_sums, lane_signs
from qmlc.kernels.diagonals import collect_phases
from qmlc.kernels.exchange_data import (
    add_state_gradients,
    read_value_gradients,
    write_input_gradients,
)
from qmlc.kernels.execute import meet, prepare_unit, share, thread_of
from qmlc.kernels.language import (
    LANES,
    LOG_LANES,
    Int,
    Ints,
    address,
    entry,
    function,
    inline,
    ints,
    maximum,
    reals,
    total,
    vectors,
)
from qmlc.kernels.layout import (
    AMPLITUDES,
    BACKWARD_SHARE,
    BLOCK_LOG,
    INPUT_COUNT,
    INPUT_GRADIENTS,
    INPUTS,
    OF_ADJOINT,
    OF_PARAMETER_GRADIENTS,
    OF_SAMPLE_ROWS,
    OF_SAMPLE_SLOTS,
    OF_SHARED_ROWS,
    OF_SHARED_SLOTS,
    OF_STATE,
    OF_SYMBOL_GRADIENTS,
    OF_SYMBOLS,
    OF_TABLE_GRADIENTS,
    OF_TOTALS,
    OF_VALUES,
    OF_WORK,
    PARAMETER_COUNT,
    PARAMETER_GRADIENTS,
    PARAMETER_WIDTH,
    PARAMETERS,
    PROGRAM,
    ROWS_LOG,
    SAMPLE_COEFFICIENTS,
    SAMPLE_FACTORS,
    SAMPLE_ROWS,
    SAMPLE_SLOT_ROWS,
    SAMPLE_SLOT_SIGNS,
    SAMPLE_SLOTS,
    SAMPLE_STARTS,
    SAMPLE_TERMS,
    SAMPLES,
    SHARED_COEFFICIENTS,
    SHARED_FACTORS,
    SHARED_ROWS,
    SHARED_SLOT_ROWS,
    SHARED_SLOT_SIGNS,
    SHARED_SLOTS,
    SHARED_STARTS,
    SHARED_TERMS,
    STATE_GRADIENTS,
    TABLES,
    THREAD_BYTES,
    THREAD_MEMORY,
    THREADS,
    UNITS,
    VALUE_GRADIENTS,
)
from qmlc.kernels.measure import seed_adjoint
from qmlc.kernels.run_tape import run_backward


@entry
def backward(
    memory: Ints, own: Int, threads: Int, inputs: Int, parameters: Int,
    value_gradients: Int, state_gradients: Int, input_gradients: Int, parameter_gradients: Int,
) -> None:  # fmt: skip
    """The gradients of what went into `forward`, whose memory this is; 0 is for no gradients."""
    memory[THREAD_MEMORY] = own
    memory[THREADS] = threads
    memory[INPUTS] = inputs
    memory[PARAMETERS] = parameters
    memory[VALUE_GRADIENTS] = value_gradients
    memory[STATE_GRADIENTS] = state_gradients
    memory[INPUT_GRADIENTS] = input_gradients
    memory[PARAMETER_GRADIENTS] = parameter_gradients
    share(memory, ints(memory[PROGRAM])[BACKWARD_SHARE])


@entry
def share_backward(call: Ints) -> None:
    """Gradients of inputs for a share of the units; the first thread adds those of parameters."""
    program = ints(call[PROGRAM])
    thread = thread_of(call)
    own = call[THREAD_MEMORY] + thread * program[THREAD_BYTES]
    clear(vectors(own + program[OF_SHARED_SLOTS]), program[SHARED_SLOTS])
    clear(vectors(own + program[OF_SHARED_ROWS]), program[SHARED_ROWS])
    clear(reals(own + program[OF_TABLE_GRADIENTS]), program[TABLES] * table_size(program))
    clear(reals(own + program[OF_PARAMETER_GRADIENTS]), program[PARAMETER_WIDTH])
    units = call[UNITS]
    first = units * thread // call[THREADS]
    last = units * (thread + 1) // call[THREADS]
    for unit in range(first, last):
        unapply_unit(call, program, unit, address(call), own)
    meet(call)
    if thread == 0:
        add_gradients(call, program)


@inline
def clear(values: Any, count: Any) -> None:
    """Make `count` values 0."""
    for place in range(count):
        values[place] = 0.0


@inline
def table_size(program: Any) -> Any:
    """How many numbers are as many as a state's amplitudes, in whole vectors."""
    return maximum(1 << program[ROWS_LOG], LANES)


@function
def unapply_unit(call: Any, program: Any, unit: Any, shared: Any, own: Any) -> None:
    """The gradients that one unit yields."""
    vectors_in_state = 2 << program[ROWS_LOG]
    kept = vectors(call[AMPLITUDES]) + unit * vectors_in_state
    state = vectors(own + program[OF_STATE])
    adjoint = vectors(own + program[OF_ADJOINT])
    for place in range(vectors_in_state):
        state[place] = kept[place]
        adjoint[place] = 0.0
    prepare_unit(call, program, unit, own)
    clear(vectors(own + program[OF_SAMPLE_SLOTS]), program[SAMPLE_SLOTS])
    clear(vectors(own + program[OF_SAMPLE_ROWS]), program[SAMPLE_ROWS])
    if call[VALUE_GRADIENTS] != 0:
        values = vectors(own + program[OF_VALUES])
        read_value_gradients(call, program, unit, values)
        blocks = 1 << (program[ROWS_LOG] - program[BLOCK_LOG])
        work = vectors(own + program[OF_WORK])
        if program[SAMPLES] != 0:
            seed_adjoint(program, state, adjoint, 0, blocks, values, work, True)
        else:
            seed_adjoint(program, state, adjoint, 0, blocks, values, work, False)
    if call[STATE_GRADIENTS] != 0:
        add_state_gradients(call, program, unit, adjoint)
    run_backward(program, shared, own, state, adjoint)
    differentiate_unit(call, program, unit, own)


@function
def differentiate_unit(call: Any, program: Any, unit: Any, own: Any) -> None:
    """From the gradients of angles that depend on inputs to those of the inputs."""
    slots = vectors(own + program[OF_SAMPLE_SLOTS])
    rows = vectors(own + program[OF_SAMPLE_ROWS])
    places = ints(program[SAMPLE_SLOT_ROWS])
    signs = ints(program[SAMPLE_SLOT_SIGNS])
    for slot in range(program[SAMPLE_SLOTS]):
        rows[places[slot]] += lane_signs(signs[slot]) * slots[slot]
    symbols = vectors(own + program[OF_SYMBOLS])
    gradients = vectors(own + program[OF_SYMBOL_GRADIENTS])
    clear(gradients, program[INPUT_COUNT] + program[PARAMETER_COUNT])
    count = program[SAMPLE_ROWS]
    starts = ints(program[SAMPLE_STARTS])
    factors = reals(program[SAMPLE_COEFFICIENTS])
    terms = ints(program[SAMPLE_TERMS])
    names = ints(program[SAMPLE_FACTORS])
    if program[SAMPLES] != 0:
        differentiate_sums(count, starts, factors, terms, names, symbols, rows, gradients)
    else:
        for row in range(count):
            reals(rows)[row] = total(rows[row])
        differentiate_sums(
            count, starts, factors, terms, names, reals(symbols), reals(rows), reals(gradients)
        )
    sums = reals(own + program[OF_PARAMETER_GRADIENTS])
    write_input_gradients(call, program, unit, gradients, sums)


@function
def add_gradients(call: Any, program: Any) -> None:
    """The gradients of parameters, from those of all threads in their order."""
    own = call[THREAD_MEMORY]
    totals = reals(own + program[OF_TOTALS])
    gradients = reals(call[PARAMETER_GRADIENTS])
    clear(totals, program[SHARED_ROWS])
    clear(gradients, program[PARAMETER_WIDTH])
    places = ints(program[SHARED_SLOT_ROWS])
    signs = ints(program[SHARED_SLOT_SIGNS])
    size = table_size(program) * program[TABLES]
    tables = reals(own + program[OF_TABLE_GRADIENTS])
    for thread in range(call[THREADS]):
        memory = own + thread * program[THREAD_BYTES]
        slots = vectors(memory + program[OF_SHARED_SLOTS])
        rows = vectors(memory + program[OF_SHARED_ROWS])
        for slot in range(program[SHARED_SLOTS]):
            totals[places[slot]] += total(lane_signs(signs[slot]) * slots[slot])
        for row in range(program[SHARED_ROWS]):
            totals[row] += total(rows[row])
        sums = reals(memory + program[OF_PARAMETER_GRADIENTS])
        for parameter in range(program[PARAMETER_WIDTH]):
            gradients[parameter] += sums[parameter]
        if thread > 0:
            others = reals(memory + program[OF_TABLE_GRADIENTS])
            for place in range(size):
                tables[place] += others[place]
    if program[SAMPLES] != 0:
        for diagonal in range(program[TABLES]):
            moments = vectors(tables + diagonal * table_size(program))
            bits = maximum(program[ROWS_LOG] - LOG_LANES, 0)
            collect_phases(program, diagonal, bits, moments, totals, totals, 1)
    differentiate_sums(
        program[SHARED_ROWS],
        ints(program[SHARED_STARTS]),
        reals(program[SHARED_COEFFICIENTS]),
        ints(program[SHARED_TERMS]),
        ints(program[SHARED_FACTORS]),
        reals(call[PARAMETERS]),
        totals,
        gradients,
    )
