"""Move amplitudes within their rows, so that other parities of the index become the lanes."""

from __future__ import annotations

from typing import Any

from qmlc.kernels.language import (
    LOG_LANES,
    function,
    inline,
    int_vectors,
    ints,
    parity,
    permute,
    splat,
    unroll,
)
from qmlc.kernels.layout import HIGH, LOW


@function
def fix_lanes(state: Any, record: Any, block: Any, rows: Any) -> None:
    """Permute the lanes of each row, as its number says.

    The tables of a record: masks of rows, masks of blocks, and what the lanes' numbers change by
    where their parity is odd; and the lane that each lane takes its amplitude from where none is.
    """
    masks = ints(record[LOW])
    origin = int_vectors(record[HIGH])[0]
    for row in range(rows):
        index = origin ^ splat(change_of(masks, row, block))
        state[2 * row] = permute(state[2 * row], index)
        state[2 * row + 1] = permute(state[2 * row + 1], index)


@inline
def change_of(masks: Any, row: Any, block: Any) -> Any:
    """By what the numbers of a row's lanes change."""
    change = row * 0
    for k in unroll(LOG_LANES):
        odd = parity(row & masks[k]) ^ parity(block & masks[LOG_LANES + k])
        change = change ^ (odd * masks[2 * LOG_LANES + k])
    return change
