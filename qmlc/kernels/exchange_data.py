"""What comes in and goes out: inputs, values, states, and their gradients."""

from __future__ import annotations

from typing import Any

from qmlc.kernels.language import (
    LANES,
    LOG_LANES,
    Static,
    doubles,
    function,
    inline,
    ints,
    minimum,
    reals,
    splat,
    to_real,
    total,
    unroll,
)
from qmlc.kernels.layout import (
    BATCH,
    INPUT_COUNT,
    INPUT_GRADIENTS,
    INPUT_POSITIONS,
    INPUT_WIDTH,
    INPUTS,
    OPERATORS,
    PARAMETER_COUNT,
    PARAMETER_POSITIONS,
    PARAMETERS,
    PREPARED,
    SAMPLES,
    STATE_BITS,
    STATE_SOURCES,
    VALUE_GRADIENTS,
    VALUES,
)
from qmlc.kernels.start_states import part_places


@inline
def samples_of(call: Any, unit: Any) -> Any:
    """How many lanes of a unit hold a sample."""
    return minimum(call[BATCH] - unit * LANES, LANES)


@function
def read_inputs(call: Any, program: Any, unit: Any, symbols: Any) -> None:
    """The symbols of a unit's angles: a vector each with samples in lanes, else a number each."""
    inputs = reals(call[INPUTS])
    parameters = reals(call[PARAMETERS])
    width = program[INPUT_WIDTH]
    count = program[INPUT_COUNT]
    positions = ints(program[INPUT_POSITIONS])
    others = ints(program[PARAMETER_POSITIONS])
    numbers = reals(symbols)
    if program[SAMPLES] != 0:
        samples = samples_of(call, unit)
        filled = samples
        if (
            program[PREPARED] > 0
        ):  # a vector of 0 has no direction: it would be NaN, times 0 as well
            filled = LANES
        for begin in range(0, count, LANES):  # a few lines of the cache at a time
            end = minimum(begin + LANES, count)
            for symbol in range(begin, end):
                symbols[symbol] = splat(0.0)
            for lane in range(filled):
                row = inputs + (unit * LANES + minimum(lane, samples - 1)) * width
                for symbol in range(begin, end):
                    numbers[(symbol << LOG_LANES) + lane] = row[positions[symbol]]
        for symbol in range(program[PARAMETER_COUNT]):
            symbols[count + symbol] = splat(parameters[others[symbol]])
    else:
        for symbol in range(count):
            numbers[symbol] = inputs[unit * width + positions[symbol]]
        for symbol in range(program[PARAMETER_COUNT]):
            numbers[count + symbol] = parameters[others[symbol]]


@function
def write_input_gradients(call: Any, program: Any, unit: Any, symbols: Any, sums: Any) -> None:
    """Gradients of a unit's symbols: those of inputs out, those of parameters added to `sums`."""
    gradients = reals(call[INPUT_GRADIENTS])
    width = program[INPUT_WIDTH]
    count = program[INPUT_COUNT]
    positions = ints(program[INPUT_POSITIONS])
    others = ints(program[PARAMETER_POSITIONS])
    numbers = reals(symbols)
    if program[SAMPLES] != 0:
        if call[INPUT_GRADIENTS] != 0:
            for begin in range(0, count, LANES):
                for lane in range(samples_of(call, unit)):
                    row = gradients + (unit * LANES + lane) * width
                    for symbol in range(begin, minimum(begin + LANES, count)):
                        row[positions[symbol]] = numbers[(symbol << LOG_LANES) + lane]
        for symbol in range(program[PARAMETER_COUNT]):
            sums[others[symbol]] += total(symbols[count + symbol])
    else:
        if call[INPUT_GRADIENTS] != 0:
            for symbol in range(count):
                gradients[unit * width + positions[symbol]] = numbers[symbol]
        for symbol in range(program[PARAMETER_COUNT]):
            sums[others[symbol]] += numbers[count + symbol]


@function
def write_values(call: Any, program: Any, unit: Any, out: Any) -> None:
    """The values of a unit's operators, from vectors or doubles."""
    values = reals(call[VALUES])
    numbers = reals(out)
    count = program[OPERATORS]
    if program[SAMPLES] != 0:
        for lane in range(samples_of(call, unit)):
            for operator in range(count):
                value = numbers[(operator << LOG_LANES) + lane]
                values[(unit * LANES + lane) * count + operator] = value
    else:
        for operator in range(count):
            values[unit * count + operator] = to_real(doubles(out)[operator])


@function
def read_value_gradients(call: Any, program: Any, unit: Any, out: Any) -> None:
    """The gradients of a unit's values; lanes without a sample have 0."""
    values = reals(call[VALUE_GRADIENTS])
    numbers = reals(out)
    count = program[OPERATORS]
    if program[SAMPLES] != 0:
        for operator in range(count):
            out[operator] = splat(0.0)
        for lane in range(samples_of(call, unit)):
            for operator in range(count):
                value = values[(unit * LANES + lane) * count + operator]
                numbers[(operator << LOG_LANES) + lane] = value
    else:
        for operator in range(count):
            numbers[operator] = values[unit * count + operator]


@function
def exchange_states(
    call: Any, program: Any, unit: Any, state: Any, outside: Any, gradients: Static
) -> None:
    """Write the states of a unit to `outside`, complex numbers in the logical order.

    Where these are `gradients` they are added to the state instead, an adjoint.
    """
    numbers = reals(state)
    sources = ints(program[STATE_SOURCES])
    size = 1 << program[STATE_BITS]
    if program[SAMPLES] != 0:
        for begin in range(0, size, LANES):
            for lane in range(samples_of(call, unit)):
                first = (unit * LANES + lane) * size
                for index in range(begin, minimum(begin + LANES, size)):
                    place = (sources[index] << (LOG_LANES + 1)) + lane
                    exchange_amplitude(numbers, place, outside, first + index, gradients)
    else:
        for index in range(size):
            place, _ = part_places(sources[index], False)
            exchange_amplitude(numbers, place, outside, unit * size + index, gradients)


@inline
def exchange_amplitude(
    numbers: Any, place: Any, outside: Any, index: Any, gradients: Static
) -> None:
    """Write an amplitude out, or add its gradient."""
    for part in unroll(2):
        if gradients:
            numbers[place + part * LANES] += outside[2 * index + part]
        else:
            outside[2 * index + part] = numbers[place + part * LANES]
