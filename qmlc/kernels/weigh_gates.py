"""Gates on two qubits, and by how much they shorten Pauli strings.

A gate C(P, Q) is given by two letters on two qubits, each as the number 3 * qubit + letter. Costs
are whole numbers: a letter of the strings next in turn counts `WORTH`, one of a layer later half.
"""

from __future__ import annotations

from typing import Any

from qmlc.kernels.language import Int, Ints, count_ones, ctz, function, maximum
from qmlc.kernels.routing_tables import table
from qmlc.kernels.synthesis_tables import (
    AGAINST,
    BEST,
    BEST_FIRST,
    BEST_SECOND,
    COST,
    DEPTH,
    HAS,
    LAYER_OF,
    LIVE,
    MARK,
    NEGATIVE,
    NONE,
    QUBITS,
    STAMP,
    STEP,
    STEPS,
    TASTE,
    WEIGHT,
    WORDS,
    X,
    Z,
    letter_at,
    refresh,
)

AHEAD = 16
"""Layers that are looked at: what is later hardly counts."""
WORTH = 10 << AHEAD


@function
def write_step(w: Ints, turn: Int, first: Int, second: Int, sign: Int) -> None:
    """Add a step; on two qubits it costs a gate."""
    step, depth = table(w, STEP) + 4 * w[STEPS], table(w, DEPTH)
    step[0] = turn
    step[1] = first
    step[2] = second
    step[3] = sign
    w[STEPS] += 1
    if second >= 0:
        deepest = maximum(depth[first // 3], depth[second // 3]) + 1
        depth[first // 3] = deepest
        depth[second // 3] = deepest
        w[COST] += 1


@function
def multiply_column(w: Ints, letter: Int, where: Ints) -> None:
    """Multiply some strings by a letter, but for signs; keep count of their letters."""
    words, qubit, name = w[WORDS], letter // 3, letter % 3
    x, z, weight = table(w, X) + qubit * words, table(w, Z) + qubit * words, table(w, WEIGHT)
    for i in range(words):
        before = x[i] | z[i]
        if name < 2:
            x[i] ^= where[i]
        if name > 0:
            z[i] ^= where[i]
        changed: Int = before ^ (x[i] | z[i])
        while changed != 0:
            bit = ctz(changed)
            weight[64 * i + bit] += 1 - 2 * (before >> bit & 1)
            changed &= changed - 1


@function
def negative_product(w: Ints, letter: Int, i: Int) -> Any:
    """Of which strings in word i the product with a letter, if they are against it, is -i."""
    at = letter // 3 * w[WORDS] + i
    found: Int = table(w, X)[at]
    if letter % 3 == 0:
        found = ~found
    elif letter % 3 == 2:
        found = table(w, Z)[at]
    return found


@function
def apply(w: Ints, first: Int, second: Int) -> None:
    """Take all strings through a gate."""
    words, negative, against = w[WORDS], table(w, NEGATIVE), table(w, AGAINST)
    one, two = against + first * words, against + second * words
    for i in range(words):
        minus = negative_product(w, first, i) ^ negative_product(w, second, i)
        negative[i] ^= one[i] & two[i] & minus
    # on two different qubits, so that neither changes what the other reads
    multiply_column(w, first, two)
    multiply_column(w, second, one)
    refresh(w, first // 3)
    refresh(w, second // 3)
    write_step(w, -1, first, second, 0)


@function
def change(w: Ints, first: Int, second: Int) -> Any:
    """By how many letters a gate makes the strings longer, the nearer ones counting more."""
    words, live, layer_of = w[WORDS], table(w, LIVE), table(w, LAYER_OF)
    against, has, none = table(w, AGAINST), table(w, HAS), table(w, NONE)
    one, two = against + first * words, against + second * words
    has_one, has_two = has + first * words, has + second * words
    no_one, no_two = none + first // 3 * words, none + second // 3 * words
    start: Int = 0
    while start < words - 1 and live[start] == 0:
        start += 1
    total: Int = 0
    i: Int = start
    while i < words and layer_of[i] - layer_of[start] <= AHEAD:
        left, right = one[i] & live[i], two[i] & live[i]
        more = count_ones(left & no_two[i]) + count_ones(right & no_one[i])
        less = count_ones(left & has_two[i]) + count_ones(right & has_one[i])
        total += (more - less) * (WORTH >> (layer_of[i] - layer_of[start]))
        i += 1
    return total


@function
def consider(w: Ints, first: Int, second: Int, cost: Int) -> None:
    """Keep a gate if it is the best since `start_choice`; of equals the one with lower numbers."""
    depth = table(w, DEPTH)
    late = maximum(depth[first // 3], depth[second // 3])
    total = cost + w[TASTE] * (WORTH // 10) * late
    number = first * 3 * w[QUBITS] + second
    known = w[BEST_FIRST] * 3 * w[QUBITS] + w[BEST_SECOND]
    if total < w[BEST] or (total == w[BEST] and number < known):
        w[BEST] = total
        w[BEST_FIRST] = first
        w[BEST_SECOND] = second


@function
def start_choice(w: Ints) -> None:
    """Forget which gates were considered."""
    w[STAMP] += 1
    w[BEST] = 1 << 60
    w[BEST_FIRST] = -1


@function
def shorten(w: Ints, slot: Int) -> None:
    """Consider the gates that take a letter away from a string."""
    qubits, mark = w[QUBITS], table(w, MARK)
    for b in range(qubits):
        held = letter_at(w, slot, b)
        if held >= 0:
            for a in range(qubits):
                kept = letter_at(w, slot, a)
                if kept >= 0 and a != b:
                    for turn in range(1, 3):
                        first, second = 3 * a + (kept + turn) % 3, 3 * b + held
                        if mark[first * 3 * qubits + second] != w[STAMP]:
                            mark[first * 3 * qubits + second] = w[STAMP]
                            consider(w, first, second, change(w, first, second))
