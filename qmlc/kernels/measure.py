"""Expectation values of Pauli strings, and the adjoint states that their gradients start from.

Strings that flip the same qubits are a group: w_j = conj(psi[j ^ flip]) psi[j] is made for a block
of rows at a time, and the Walsh transform of its real or imaginary part has the strings' values.
Where these are few, sums with signs are faster.
"""

from __future__ import annotations

from typing import Any

from qmlc.kernels.angles import lane_signs
from qmlc.kernels.diagonals import real_sign
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
    total,
)
from qmlc.kernels.layout import (
    BLOCK_LOG,
    ENTRY_COEFFICIENTS,
    ENTRY_MASKS,
    ENTRY_OPERATORS,
    ENTRY_STARTS,
    GROUP_RECORDS,
    GROUPS,
)
from qmlc.kernels.walsh import transform_lanes, transform_rows

GROUP_FLIP, GROUP_EXCHANGE, GROUP_IMAGINARY, GROUP_FIRST, GROUP_END = range(5)
GROUP_SIZE = 5
FEW_STRINGS = 3
"""A group of no more is summed string by string."""


@function
def measure(
    program: Any, state: Any, first: Any, last: Any, work: Any, out: Any, samples: Static
) -> None:
    """Add the values of all operators, from the blocks of rows from `first` to `last`, to `out`."""
    for block in range(first, last):
        for group in range(program[GROUPS]):
            record = ints(program[GROUP_RECORDS]) + GROUP_SIZE * group
            if record[GROUP_END] - record[GROUP_FIRST] <= FEW_STRINGS:
                add_sums(program, state, record, block, out, samples)
            else:
                size = 1 << program[BLOCK_LOG]
                for inner in range(size):
                    work[inner] = overlap(state, record, block * size + inner)
                transform_rows(work, program[BLOCK_LOG])
                if not samples:
                    transform_lanes(work, size)
                add_values(program, record, block, work, out, samples)


@inline
def overlap(state: Any, record: Any, row: Any) -> Any:
    """The part of w that a group needs, in a row."""
    x = state[2 * row]
    y = state[2 * row + 1]
    result = fma(x, x, y * y)
    if record[GROUP_FLIP] + record[GROUP_EXCHANGE] != 0:
        index = lane_numbers() ^ record[GROUP_EXCHANGE]
        u = permute(state[2 * (row ^ record[GROUP_FLIP])], index)
        v = permute(state[2 * (row ^ record[GROUP_FLIP]) + 1], index)
        result = fma(u, x, v * y)
        if record[GROUP_IMAGINARY] != 0:
            result = fma(u, y, -(v * x))
    return result


@function
def add_sums(program: Any, state: Any, record: Any, block: Any, out: Any, samples: Static) -> None:
    """Add what a block gives to a group of few strings: a sum with signs for each."""
    masks = ints(program[ENTRY_MASKS])
    size = 1 << program[BLOCK_LOG]
    for entry in range(record[GROUP_FIRST], record[GROUP_END]):
        value = splat(0.0)
        for row in range(block * size, block * size + size):
            sign = row_sign(masks[entry], row, samples)
            value = fma(sign, overlap(state, record, row), value)
        add_value(program, entry, value, out, samples)


@inline
def row_sign(mask: Any, row: Any, samples: Static) -> Any:
    """The sign with which a row counts for a mask, in all lanes."""
    if samples:
        return splat(real_sign(mask, row))
    else:
        return splat(real_sign(mask >> LOG_LANES, row))


@inline
def add_value(program: Any, entry: Any, value: Any, out: Any, samples: Static) -> None:
    """Add a string's value, in lanes that are samples or are to be summed, to its operators."""
    starts = ints(program[ENTRY_STARTS])
    operators = ints(program[ENTRY_OPERATORS])
    coefficients = reals(program[ENTRY_COEFFICIENTS])
    if samples:
        for term in range(starts[entry], starts[entry + 1]):
            out[operators[term]] = fma(splat(coefficients[term]), value, out[operators[term]])
    else:
        number = total(lane_signs(ints(program[ENTRY_MASKS])[entry]) * value)
        for term in range(starts[entry], starts[entry + 1]):
            reals(out)[operators[term]] += coefficients[term] * number


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
    for block in range(first, last):
        for group in range(program[GROUPS]):
            record = ints(program[GROUP_RECORDS]) + GROUP_SIZE * group
            if record[GROUP_END] - record[GROUP_FIRST] <= FEW_STRINGS:
                fill_weights(program, record, block, gradients, work, samples)
            else:
                scatter_gradients(program, record, block, gradients, work, samples)
                transform_rows(work, program[BLOCK_LOG])
                if not samples:
                    transform_lanes(work, 1 << program[BLOCK_LOG])
            seed_rows(program, state, adjoint, record, block, work)


@function
def fill_weights(
    program: Any, record: Any, block: Any, gradients: Any, work: Any, samples: Static
) -> None:
    """Twice the gradients of a group of few strings, with their signs in each row of a block."""
    masks = ints(program[ENTRY_MASKS])
    starts = ints(program[ENTRY_STARTS])
    operators = ints(program[ENTRY_OPERATORS])
    coefficients = reals(program[ENTRY_COEFFICIENTS])
    size = 1 << program[BLOCK_LOG]
    for inner in range(size):
        work[inner] = splat(0.0)
    for entry in range(record[GROUP_FIRST], record[GROUP_END]):
        weight = splat(0.0)
        for term in range(starts[entry], starts[entry + 1]):
            if samples:
                weight = fma(splat(coefficients[term]), gradients[operators[term]], weight)
            else:
                weight = weight + splat(coefficients[term] * reals(gradients)[operators[term]])
        weight = 2.0 * weight
        if not samples:
            weight = lane_signs(masks[entry]) * weight
        for inner in range(size):
            sign = row_sign(masks[entry], block * size + inner, samples)
            work[inner] = fma(sign, weight, work[inner])


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
