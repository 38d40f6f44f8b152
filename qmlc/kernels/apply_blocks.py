"""Matrices and permutations of some bits of the storage index, wherever these bits are read.

The amplitudes that a matrix mixes differ by sums of its bits' flips: a tile is the rows that these
reach from one of them. Its rows are brought into the order of the bits' values.
"""

from __future__ import annotations

from typing import Any

from qmlc.kernels.language import (
    LANES,
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
    registers,
    splat,
    unroll,
    vectors,
)
from qmlc.kernels.layout import (
    BITS,
    BLOCK_READS,
    BY_LANES,
    COUNT,
    LANE_FLIPS,
    NUMBERS,
    PAIRS,
    PLACES,
    ROW_FLIPS,
    ROW_READS,
)
from qmlc.kernels.turns import tile_base


@inline
def values_of(record: Any, reads: Any, index: Any) -> Any:
    """The parities of the bits that an index shares with each mask, as one number."""
    values = 0 * index
    for bit in range(record[BITS]):
        values += parity(ints(record[reads])[bit] & index) << bit
    return values


@function
def apply_matrix(state: Any, record: Any, block: Any, work: Any) -> None:
    """Multiply by a matrix of numbers, or of vectors where lanes are read or flipped."""
    if record[BY_LANES] != 0:
        multiply_tiles(state, record, block, work, True)
    else:
        multiply_tiles(state, record, block, work, False)


@function
def multiply_tiles(state: Any, record: Any, block: Any, work: Any, by_lanes: Static) -> None:
    """Bring the rows of each tile into `work`, and put them back multiplied, two at a time."""
    size = 1 << record[BITS]
    outside = values_of(record, BLOCK_READS, block)
    for tile in range(record[COUNT]):
        base = tile_base(record, tile)
        offset = outside ^ values_of(record, ROW_READS, base)
        for place in range(size):
            row = base ^ ints(record[ROW_FLIPS])[place]
            target = 2 * (place ^ offset)
            work[target] = moved(state[2 * row], record, place, by_lanes)
            work[target + 1] = moved(state[2 * row + 1], record, place, by_lanes)
        for pair in range(record[PAIRS]):
            multiply_rows(state, record, base, offset, 2 * pair, work, size, by_lanes)


@inline
def moved(vector: Any, record: Any, place: Any, by_lanes: Static) -> Any:
    """A vector with its lanes as the flips to a place exchange them."""
    if by_lanes:
        return permute(vector, lane_numbers() ^ ints(record[LANE_FLIPS])[place])
    else:
        return vector


@inline
def multiply_rows(
    state: Any, record: Any, base: Any, offset: Any, first: Any, work: Any, size: Any,
    by_lanes: Static,
) -> None:  # fmt: skip
    """Two rows of the product: each has four sums, so that none waits for another."""
    sums = registers(8)
    place = registers(2)
    for i in unroll(2):
        place[i] = ints(record[PLACES])[first + i]
    for i in unroll(8):
        sums[i] = splat(0.0)
    for column in range(size):
        re = work[2 * column]
        im = work[2 * column + 1]
        for i in unroll(2):
            entry = 2 * ((place[i] ^ offset) * size + column)
            c = entry_of(record, entry, by_lanes)
            s = entry_of(record, entry + 1, by_lanes)
            sums[4 * i] = fma(c, re, sums[4 * i])
            sums[4 * i + 1] = fma(s, im, sums[4 * i + 1])
            sums[4 * i + 2] = fma(c, im, sums[4 * i + 2])
            sums[4 * i + 3] = fma(s, re, sums[4 * i + 3])
    for i in unroll(2):
        row = base ^ ints(record[ROW_FLIPS])[place[i]]
        state[2 * row] = moved(sums[4 * i] - sums[4 * i + 1], record, place[i], by_lanes)
        state[2 * row + 1] = moved(sums[4 * i + 2] + sums[4 * i + 3], record, place[i], by_lanes)


@inline
def entry_of(record: Any, place: Any, by_lanes: Static) -> Any:
    """A number of the matrix, which the lanes share or not."""
    if by_lanes:
        return vectors(record[NUMBERS])[place]
    else:
        return splat(reals(record[NUMBERS])[place])


@function
def gather_amplitudes(state: Any, record: Any, block: Any, rows: Any, work: Any) -> None:
    """To each amplitude brings that of its index ^ a flip, which depends on the bits' values."""
    for place in range(2 * rows):
        work[place] = state[place]
    outside = values_of(record, BLOCK_READS, block)
    values = ints(record[ROW_READS])
    flips = ints(record[ROW_FLIPS])
    if record[BY_LANES] != 0:
        numbers = reals(state)
        others = reals(work)
        for index in range(LANES * rows):
            source = index ^ flips[values[index] ^ outside]
            place = number_of(index)
            other = number_of(source)
            numbers[place] = others[other]
            numbers[place + LANES] = others[other + LANES]
    else:
        for row in range(rows):
            source = row ^ flips[values[row] ^ outside]
            state[2 * row] = work[2 * source]
            state[2 * row + 1] = work[2 * source + 1]


@inline
def number_of(index: Any) -> Any:
    """Where the real part of an amplitude stands among the numbers of a state."""
    return ((index >> LOG_LANES) << (LOG_LANES + 1)) + (index & (LANES - 1))
