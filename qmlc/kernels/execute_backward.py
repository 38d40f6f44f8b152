"""The entry of a backward pass: states and their adjoints are taken back along the tape."""

from __future__ import annotations

from typing import Any

from qmlc.kernels.angles import differentiate_sums, lane_signs
from qmlc.kernels.diagonals import collect_phases
from qmlc.kernels.exchange_data import (
    exchange_states,
    read_value_gradients,
    write_input_gradients,
)
from qmlc.kernels.execute import (
    copy_vectors,
    kept_angles,
    memory_of,
    prepare_unit,
    shares_units,
)
from qmlc.kernels.language import (
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
    AT_FIRST,
    BACKWARD_SHARE,
    BLOCK_LOG,
    INPUT_COUNT,
    INPUT_GRADIENTS,
    INPUTS,
    KEEPS_ANGLES,
    OF_ADJOINT,
    OF_ANGLES,
    OF_FIRST,
    OF_PARAMETER_GRADIENTS,
    OF_SAMPLE_ROWS,
    OF_SAMPLE_SLOTS,
    OF_SHARED_ROWS,
    OF_SHARED_SLOTS,
    OF_STATE,
    OF_SYMBOL_GRADIENTS,
    OF_SYMBOLS,
    OF_TABLE,
    OF_TABLE_GRADIENTS,
    OF_TOTALS,
    OF_VALUES,
    OF_WORK,
    PARAMETER_COUNT,
    PARAMETER_GRADIENTS,
    PARAMETER_WIDTH,
    PARAMETERS,
    PREPARED,
    PROGRAM,
    ROWS_LOG,
    SAMPLE_ROWS,
    SAMPLE_SLOT_ROWS,
    SAMPLE_SLOT_SIGNS,
    SAMPLE_SLOTS,
    SAMPLES,
    SHARED_ROWS,
    SHARED_SLOT_ROWS,
    SHARED_SLOT_SIGNS,
    SHARED_SLOTS,
    STATE_GRADIENTS,
    TABLE_DIAGONALS,
    TABLE_ROWS,
    TABLE_SIZE,
    TABLES,
    THREAD_MEMORY,
    THREADS,
    UNITS,
    VALUE_GRADIENTS,
)
from qmlc.kernels.measure import seed_adjoint
from qmlc.kernels.run_tape import run_backward
from qmlc.kernels.share_work import meet, share, thread_of
from qmlc.kernels.start_states import differentiate_start


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
    threads = call[THREADS]
    own = memory_of(call, program, thread)
    clear(vectors(own + program[OF_SHARED_SLOTS]), program[SHARED_SLOTS])
    clear(vectors(own + program[OF_SHARED_ROWS]), program[SHARED_ROWS])
    clear(reals(own + program[OF_TABLE_GRADIENTS]), program[TABLES] * program[TABLE_SIZE])
    clear(reals(own + program[OF_PARAMETER_GRADIENTS]), program[PARAMETER_WIDTH])
    units = call[UNITS]
    if shares_units(call, program):
        for unit in range(units):
            unapply_unit(call, program, unit, thread, threads)
    else:
        for unit in range(units * thread // threads, units * (thread + 1) // threads):
            unapply_unit(call, program, unit, 0, 1)
    add_slots(program, own)
    meet(call)
    if program[SAMPLES] != 0:
        collect_tables(call, program, thread, threads)
        meet(call)
    if thread == 0:
        add_gradients(call, program)


@inline
def clear(values: Any, count: Any) -> None:
    """Make `count` values 0."""
    for place in range(count):
        values[place] = 0.0


@function
def unapply_unit(call: Any, program: Any, unit: Any, thread: Any, threads: Any) -> None:
    """The gradients that one unit yields, by one of the threads that work on it."""
    shared = address(call)
    own = memory_of(call, program, thread_of(call))
    # those of the first thread if they share them
    common = memory_of(call, program, thread_of(call) - thread)
    state = vectors(common + program[OF_STATE])
    adjoint = vectors(common + program[OF_ADJOINT])
    if program[KEEPS_ANGLES] != 0:
        copy_vectors(kept_angles(call, program, unit), own, program[OF_TABLE])
    else:
        factor = prepare_unit(call, program, unit, own)
        vectors(own + program[OF_FIRST])[0] = factor * vectors(shared + program[AT_FIRST])[0]
    clear(vectors(own + program[OF_SAMPLE_SLOTS]), program[SAMPLE_SLOTS])
    clear(vectors(own + program[OF_SAMPLE_ROWS]), program[SAMPLE_ROWS])
    blocks = 1 << (program[ROWS_LOG] - program[BLOCK_LOG])
    first = blocks * thread // threads
    last = blocks * (thread + 1) // threads
    begin_backward(call, program, unit, own, state, adjoint, first, last)
    if threads > 1:
        meet(call)
    if call[STATE_GRADIENTS] != 0:
        if thread == 0:
            outside = reals(call[STATE_GRADIENTS])
            exchange_states(call, program, unit, adjoint, outside, True)
        if threads > 1:
            meet(call)
    run_backward(call, program, shared, own, state, adjoint, thread, threads)
    if thread == 0:
        for other in range(1, threads):
            add_samples(program, own, memory_of(call, program, other))
        if program[PREPARED] > 0:
            rows = vectors(own + program[OF_ANGLES])
            gradients = vectors(own + program[OF_SAMPLE_ROWS])
            start = vectors(own + program[OF_FIRST])[0]
            differentiate_start(program, adjoint, rows, start, gradients)
        differentiate_unit(call, program, unit, own)
    if threads > 1:
        meet(call)


@function
def begin_backward(
    call: Any, program: Any, unit: Any, own: Any, state: Any, adjoint: Any, first: Any, last: Any
) -> None:
    """The state as it was kept, and its adjoint by the gradients of values, for some blocks."""
    kept = vectors(call[AMPLITUDES]) + unit * (2 << program[ROWS_LOG])
    size = 2 << program[BLOCK_LOG]
    for place in range(first * size, last * size):
        state[place] = kept[place]
        adjoint[place] = 0.0
    if call[VALUE_GRADIENTS] != 0:
        values = vectors(own + program[OF_VALUES])
        read_value_gradients(call, program, unit, values)
        work = vectors(own + program[OF_WORK])
        if program[SAMPLES] != 0:
            seed_adjoint(program, kept, adjoint, first, last, values, work, True)
        else:
            seed_adjoint(program, kept, adjoint, first, last, values, work, False)


@function
def add_samples(program: Any, own: Any, other: Any) -> None:
    """Add what another thread found for the same unit."""
    slots = vectors(own + program[OF_SAMPLE_SLOTS])
    other_slots = vectors(other + program[OF_SAMPLE_SLOTS])
    for slot in range(program[SAMPLE_SLOTS]):
        slots[slot] += other_slots[slot]
    rows = vectors(own + program[OF_SAMPLE_ROWS])
    other_rows = vectors(other + program[OF_SAMPLE_ROWS])
    for row in range(program[SAMPLE_ROWS]):
        rows[row] += other_rows[row]


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
    sums = program + SAMPLE_ROWS
    if program[SAMPLES] != 0:
        differentiate_sums(sums, symbols, rows, gradients)
    else:
        for row in range(program[SAMPLE_ROWS]):
            reals(rows)[row] = total(rows[row])
        differentiate_sums(sums, reals(symbols), reals(rows), reals(gradients))
    parameters = reals(own + program[OF_PARAMETER_GRADIENTS])
    write_input_gradients(call, program, unit, gradients, parameters)


@function
def add_slots(program: Any, own: Any) -> None:
    """The gradients of angles that all units share, from what a thread has of turns and phases."""
    totals = reals(own + program[OF_TOTALS])
    rows = vectors(own + program[OF_SHARED_ROWS])
    for row in range(program[SHARED_ROWS]):
        totals[row] = total(rows[row])
    places = ints(program[SHARED_SLOT_ROWS])
    signs = ints(program[SHARED_SLOT_SIGNS])
    slots = vectors(own + program[OF_SHARED_SLOTS])
    for slot in range(program[SHARED_SLOTS]):
        totals[places[slot]] += total(lane_signs(signs[slot]) * slots[slot])


@function
def collect_tables(call: Any, program: Any, thread: Any, threads: Any) -> None:
    """A share of the diagonals whose tables are kept: their gradients, from those of all threads.

    They are added up in the memory of the first.
    """
    size = program[TABLE_SIZE]
    first = program[TABLES] * thread // threads
    last = program[TABLES] * (thread + 1) // threads
    tables = reals(call[THREAD_MEMORY] + program[OF_TABLE_GRADIENTS])
    for other in range(1, threads):
        others = reals(memory_of(call, program, other) + program[OF_TABLE_GRADIENTS])
        for place in range(first * size, last * size):
            tables[place] += others[place]
    totals = reals(memory_of(call, program, thread) + program[OF_TOTALS])
    for kept in range(first, last):
        collect_kept(program, kept, tables + kept * size, totals)


@function
def add_gradients(call: Any, program: Any) -> None:
    """The gradients of parameters, from those of all threads in their order."""
    totals = reals(call[THREAD_MEMORY] + program[OF_TOTALS])
    gradients = reals(call[PARAMETER_GRADIENTS])
    clear(gradients, program[PARAMETER_WIDTH])
    for thread in range(call[THREADS]):
        memory = memory_of(call, program, thread)
        if thread > 0:
            others = reals(memory + program[OF_TOTALS])
            for row in range(program[SHARED_ROWS]):
                totals[row] += others[row]
        sums = reals(memory + program[OF_PARAMETER_GRADIENTS])
        for parameter in range(program[PARAMETER_WIDTH]):
            gradients[parameter] += sums[parameter]
    parameters = reals(call[PARAMETERS])
    differentiate_sums(program + SHARED_ROWS, parameters, totals, gradients)


@function
def collect_kept(program: Any, kept: Any, moments: Any, totals: Any) -> None:
    """The gradients of the phases of a diagonal that all samples share."""
    diagonal = ints(program[TABLE_DIAGONALS])[kept]
    rows_log = ints(program[TABLE_ROWS])[kept]
    bits = maximum(rows_log - LOG_LANES, 0)
    for block in range(1 << (program[ROWS_LOG] - rows_log)):
        work = vectors(moments) + (block << bits)
        collect_phases(program, diagonal, bits, work, totals, totals, block, 1)
