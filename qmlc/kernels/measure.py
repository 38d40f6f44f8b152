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
    doubles,
    fma,
    function,
    inline,
    ints,
    lane_numbers,
    parity,
    permute,
    reals,
    registers,
    splat,
    to_real,
    total,
    unroll,
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
SUMS = 4
"""So many sums are made at a time: one would wait for itself."""


@function
def measure(
    program: Any, state: Any, first: Any, last: Any, work: Any, out: Any, samples: Static
) -> None:
    """Add the values of all operators, from the blocks of rows from `first` to `last`, to `out`.

    It holds vectors where the lanes are `samples`, else doubles, as the blocks may be many.
    """
    for block in range(first, last):
        for group in range(program[GROUPS]):
            record = ints(program[GROUP_RECORDS]) + GROUP_SIZE * group
            if record[GROUP_END] - record[GROUP_FIRST] <= FEW_STRINGS:
                add_sums(program, state, record, block, work, out, samples)
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
        u = state[2 * (row ^ record[GROUP_FLIP])]
        v = state[2 * (row ^ record[GROUP_FLIP]) + 1]
        if record[GROUP_EXCHANGE] != 0:
            index = lane_numbers() ^ record[GROUP_EXCHANGE]
            u = permute(u, index)
            v = permute(v, index)
        result = fma(u, x, v * y)
        if record[GROUP_IMAGINARY] != 0:
            result = fma(u, y, -(v * x))
    return result


@function
def add_sums(
    program: Any, state: Any, record: Any, block: Any, work: Any, out: Any, samples: Static
) -> None:
    """Add what a block gives to a group of few strings: a sum with signs for each.

    A row gives the same as the row that it is flipped to: the sums go through one of the two.
    """
    flip = record[GROUP_FLIP]
    count = 1 << program[BLOCK_LOG]
    first = block << program[BLOCK_LOG]
    gap = block * 0
    if flip & (count - 1) != 0:
        gap = -(flip & -flip)  # rows without the lowest bit that is flipped
        count = count >> 1
    elif flip != 0:
        lowest = flip >> program[BLOCK_LOG]
        lowest = (lowest & -lowest) | 1  # with the last bit each thread has as many blocks
        count = count * (1 - parity(block & lowest))
    for place in range(count):
        work[place] = overlap(state, record, first + place + (place & gap))
    for entry in range(record[GROUP_FIRST], record[GROUP_END]):
        mask = ints(program[ENTRY_MASKS])[entry]
        if not samples:
            mask = mask >> LOG_LANES
        value = splat(0.0)
        if mask & ((1 << program[BLOCK_LOG]) - 1) == 0 and count >= SUMS:
            value = splat(real_sign(mask, first)) * sum_rows(work, count, mask, first, gap, False)
        else:
            value = sum_rows(work, count, mask, first, gap, True)
        if flip != 0:
            value = value + value
        add_value(program, entry, value, out, samples)


@inline
def sum_rows(work: Any, count: Any, mask: Any, first: Any, gap: Any, signed: Static) -> Any:
    """The sum of what rows give, with their signs or without."""
    sums = registers(SUMS)
    for k in unroll(SUMS):
        sums[k] = splat(0.0)
    for place in range(0, count - SUMS + 1, SUMS):
        for k in unroll(SUMS):
            value = work[place + k]
            if signed:
                row = first + place + k + ((place + k) & gap)
                value = splat(real_sign(mask, row)) * value
            sums[k] = sums[k] + value
    for place in range(count & -SUMS, count):
        row = first + place + (place & gap)
        sums[0] = fma(splat(real_sign(mask, row)), work[place], sums[0])
    return (sums[0] + sums[1]) + (sums[2] + sums[3])


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
            doubles(out)[operators[term]] += coefficients[term] * number


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
                doubles(out)[operators[term]] += coefficients[term] * number


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
        mask = masks[entry]
        if not samples:
            weight = lane_signs(mask) * weight
            mask = mask >> LOG_LANES
        if mask & (size - 1) == 0:
            weight = splat(real_sign(mask, block * size)) * weight
            for inner in range(size):
                work[inner] = work[inner] + weight
        else:
            for inner in range(size):
                sign = splat(real_sign(mask, block * size + inner))
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
