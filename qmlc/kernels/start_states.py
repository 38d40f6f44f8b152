"""The state that a circuit begins with: amplitudes that are given, or |0...0> after first turns."""

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
    select,
    splat,
    sqrt,
    to_real,
    total,
)
from qmlc.kernels.layout import (
    EXCHANGE,
    FLIP,
    PREPARED,
    PREPARED_IMAGINARIES,
    PREPARED_PLACES,
    PREPARED_REALS,
    RECORD_SIZE,
    ROWS_LOG,
    SAMPLES,
    SIGNS,
    SLOT,
    START_COUNT,
    START_FULL,
    START_MEMBERS,
    START_RECORDS,
)
from qmlc.kernels.turns import slot_of


@function
def start_state(program: Any, state: Any, shared: Any, sample: Any, first: Any) -> None:
    """The state after the first turns of `first` times |0...0>."""
    rows = 1 << program[ROWS_LOG]
    if program[START_FULL] == 0:
        for row in range(2 * rows):
            state[row] = splat(0.0)
    if program[SAMPLES] == 0:
        first = select(lane_numbers() == 0, first, splat(0.0))
    state[0] = first
    state[1] = splat(0.0)
    members = ints(program[START_MEMBERS])
    count = 1
    for turn in range(program[START_COUNT]):
        record = ints(program[START_RECORDS]) + RECORD_SIZE * turn
        place = slot_of(shared, sample, record[SLOT], 2)
        s = place[1]
        c = fma(-place[0], s, splat(1.0))
        index = lane_numbers() ^ record[EXCHANGE]
        if record[FLIP] == 0:
            # only row 0 is there yet
            a = state[0]
            state[0] = c * a + permute(s * a, index)
        else:
            for member in range(count):
                row = members[member]
                sign = splat(to_real(1 - 2 * parity(row & record[SIGNS])))
                a = state[2 * row]
                other = row ^ record[FLIP]
                moved = sign * (s * a)
                if record[EXCHANGE] != 0:
                    moved = permute(moved, index)
                state[2 * other] = moved
                state[2 * other + 1] = splat(0.0)
                state[2 * row] = c * a
            count = 2 * count


@function
def prepare_state(program: Any, state: Any, rows: Any, first: Any) -> None:
    """The normalised vector of amplitudes, of which `rows` are the parts, times `first`."""
    for row in range(2 << program[ROWS_LOG]):
        state[row] = splat(0.0)
    if program[SAMPLES] != 0:
        fill_amplitudes(program, state, rows, first, True)
    else:
        fill_amplitudes(program, reals(state), reals(rows), first_lane(first), False)


@inline
def first_lane(vector: Any) -> Any:
    """The number in lane 0."""
    return total(select(lane_numbers() == 0, vector, splat(0.0)))


@inline
def part_places(place: Any, samples: Static) -> Any:
    """Where the parts of an amplitude stand: among vectors, or among numbers."""
    if samples:
        return 2 * place, 2 * place + 1
    else:
        number = ((place >> LOG_LANES) << (LOG_LANES + 1)) + (place & (LANES - 1))
        return number, number + LANES


@function
def fill_amplitudes(program: Any, state: Any, rows: Any, first: Any, samples: Static) -> None:
    """See `prepare_state`; rows and states are of vectors, or of numbers."""
    places = ints(program[PREPARED_PLACES])
    real = ints(program[PREPARED_REALS])
    imaginary = ints(program[PREPARED_IMAGINARIES])
    norm = first * 0.0
    for k in range(program[PREPARED]):
        norm = fma(rows[real[k]], rows[real[k]], norm)
        norm = fma(rows[imaginary[k]], rows[imaginary[k]], norm)
    scale = first / sqrt(norm)
    for k in range(program[PREPARED]):
        re, im = part_places(places[k], samples)
        state[re] = scale * rows[real[k]]
        state[im] = scale * rows[imaginary[k]]


@function
def differentiate_start(program: Any, adjoint: Any, rows: Any, first: Any, gradients: Any) -> None:
    """Add to the gradients of rows what the adjoint of the first state means for them."""
    if program[SAMPLES] != 0:
        differentiate_amplitudes(program, adjoint, rows, first, gradients, True)
    else:
        differentiate_amplitudes(
            program, reals(adjoint), reals(rows), first_lane(first), reals(gradients), False
        )


@function
def differentiate_amplitudes(
    program: Any, adjoint: Any, rows: Any, first: Any, gradients: Any, samples: Static
) -> None:
    """See `differentiate_start`; the adjoint along the vector changes nothing but its length."""
    places = ints(program[PREPARED_PLACES])
    real = ints(program[PREPARED_REALS])
    imaginary = ints(program[PREPARED_IMAGINARIES])
    norm = first * 0.0
    along = first * 0.0
    for k in range(program[PREPARED]):
        re, im = part_places(places[k], samples)
        norm = fma(rows[real[k]], rows[real[k]], norm)
        norm = fma(rows[imaginary[k]], rows[imaginary[k]], norm)
        along = fma(rows[real[k]], adjoint[re], along)
        along = fma(rows[imaginary[k]], adjoint[im], along)
    scale = first / sqrt(norm)
    along = along / norm
    stride = LANES
    if samples:
        stride = 1
    for k in range(program[PREPARED]):
        re, im = part_places(places[k], samples)
        gradients[real[k] * stride] += scale * fma(-along, rows[real[k]], adjoint[re])
        gradients[imaginary[k] * stride] += scale * fma(-along, rows[imaginary[k]], adjoint[im])
