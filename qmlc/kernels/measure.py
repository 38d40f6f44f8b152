"""Expectation values of Pauli strings, and the adjoint states that their gradients start from.

Strings that flip the same qubits are a group: w_j = conj(psi[j ^ flip]) psi[j] is made for a block
of rows at a time, and the Walsh transform of its real or imaginary part has the strings' values.
"""

from __future__ import annotations

from typing import Any

from qmlc.kernels.language import (
    LOG_LANES,
    Static,
    fma,
    function,
    inline,
    ints,
    lane_numbers,
    parity,
    permute,
    reals,
    splat,
    to_real,
)
from qmlc.kernels.layout import (
    BLOCK_LOG,
    ENTRY_COEFFICIENTS,
    ENTRY_MASKS,
    ENTRY_OPERATORS,
    ENTRY_STARTS,
    GROUP_RECORDS,
    GROUPS,
    OPERATORS,
    ROWS_LOG,
)
from qmlc.kernels.walsh import transform_lanes, transform_rows

GROUP_FLIP, GROUP_EXCHANGE, GROUP_IMAGINARY, GROUP_FIRST, GROUP_END = range(5)
GROUP_SIZE = 5


@function
def measure(
    program: Any, state: Any, first: Any, last: Any, work: Any, out: Any, samples: Static
) -> None:
    """Add the values of all operators, from the blocks of rows from `first` to `last`, to `out`."""
    for group in range(program[GROUPS]):
        record = ints(program[GROUP_RECORDS]) + GROUP_SIZE * group
        for block in range(first, last):
            overlap_rows(program, state, record, block, work)
            transform_rows(work, program[BLOCK_LOG])
            if not samples:
                transform_lanes(work, 1 << program[BLOCK_LOG])
            add_values(program, record, block, work, out, samples)


@function
def overlap_rows(program: Any, state: Any, record: Any, block: Any, work: Any) -> None:
    """The parts of w for a block of rows."""
    flip = record[GROUP_FLIP]
    size = 1 << program[BLOCK_LOG]
    if flip + record[GROUP_EXCHANGE] == 0:
        for inner in range(size):
            x = state[2 * (block * size + inner)]
            y = state[2 * (block * size + inner) + 1]
            work[inner] = fma(x, x, y * y)
    else:
        index = lane_numbers() ^ record[GROUP_EXCHANGE]
        for inner in range(size):
            row = block * size + inner
            x = state[2 * row]
            y = state[2 * row + 1]
            u = permute(state[2 * (row ^ flip)], index)
            v = permute(state[2 * (row ^ flip) + 1], index)
            if record[GROUP_IMAGINARY] == 0:
                work[inner] = fma(u, x, v * y)
            else:
                work[inner] = fma(u, y, -(v * x))


@inline
def block_sign(mask: Any, block: Any, bits: Any) -> Any:
    """The sign with which a block counts for a mask, whose low `bits` are those within blocks."""
    return to_real(1 - 2 * parity((mask >> bits) & block))


@function
def add_values(program: Any, record: Any, block: Any, work: Any, out: Any, samples: Static) -> None:
    """Add the values that stand in `work` to those of the operators."""
    masks = ints(program[ENTRY_MASKS])
    starts = ints(program[ENTRY_STARTS])
    operators = ints(program[ENTRY_OPERATORS])
    coefficients = reals(program[ENTRY_COEFFICIENTS])
    bits = program[BLOCK_LOG]
    if not samples:
        bits = bits + LOG_LANES
    for entry in range(record[GROUP_FIRST], record[GROUP_END]):
        sign = block_sign(masks[entry], block, bits)
        local = masks[entry] & ((1 << bits) - 1)
        if samples:
            value = sign * work[local]
            for term in range(starts[entry], starts[entry + 1]):
                out[operators[term]] = fma(splat(coefficients[term]), value, out[operators[term]])
        else:
            number = sign * reals(work)[local]
            for term in range(starts[entry], starts[entry + 1]):
                reals(out)[operators[term]] += coefficients[term] * number


@function
def seed_adjoint(
    program: Any, state: Any, adjoint: Any, first: Any, last: Any, gradients: Any, work: Any,
    samples: Static,
) -> None:  # fmt: skip
    """Add 2 sum(gradient * operator) state to blocks of rows of `adjoint`."""
    for group in range(program[GROUPS]):
        record = ints(program[GROUP_RECORDS]) + GROUP_SIZE * group
        for block in range(first, last):
            scatter_gradients(program, record, block, gradients, work, samples)
            transform_rows(work, program[BLOCK_LOG])
            if not samples:
                transform_lanes(work, 1 << program[BLOCK_LOG])
            seed_rows(program, state, adjoint, record, block, work)


@function
def scatter_gradients(
    program: Any, record: Any, block: Any, gradients: Any, work: Any, samples: Static
) -> None:
    """Twice the gradients of a group's strings, at their masks."""
    masks = ints(program[ENTRY_MASKS])
    starts = ints(program[ENTRY_STARTS])
    operators = ints(program[ENTRY_OPERATORS])
    coefficients = reals(program[ENTRY_COEFFICIENTS])
    bits = program[BLOCK_LOG]
    if not samples:
        bits = bits + LOG_LANES
    for inner in range(1 << program[BLOCK_LOG]):
        work[inner] = splat(0.0)
    for entry in range(record[GROUP_FIRST], record[GROUP_END]):
        sign = 2.0 * block_sign(masks[entry], block, bits)
        local = masks[entry] & ((1 << bits) - 1)
        for term in range(starts[entry], starts[entry + 1]):
            factor = sign * coefficients[term]
            if samples:
                work[local] = fma(splat(factor), gradients[operators[term]], work[local])
            else:
                reals(work)[local] += factor * reals(gradients)[operators[term]]


@function
def seed_rows(program: Any, state: Any, adjoint: Any, record: Any, block: Any, work: Any) -> None:
    """Add the diagonal in `work` times the flipped state."""
    flip = record[GROUP_FLIP]
    size = 1 << program[BLOCK_LOG]
    index = lane_numbers() ^ record[GROUP_EXCHANGE]
    for inner in range(size):
        row = block * size + inner
        weight = work[inner]
        u = state[2 * (row ^ flip)]
        v = state[2 * (row ^ flip) + 1]
        if record[GROUP_EXCHANGE] != 0:
            u = permute(u, index)
            v = permute(v, index)
        if record[GROUP_IMAGINARY] == 0:
            adjoint[2 * row] = fma(weight, u, adjoint[2 * row])
            adjoint[2 * row + 1] = fma(weight, v, adjoint[2 * row + 1])
        else:
            adjoint[2 * row] = fma(-weight, v, adjoint[2 * row])
            adjoint[2 * row + 1] = fma(weight, u, adjoint[2 * row + 1])


@inline
def operators_of(program: Any) -> Any:
    """How many operators are measured."""
    return program[OPERATORS]


@inline
def blocks_of(program: Any) -> Any:
    """How many blocks of rows a unit has."""
    return 1 << (program[ROWS_LOG] - program[BLOCK_LOG])
