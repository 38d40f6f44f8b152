"""Rotations about Pauli strings and a Clifford gate, as gates on two qubits, greedily.

What it does is told in `qmlc/passes/synthesis/synthesise_turns.py`.
"""

from __future__ import annotations

from typing import Any

from qmlc.kernels.finish_rows import finish_rows
from qmlc.kernels.language import Int, Ints, ctz, entry, function
from qmlc.kernels.routing_tables import table
from qmlc.kernels.synthesis_tables import (
    AFTER,
    BEST_FIRST,
    BEST_SECOND,
    BLOCKED,
    BUDGET,
    COST,
    FREE,
    LEFT,
    LIVE,
    NEGATIVE,
    QUBITS,
    READY,
    SLOT,
    TURNS,
    WEIGHT,
    WIDEST,
    fill_columns,
    letter_at,
    order_turns,
    place_strings,
)
from qmlc.kernels.weigh_gates import apply, shorten, start_choice, write_step


@function
def emit_turn(w: Ints, turn: Int) -> None:
    """Make a step of a rotation, and free those that waited for it alone."""
    slot, after, blocked, free = (
        table(w, SLOT)[turn],
        table(w, AFTER),
        table(w, BLOCKED),
        table(w, FREE),
    )
    first: Int = -1
    second: Int = -1
    for qubit in range(w[QUBITS]):
        letter = letter_at(w, slot, qubit)
        if letter >= 0 and first >= 0:
            second = 3 * qubit + letter
        elif letter >= 0:
            first = 3 * qubit + letter
    write_step(w, turn, first, second, table(w, NEGATIVE)[slot >> 6] >> (slot & 63) & 1)
    table(w, LIVE)[slot >> 6] &= ~(1 << (slot & 63))
    free[turn >> 6] &= ~(1 << (turn & 63))
    w[LEFT] -= 1
    width = (w[TURNS] + 63) >> 6
    for i in range(width):
        waiting: Int = after[turn * width + i]
        while waiting != 0:
            later = 64 * i + ctz(waiting)
            blocked[later] -= 1
            if blocked[later] == 0:
                free[i] |= 1 << (later & 63)
            waiting &= waiting - 1


@function
def emit(w: Ints) -> Any:
    """How many free rotations were short enough to be gates; these became steps."""
    free, ready, slot, weight = table(w, FREE), table(w, READY), table(w, SLOT), table(w, WEIGHT)
    before = w[LEFT]
    width = (w[TURNS] + 63) >> 6
    for i in range(width):
        rest: Int = free[i]
        ready[i] = 0
        while rest != 0:
            if weight[slot[64 * i + ctz(rest)]] <= w[WIDEST]:
                ready[i] |= rest & -rest
            rest &= rest - 1
    for i in range(width):
        now: Int = ready[i]
        while now != 0:
            emit_turn(w, 64 * i + ctz(now))
            now &= now - 1
    return before - w[LEFT]


@function
def approach(w: Ints) -> None:
    """Take the gate that helps most among those that shorten one of the shortest free strings."""
    free, slot, weight = table(w, FREE), table(w, SLOT), table(w, WEIGHT)
    shortest: Int = 1 << 60
    start_choice(w)
    for wanted in range(2):
        for i in range((w[TURNS] + 63) >> 6):
            rest: Int = free[i]
            while rest != 0:
                at = slot[64 * i + ctz(rest)]
                if wanted == 0 and weight[at] < shortest:
                    shortest = weight[at]
                if wanted == 1 and weight[at] == shortest:
                    shorten(w, at)
                rest &= rest - 1
    apply(w, w[BEST_FIRST], w[BEST_SECOND])


@entry
def synthesise_strings(w: Ints) -> None:
    """Carry out the turns, then bring the rows down; `DONE` says whether the budget was enough."""
    order_turns(w)
    place_strings(w)
    fill_columns(w, 0)
    blocked, free = table(w, BLOCKED), table(w, FREE)
    for i in range(w[TURNS]):
        if blocked[i] == 0:
            free[i >> 6] |= 1 << (i & 63)
    w[LEFT] = w[TURNS]
    spent: Int = 0
    while w[LEFT] > 0 and spent == 0:
        if emit(w) == 0:
            if w[COST] < w[BUDGET]:
                approach(w)
            else:
                spent = 1
    if spent == 0:
        finish_rows(w)
