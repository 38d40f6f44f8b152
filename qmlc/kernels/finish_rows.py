"""Rows of a Clifford gate brought down to one letter each, by gates on two qubits."""

from __future__ import annotations

from typing import Any

from qmlc.kernels.language import Int, Ints, count_ones, function, maximum
from qmlc.kernels.routing_tables import clear, table
from qmlc.kernels.synthesis_tables import (
    BEST,
    BEST_FIRST,
    BEST_SECOND,
    BUDGET,
    COST,
    DONE,
    GOAL,
    GROUP,
    LAYER_OF,
    NEGATIVE,
    QUBITS,
    ROWS,
    SIGN,
    SLOT,
    STRING,
    TURNS,
    USABLE,
    WEIGHT,
    WIDE,
    WORDS,
    X,
    Z,
    fill_columns,
    letter_at,
)
from qmlc.kernels.weigh_gates import apply, change, consider, shorten, start_choice


@function
def read_rows(w: Ints) -> None:
    """Write the rows that stand in columns as masks."""
    qubits, wide, string, sign = w[QUBITS], w[WIDE], table(w, STRING), table(w, SIGN)
    for i in range(w[TURNS], w[TURNS] + w[ROWS]):
        slot = table(w, SLOT)[i]
        word, bit = slot >> 6, slot & 63
        sign[i] = table(w, NEGATIVE)[word] >> bit & 1
        row = string + 2 * i * wide
        clear(row, 2 * wide, 0)
        for qubit in range(qubits):
            at = qubit * w[WORDS] + word
            row[qubit >> 6] |= (table(w, X)[at] >> bit & 1) << (qubit & 63)
            row[wide + (qubit >> 6)] |= (table(w, Z)[at] >> bit & 1) << (qubit & 63)


@function
def weight_of(row: Ints, wide: Int) -> Any:
    """How many letters a string has."""
    letters: Int = 0
    for k in range(wide):
        letters += count_ones(row[k] | row[wide + k])
    return letters


@function
def letters_of(row: Ints, other: Ints, wide: Int) -> Any:
    """How many letters the product of two strings has."""
    letters: Int = 0
    for k in range(wide):
        letters += count_ones((row[k] ^ other[k]) | (row[wide + k] ^ other[wide + k]))
    return letters


@function
def multiply_row(w: Ints, one: Int, two: Int) -> None:
    """Multiply a row by another that commutes with it."""
    wide, string, sign = w[WIDE], table(w, STRING), table(w, SIGN)
    row, other = string + 2 * one * wide, string + 2 * two * wide
    power: Int = 0
    for k in range(wide):
        power += count_ones(row[k] & row[wide + k]) + count_ones(other[k] & other[wide + k])
        power += 2 * count_ones(row[wide + k] & other[k])
        row[k] ^= other[k]
        row[wide + k] ^= other[wide + k]
        power -= count_ones(row[k] & row[wide + k])
    sign[one] ^= sign[two] ^ (power >> 1 & 1)


@function
def shorten_rows(w: Ints) -> None:
    """Multiply rows by others as long as they grow shorter."""
    wide, string, first = w[WIDE], table(w, STRING), w[TURNS]
    changed: Int = 1
    while changed == 1:
        changed = 0
        for one in range(first, first + w[ROWS]):
            for two in range(first, first + w[ROWS]):
                row, other = string + 2 * one * wide, string + 2 * two * wide
                if one != two and letters_of(row, other, wide) < weight_of(row, wide):
                    multiply_row(w, one, two)
                    changed = 1


@function
def keep_rows(w: Ints) -> None:
    """Go on with the rows alone, with short generators where only their group matters."""
    read_rows(w)
    if w[GROUP] == 1:
        shorten_rows(w)
    slot = table(w, SLOT) + w[TURNS]
    for i in range(w[ROWS]):
        slot[i] = i
    w[WORDS] = (w[ROWS] + 63) >> 6
    clear(table(w, LAYER_OF), w[WORDS], 0)
    fill_columns(w, w[TURNS])


@function
def longest(w: Ints) -> Any:
    """The most letters of a row."""
    slot, weight = table(w, SLOT) + w[TURNS], table(w, WEIGHT)
    found: Int = 0
    for i in range(w[ROWS]):
        found = maximum(found, weight[slot[i]])
    return found


@function
def consider_all(w: Ints) -> None:
    """Consider all gates that make the rows shorter."""
    usable = table(w, USABLE)
    start_choice(w)
    for first in range(3 * w[QUBITS]):
        if usable[first // 3] == 1:
            for second in range(first // 3 * 3 + 3, 3 * w[QUBITS]):
                if usable[second // 3] == 1:
                    cost = change(w, first, second)
                    if cost < 0:
                        consider(w, first, second, cost)


@function
def clear_letters(w: Ints, slot: Int) -> None:
    """Take letters of a row away where others were brought down to the same letter."""
    usable = table(w, USABLE)
    place: Int = 0
    while usable[place] == 0 or letter_at(w, slot, place) < 0:
        place += 1
    turned = 3 * place + (letter_at(w, slot, place) + 1) % 3
    for qubit in range(w[QUBITS]):
        letter = letter_at(w, slot, qubit)
        if usable[qubit] == 0 and letter >= 0:
            apply(w, 3 * qubit + letter, turned)


@function
def sweep(w: Ints) -> None:
    """Bring the rows of one qubit down to one place, which is not usable then."""
    slot, weight, goal = table(w, SLOT) + w[TURNS], table(w, WEIGHT), table(w, GOAL)
    row: Int = 0
    least: Int = 1 << 60
    for i in range(w[ROWS]):
        if 1 < weight[slot[i]] and weight[slot[i]] < least:
            least = weight[slot[i]]
            row = i
    clear_letters(w, slot[row])
    while weight[slot[row]] > 1:
        start_choice(w)
        shorten(w, slot[row])
        apply(w, w[BEST_FIRST], w[BEST_SECOND])
    place: Int = 0
    while letter_at(w, slot[row], place) < 0:
        place += 1
    brought = 3 * place + letter_at(w, slot[row], place)
    for other in range(w[ROWS]):
        if other != row and goal[other] == goal[row] and w[GROUP] == 0:
            for qubit in range(w[QUBITS]):
                held = letter_at(w, slot[other], qubit)
                if held >= 0 and qubit != place:
                    apply(w, brought, 3 * qubit + held)
    table(w, USABLE)[place] = 0


@function
def finish_rows(w: Ints) -> None:
    """Shorten the rows until each is one letter, or the budget is spent."""
    clear(table(w, USABLE), w[QUBITS], 1)
    keep_rows(w)
    while longest(w) > 1 and w[COST] < w[BUDGET]:
        consider_all(w)
        if w[BEST] < 1 << 60:
            apply(w, w[BEST_FIRST], w[BEST_SECOND])
        else:
            sweep(w)
        if w[GROUP] == 1:
            keep_rows(w)
    if longest(w) <= 1:
        read_rows(w)
        w[DONE] = 1
