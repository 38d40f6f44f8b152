"""The Walsh-Hadamard transform: sums over j of (-1)**parity(j & k) values[j], for each k."""

from __future__ import annotations

from typing import Any

from qmlc.kernels.language import (
    LOG_LANES,
    Static,
    exchange,
    function,
    inline,
    lane_numbers,
    registers,
    select,
    unroll,
)


@function
def transform_rows(values: Any, rows_log: Any) -> None:
    """The transform over the numbers of rows, in place."""
    low = rows_log * 0
    while low + 3 <= rows_log:
        transform_bits(values, rows_log, low, 3)
        low += 3
    if low + 2 <= rows_log:
        transform_bits(values, rows_log, low, 2)
        low += 2
    if low < rows_log:
        transform_bits(values, rows_log, low, 1)


@function
def transform_bits(values: Any, rows_log: Any, low: Any, width: Static) -> None:
    """Some bits of the numbers of rows, from `low` on."""
    stride = 1 << low
    for block in range(0, 1 << rows_log, stride << width):
        for inner in range(block, block + stride):
            a = registers(1 << width)
            for k in unroll(1 << width):
                a[k] = values[inner + k * stride]
            for i in unroll(width):
                for k in unroll(1 << width):
                    if (k >> i) & 1 == 0:
                        total = a[k] + a[k + (1 << i)]
                        a[k + (1 << i)] = a[k] - a[k + (1 << i)]
                        a[k] = total
            for k in unroll(1 << width):
                values[inner + k * stride] = a[k]


@function
def transform_lanes(values: Any, rows: Any) -> None:
    """The transform over the lanes of each row, in place."""
    for row in range(rows):
        value = values[row]
        for k in unroll(LOG_LANES):
            value = transform_lane_bit(value, 1 << k)
        values[row] = value


@inline
def transform_lane_bit(value: Any, bit: Static) -> Any:
    """Sums in the lanes without `bit`, differences in those with it."""
    return select((lane_numbers() & bit) != 0, -value, value) + exchange(value, bit)
