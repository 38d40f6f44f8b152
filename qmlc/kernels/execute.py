"""The two entries: a forward pass and its backward pass, each a share of the units a thread."""

from __future__ import annotations

from typing import Any

from qmlc.kernels.angles import evaluate_sums, fill_slots, prepare_angles, sum_phases
from qmlc.kernels.diagonals import make_number_table, make_vector_table
from qmlc.kernels.exchange_data import exchange_states, read_inputs, write_values
from qmlc.kernels.language import (
    LANES,
    LOG_LANES,
    REAL_BITS,
    Int,
    Ints,
    address,
    doubles,
    entry,
    function,
    inline,
    int_vectors,
    ints,
    maximum,
    minimum,
    reals,
    splat,
    vectors,
    words,
)
from qmlc.kernels.layout import (
    AMPLITUDES,
    ANGLES,
    AT_AMPLITUDES,
    AT_COEFFICIENTS,
    AT_COSINES,
    AT_FIRST,
    AT_PHASES,
    AT_SINES,
    AT_TABLES,
    BATCH,
    BLOCK_LOG,
    FORWARD_SHARE,
    INPUTS,
    KEEPS_ANGLES,
    OF_ANGLES,
    OF_COEFFICIENTS,
    OF_COSINES,
    OF_FIRST,
    OF_PHASES,
    OF_SIGN,
    OF_SINES,
    OF_STATE,
    OF_SYMBOLS,
    OF_TABLE,
    OF_VALUES,
    OF_WORK,
    OPERATORS,
    PARAMETERS,
    PREPARED,
    PROGRAM,
    ROWS_LOG,
    SAMPLE_ROWS,
    SAMPLE_SLOT_ROWS,
    SAMPLE_SLOT_SIGNS,
    SAMPLE_SLOT_USES,
    SAMPLE_SLOTS,
    SAMPLES,
    SEGMENTED,
    SHARED_ROWS,
    SHARED_SLOT_ROWS,
    SHARED_SLOT_SIGNS,
    SHARED_SLOT_USES,
    SHARED_SLOTS,
    STATE,
    TABLE_BYTES,
    TABLE_DIAGONALS,
    TABLE_ROWS,
    TABLES,
    THREAD_BYTES,
    THREAD_MEMORY,
    THREADS,
    UNITS,
    VALUES,
)
from qmlc.kernels.measure import measure
from qmlc.kernels.run_tape import run_forward
from qmlc.kernels.share_work import meet, share, thread_of
from qmlc.kernels.start_states import prepare_state, start_state


@entry
def forward(
    program: Ints, memory: Ints, own: Int, threads: Int, batch: Int,
    inputs: Int, parameters: Int, values: Int, state: Int, keep: Int,
) -> None:  # fmt: skip
    """Values, and where asked for (not 0) states; `memory` is what `backward` needs.

    All that are not counts are addresses. States stay in memory where they are to `keep`.
    """
    memory[PROGRAM] = address(program)
    memory[THREAD_MEMORY] = own
    memory[THREADS] = threads
    memory[BATCH] = batch
    memory[UNITS] = batch
    if program[SAMPLES] != 0:
        memory[UNITS] = (batch + LANES - 1) >> LOG_LANES
    memory[INPUTS] = inputs
    memory[PARAMETERS] = parameters
    memory[VALUES] = values
    memory[STATE] = state
    memory[AMPLITUDES] = 0
    if keep != 0:
        memory[AMPLITUDES] = address(memory) + program[AT_AMPLITUDES]
    share(memory, program[FORWARD_SHARE])


@entry
def share_forward(call: Ints) -> None:
    """The work of one thread: a share of the units, or of each unit where these are few."""
    program = ints(call[PROGRAM])
    thread = thread_of(call)
    threads = call[THREADS]
    prepare_shared(call, program, thread, threads)
    meet(call)
    first = splat(1.0)
    for other in range(threads):
        first *= vectors(memory_of(call, program, other) + program[OF_SIGN])[0]
    if thread == 0:
        vectors(address(call) + program[AT_FIRST])[0] = first
    units = call[UNITS]
    if shares_units(call, program):
        for unit in range(units):
            apply_unit(call, program, unit, first, thread, threads)
    else:
        for unit in range(units * thread // threads, units * (thread + 1) // threads):
            apply_unit(call, program, unit, first, 0, 1)


@inline
def kept_angles(call: Any, program: Any, unit: Any) -> Any:
    """Where the angles of a unit and what is made of them are kept, behind all states."""
    states = call[UNITS] * (2 << program[ROWS_LOG])
    return address(vectors(call[AMPLITUDES]) + states) + unit * program[OF_TABLE]


@inline
def copy_vectors(source: Any, target: Any, size: Any) -> None:
    """Copy so many bytes, in whole vectors."""
    given = vectors(source)
    taken = vectors(target)
    for place in range(size // (LANES * REAL_BITS // 8)):
        taken[place] = given[place]


@inline
def shares_units(call: Any, program: Any) -> Any:
    """Whether all threads work on each unit together."""
    return call[UNITS] < call[THREADS] * program[SEGMENTED]


@inline
def memory_of(call: Any, program: Any, thread: Any) -> Any:
    """The memory of a thread."""
    return call[THREAD_MEMORY] + thread * program[THREAD_BYTES]


@function
def apply_unit(call: Any, program: Any, unit: Any, first: Any, thread: Any, threads: Any) -> None:
    """The values and the state of one unit, by one of the threads that work on it.

    `first` is the first amplitude as the angles that all units share make it.
    """
    shared = address(call)
    own = memory_of(call, program, thread_of(call))
    # that of the first thread if they share it
    state = vectors(memory_of(call, program, thread_of(call) - thread) + program[OF_STATE])
    if call[AMPLITUDES] != 0:
        state = vectors(call[AMPLITUDES]) + unit * (2 << program[ROWS_LOG])
    first *= prepare_unit(call, program, unit, own)
    vectors(own + program[OF_FIRST])[0] = first
    if thread + (1 - program[KEEPS_ANGLES]) == 0 and call[AMPLITUDES] != 0:
        copy_vectors(own, kept_angles(call, program, unit), program[OF_TABLE])
    if thread == 0:
        coefficients = vectors(shared + program[AT_COEFFICIENTS])
        own_coefficients = vectors(own + program[OF_COEFFICIENTS])
        if program[PREPARED] > 0:
            prepare_state(program, state, vectors(own + program[OF_ANGLES]), first)
        else:
            start_state(program, state, coefficients, own_coefficients, first)
    if threads > 1:
        meet(call)
    run_forward(call, program, shared, own, state, thread, threads)
    if program[OPERATORS] > 0:
        measure_unit(call, program, unit, state, thread, threads)
    if call[STATE] != 0:
        if thread == 0:
            exchange_states(call, program, unit, state, reals(call[STATE]), False)
        if threads > 1:
            meet(call)


@function
def measure_unit(call: Any, program: Any, unit: Any, state: Any, thread: Any, threads: Any) -> None:
    """The values of the operators of one unit, from the blocks of all threads in their order."""
    own = memory_of(call, program, thread_of(call))
    out = vectors(own + program[OF_VALUES])
    for operator in range(program[OPERATORS]):
        out[operator] = splat(0.0)
    work = vectors(own + program[OF_WORK])
    blocks = 1 << (program[ROWS_LOG] - program[BLOCK_LOG])
    first = blocks * thread // threads
    last = blocks * (thread + 1) // threads
    if program[SAMPLES] != 0:
        measure(program, state, first, last, work, out, True)
    else:
        measure(program, state, first, last, work, out, False)
    if threads > 1:
        meet(call)
    if thread == 0:
        for other in range(1, threads):
            others = vectors(memory_of(call, program, other) + program[OF_VALUES])
            for operator in range(program[OPERATORS]):
                if program[SAMPLES] != 0:
                    out[operator] += others[operator]
                else:
                    doubles(out)[operator] += doubles(others)[operator]
        write_values(call, program, unit, out)
    if threads > 1:
        meet(call)


@function
def prepare_shared(call: Any, program: Any, thread: Any, threads: Any) -> None:
    """A share of the angles, coefficients and tables that all units share."""
    shared = address(call)
    own = memory_of(call, program, thread)
    phases = shared + program[AT_PHASES]
    vector_count = (program[SHARED_ROWS] + LANES - 1) >> LOG_LANES
    first = vector_count * thread // threads
    last = vector_count * (thread + 1) // threads
    poison = sum_phases(
        first << LOG_LANES,
        minimum(last << LOG_LANES, program[SHARED_ROWS]),
        program + SHARED_ROWS,
        reals(call[PARAMETERS]),
        words(phases),
    )
    prepare_angles(
        first,
        last,
        int_vectors(phases),
        vectors(shared + program[AT_COSINES]),
        vectors(shared + program[AT_SINES]),
    )
    meet(call)
    first = program[SHARED_SLOTS] * thread // threads
    last = program[SHARED_SLOTS] * (thread + 1) // threads
    sign = fill_slots(
        last - first,
        ints(program[SHARED_SLOT_ROWS]) + first,
        ints(program[SHARED_SLOT_SIGNS]) + first,
        ints(program[SHARED_SLOT_USES]) + first,
        reals(shared + program[AT_COSINES]),
        reals(shared + program[AT_SINES]),
        vectors(shared + program[AT_COEFFICIENTS]) + 2 * first,
    )
    vectors(own + program[OF_SIGN])[0] = sign + splat(poison)
    first = program[TABLES] * thread // threads
    last = program[TABLES] * (thread + 1) // threads
    for kept in range(first, last):
        fill_table(program, kept, shared, own)


@function
def fill_table(program: Any, kept: Any, shared: Any, own: Any) -> None:
    """A table that is made once a call, for each block of rows."""
    phases = int_vectors(shared + program[AT_PHASES])
    table = vectors(shared + program[AT_TABLES] + kept * program[TABLE_BYTES])
    diagonal = ints(program[TABLE_DIAGONALS])[kept]
    bits = ints(program[TABLE_ROWS])[kept]
    blocks = 1 << (program[ROWS_LOG] - bits)
    work = int_vectors(own + program[OF_WORK])
    if program[SAMPLES] != 0:
        bits = maximum(bits - LOG_LANES, 0)
    for block in range(blocks):
        place = table + (2 << bits) * block
        if program[SAMPLES] != 0:
            make_number_table(program, diagonal, phases, phases, bits, work, block, place)
        else:
            make_vector_table(program, diagonal, phases, phases, bits, work, block, place, False)


@function
def prepare_unit(call: Any, program: Any, unit: Any, own: Any) -> Any:
    """Angles and coefficients that depend on the inputs; the first amplitude comes back.

    It is 1, or -1 for the signs of turns, or NaN where an angle is not finite.
    """
    symbols = vectors(own + program[OF_SYMBOLS])
    angles = vectors(own + program[OF_ANGLES])
    phases = int_vectors(own + program[OF_PHASES])
    cosines = vectors(own + program[OF_COSINES])
    sines = vectors(own + program[OF_SINES])
    coefficients = vectors(own + program[OF_COEFFICIENTS])
    read_inputs(call, program, unit, symbols)
    sums = program + SAMPLE_ROWS
    count = program[ANGLES]
    slots = program[SAMPLE_SLOTS]
    rows = ints(program[SAMPLE_SLOT_ROWS])
    signs = ints(program[SAMPLE_SLOT_SIGNS])
    uses = ints(program[SAMPLE_SLOT_USES])
    first = splat(0.0)
    if program[SAMPLES] != 0:
        if program[PREPARED] > 0:
            evaluate_sums(sums, symbols, angles)
        first = sum_phases(0, count, sums, symbols, phases)
        prepare_angles(0, count, phases, cosines, sines)
        first += fill_slots(slots, rows, signs, uses, cosines, sines, coefficients)
    else:
        if program[PREPARED] > 0:
            evaluate_sums(sums, reals(symbols), reals(angles))
        first = splat(sum_phases(0, count, sums, reals(symbols), words(phases)))
        prepare_angles(0, (count + LANES - 1) >> LOG_LANES, phases, cosines, sines)
        first += fill_slots(slots, rows, signs, uses, reals(cosines), reals(sines), coefficients)
    return first
