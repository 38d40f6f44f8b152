"""What the synthesis of Pauli strings works on: Ints behind a head of counts and offsets.

Strings are written twice: in a row each, as masks of the qubits, and in columns: for each qubit,
words with a bit for each string. In columns, strings of one layer share words, and no others do; so
a gate is weighed for 64 strings at once.
"""

from __future__ import annotations

from typing import Any

from qmlc.kernels.language import Int, Ints, count_ones, ctz, function, parity
from qmlc.kernels.routing_tables import clear, table

COUNTS = (
    "qubits", "turns", "rows", "wide", "widest", "taste", "group", "budget",
    "words", "left", "cost", "steps", "stamp", "best", "best_first", "best_second", "done",
)  # fmt: skip
"""`wide` words hold a mask of all qubits, `words` a bit for each string. `taste` is how many tenths
of a letter a gate's depth costs. `group`: 1 where only the group matters that the rows generate.
`best` is the cost of the gate about `best_first` and `best_second`, the best that was considered
since the last `stamp`."""
QUBITS, TURNS, ROWS, WIDE, WIDEST, TASTE, GROUP, BUDGET = range(8)
WORDS, LEFT, COST, STEPS, STAMP, BEST, BEST_FIRST, BEST_SECOND, DONE = range(8, 17)

TABLES = (
    "string", "sign", "goal", "slot", "layer", "after", "blocked", "free", "ready",
    "x", "z", "against", "has", "none", "negative", "live", "layer_of", "weight",
    "depth", "usable", "mark", "step",
)  # fmt: skip
"""Of each string its masks (x, then z), its sign, 0 or 1, its `slot` (a word and a bit of it), its
`layer`; of each row the qubit that is its `goal`; of each turn the turns `after` it that cannot
pass it, and how many before it block it; which turns are `free`, which are `ready`. In columns, `x`
and `z` of each qubit; for each qubit and letter which strings are `against` it there, which have it
there; which have none there; which are `negative`, which are still `live`; of each word its layer,
of each slot the number of letters. Of each qubit its depth, and whether it is `usable`. For each
pair of letters the stamp at which it was considered. The steps: of a rotation its number, its
letters and its sign, of a gate -1 and its letters."""
(
    STRING, SIGN, GOAL, SLOT, LAYER, AFTER, BLOCKED, FREE, READY,
    X, Z, AGAINST, HAS, NONE, NEGATIVE, LIVE, LAYER_OF, WEIGHT,
    DEPTH, USABLE, MARK, STEP,
) = range(len(COUNTS), len(COUNTS) + len(TABLES))  # fmt: skip


@function
def opposed(one: Ints, two: Ints, wide: Int) -> Any:
    """1 where two strings anticommute, else 0."""
    odd: Int = 0
    for i in range(wide):
        odd ^= (one[i] & two[wide + i]) ^ (one[wide + i] & two[i])
    return parity(odd)


@function
def order_turns(w: Ints) -> None:
    """Which turns have to wait for which, and the earliest layer of each."""
    turns, wide, string = w[TURNS], w[WIDE], table(w, STRING)
    after, blocked, layer = table(w, AFTER), table(w, BLOCKED), table(w, LAYER)
    width = (turns + 63) >> 6
    for i in range(turns):
        for j in range(i + 1, turns):
            if opposed(string + 2 * wide * i, string + 2 * wide * j, wide) == 1:
                after[i * width + (j >> 6)] |= 1 << (j & 63)
                blocked[j] += 1
                if layer[j] <= layer[i]:
                    layer[j] = layer[i] + 1


@function
def place_strings(w: Ints) -> None:
    """Give each string a slot, layer by layer, the rows last."""
    turns, layer, slot, layer_of = w[TURNS], table(w, LAYER), table(w, SLOT), table(w, LAYER_OF)
    last: Int = 0
    for i in range(turns):
        if layer[i] >= last:
            last = layer[i] + 1
    for i in range(turns, turns + w[ROWS]):
        layer[i] = last
    place: Int = 0
    for here in range(last + 1):
        place = (place + 63) >> 6 << 6
        for i in range(turns + w[ROWS]):
            if layer[i] == here:
                slot[i] = place
                layer_of[place >> 6] = here
                place += 1
    w[WORDS] = (place + 63) >> 6


@function
def refresh(w: Ints, qubit: Int) -> None:
    """Write the columns that follow from x and z of a qubit."""
    words = w[WORDS]
    x, z = table(w, X) + qubit * words, table(w, Z) + qubit * words
    against, has = table(w, AGAINST) + 3 * qubit * words, table(w, HAS) + 3 * qubit * words
    none = table(w, NONE) + qubit * words
    for i in range(words):
        against[i] = z[i]
        against[words + i] = x[i] ^ z[i]
        against[2 * words + i] = x[i]
        has[i] = x[i] & ~z[i]
        has[words + i] = x[i] & z[i]
        has[2 * words + i] = z[i] & ~x[i]
        none[i] = ~(x[i] | z[i])


@function
def fill_columns(w: Ints, first: Int) -> None:
    """Write the columns of the strings from `first` on, where their slots are."""
    qubits, wide, words = w[QUBITS], w[WIDE], w[WORDS]
    string, sign, slot, weight = table(w, STRING), table(w, SIGN), table(w, SLOT), table(w, WEIGHT)
    negative, live = table(w, NEGATIVE), table(w, LIVE)
    clear(table(w, X), qubits * words, 0)
    clear(table(w, Z), qubits * words, 0)
    clear(negative, words, 0)
    clear(live, words, 0)
    for i in range(first, w[TURNS] + w[ROWS]):
        word, bit = slot[i] >> 6, slot[i] & 63
        live[word] |= 1 << bit
        negative[word] |= sign[i] << bit
        letters: Int = 0
        for part in range(2):
            column = table(w, X + part)
            for k in range(wide):
                mask: Int = string[(2 * i + part) * wide + k]
                while mask != 0:
                    column[(64 * k + ctz(mask)) * words + word] |= 1 << bit
                    mask &= mask - 1
        for k in range(wide):
            letters += count_ones(string[2 * i * wide + k] | string[(2 * i + 1) * wide + k])
        weight[slot[i]] = letters
    for qubit in range(qubits):
        refresh(w, qubit)


@function
def letter_at(w: Ints, slot: Int, qubit: Int) -> Any:
    """0, 1, 2 for the X, Y, Z of a string on a qubit, or -1."""
    at = qubit * w[WORDS] + (slot >> 6)
    x, z = table(w, X)[at] >> (slot & 63) & 1, table(w, Z)[at] >> (slot & 63) & 1
    letter: Int = -1
    if x == 1:
        letter = z
    elif z == 1:
        letter = 2
    return letter
