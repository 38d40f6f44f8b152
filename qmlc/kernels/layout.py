"""Where things stand in the arrays that makers of tapes share with the kernels: 64-bit integers.

A *program* belongs to a circuit, a *call* to one run of it, a *record* is one step of a tape.
Numbers of bytes count from the start of the shared or of a thread's memory.
"""

from __future__ import annotations

# a program
(
    ROWS_LOG,  # a unit has 2**ROWS_LOG rows
    SAMPLES,  # 1: a lane is a sample; 0: the lanes are the low bits of the storage index
    BLOCK_LOG,  # results are worked out for so many rows at a time
    INPUT_COUNT, INPUT_POSITIONS,  # columns of the inputs that are read
    PARAMETER_COUNT, PARAMETER_POSITIONS,  # parameters that stand beside inputs in an angle
    SHARED_ROWS, _, _, _, _,  # the angles, as sums
    SAMPLE_ROWS, _, _, _, _,
    SHARED_SLOTS, SHARED_SLOT_ROWS, SHARED_SLOT_SIGNS, SHARED_SLOT_USES,
    SAMPLE_SLOTS, SAMPLE_SLOT_ROWS, SAMPLE_SLOT_SIGNS, SAMPLE_SLOT_USES,
    TABLES, TABLE_DIAGONALS, TABLE_ROWS,  # diagonals whose tables are made once a call
    TABLE_SIZE,  # how many numbers the gradients of one are
    DIAGONALS,  # for each diagonal: first shared term, first sample term, end
    TERM_MASKS, TERM_OUTERS, TERM_ROWS,
    HELDS,  # for each diagonal: first and last held term
    HELD_MASKS, HELD_OUTERS, HELD_ROWS, HELD_KINDS, HELD_CONTROLS,
    CONTROL_MASKS, CONTROL_OUTERS, CONTROL_BITS,
    START_COUNT, START_RECORDS, START_MEMBERS, START_FULL,
    ANGLES,  # how many of the SAMPLE_ROWS are angles; others are amplitudes only
    PREPARED, PREPARED_PLACES, PREPARED_REALS, PREPARED_IMAGINARIES,  # amplitudes of the start
    FORWARD_COUNT, FORWARD_TAPE, BACKWARD_COUNT, BACKWARD_TAPE,
    SEGMENTED,  # 1 where threads can share one unit
    OPERATORS,
    GROUPS, GROUP_RECORDS, ENTRY_MASKS, ENTRY_STARTS, ENTRY_OPERATORS, ENTRY_COEFFICIENTS,
    STATE_BITS, STATE_SOURCES,  # the storage index of each logical index
    INPUT_WIDTH, PARAMETER_WIDTH, TABLE_BYTES,
    FORWARD_SHARE, BACKWARD_SHARE, PARALLEL, THREAD_NUMBER, BARRIER,  # addresses of functions
    # bytes in the memory of a call
    AT_COSINES, AT_SINES, AT_PHASES, AT_COEFFICIENTS, AT_TABLES,
    AT_FIRST, AT_AMPLITUDES,
    # bytes in a thread's memory
    OF_SIGN,  # of the first amplitude, by the thread's share of what all units share
    OF_SYMBOLS, OF_ANGLES, OF_COSINES, OF_SINES, OF_PHASES, OF_COEFFICIENTS, OF_FIRST,
    OF_TABLE, OF_WORK,
    OF_BLOCK, OF_ADJOINT_BLOCK, OF_OTHER_ORDER,
    OF_VALUES, OF_STATE, OF_ADJOINT, OF_TOTALS,
    OF_SHARED_SLOTS, OF_SAMPLE_SLOTS, OF_SHARED_ROWS, OF_SAMPLE_ROWS,
    OF_SYMBOL_GRADIENTS, OF_PARAMETER_GRADIENTS, OF_TABLE_GRADIENTS,
    THREAD_BYTES,
    KEEPS_ANGLES,  # 1 where what prepare_unit makes is kept for the backward pass
    PROGRAM_SIZE,
) = range(107)  # fmt: skip

# sums, as at SHARED_ROWS and SAMPLE_ROWS of a program: rows of coefficients times symbols
SUM_ROWS, SUM_STARTS, SUM_COEFFICIENTS, SUM_TERMS, SUM_FACTORS = range(5)

# a call, at the beginning of its memory
(
    PROGRAM, BATCH, UNITS, INPUTS, PARAMETERS, VALUES, STATE, AMPLITUDES, THREAD_MEMORY, THREADS,
    VALUE_GRADIENTS, STATE_GRADIENTS, INPUT_GRADIENTS, PARAMETER_GRADIENTS,
    CALL_SIZE,
) = range(15)  # fmt: skip

# a record of a tape; FLIP, EXCHANGE, SLOT and OUTER take three places
(
    OPERATION, COUNT, LOW, HIGH, SHIFT,
    FLIP, _, _, SIGNS, EXCHANGE, _, _, SLOT, _, _, OUTER, _, _,
    TABLE, TABLE_KIND, DIAGONAL,
    STEPS, MEMBERS, LOCAL_LOG,  # of a SEGMENT: so many records follow that are for each block
    RECORD_SIZE,
) = range(25)  # fmt: skip

# a record about bits: how many, whether lanes differ, and addresses
(
    BITS, BY_LANES, ROW_FLIPS, LANE_FLIPS, ROW_READS, BLOCK_READS, NUMBERS,
    PAIRS, PLACES,  # a place for each row that a matrix makes, by twos
) = range(5, 14)  # fmt: skip

# operations: TURNS or EXCHANGING_TURNS + 3 * width + kind of the table, and others + width
NO_TABLE, NUMBER_TABLE, VECTOR_TABLE = range(3)
TURNS = 0
EXCHANGING_TURNS = 12
(
    LANE_TURNS, _, _, _, TURN_GRADIENTS, _, _, _,
    MAKE_TABLE, COLLECT_TABLE, MATRIX, GATHER, SEGMENT,
) = range(24, 37)  # fmt: skip
