"""What the search for routes reads and works on: tables of Ints behind a head of offsets."""

from __future__ import annotations

from typing import Any

from qmlc.kernels.language import Int, Ints, address, function, inline, ints

HEADER = (
    "wires",
    "places",
    "gates",
    "levels",
    "size",
    "neighbours_start",
    "neighbours",
    "distance",
    "first_wire",
    "second_wire",
    "first_level",
    "second_level",
    "cost",
    "merged",
    "start",
    "members",
    "weight",
    "reach",
)
"""What the numbers at the head of a problem are: counts, then offsets of tables.

`neighbours` of place p stand from `neighbours_start[p]` on; `distance` is a matrix, in steps. Each
gate has its wires, its level on each of these, its `cost` in two-qubit gates, and what an exchange
costs that is merged with it. `members` lists the gates of wire w at level l from
`start[w * levels + l]` on. `weight` says for each pair of wires how near they should begin. `reach`
is the pain of a distance.
"""

WIRES, PLACES, GATES, LEVELS, SIZE = range(5)
NEIGHBOURS_START, NEIGHBOURS, DISTANCE, FIRST_WIRE, SECOND_WIRE = range(5, 10)
FIRST_LEVEL, SECOND_LEVEL, COST, MERGED, START, MEMBERS, WEIGHT, REACH = range(10, 18)

AT, LEVEL, TOP, DONE, LEFT, PAIR, FRONT = range(7)
QUEUED, CLOCK, PARTNERS, PARTNER, PULL, TIRED, COUNTS = range(7, 14)
WORK = (
    "at",
    "level",
    "top",
    "done",
    "left",
    "pair",
    "front",
    "queued",
    "clock",
    "partners",
    "partner",
    "pull",
    "tired",
    "counts",
)
"""The tables that are worked on: the wire `at` each place (or -1); of each wire its level, and
its highest level so far; of each gate whether it was done; the gates `left` at a level; the last
gate of a pair of wires; the gates that may be next; the depth at a place; the partners that a wire
is drawn to, and how much."""
FRONT_COUNT, LEFT_COUNT, EVENTS, SINCE, TOTAL, OLDEST = range(6)


@inline
def table(problem: Any, number: Any) -> Any:
    """A table of a problem, or of what is worked on."""
    return ints(address(problem) + 8 * problem[number])


@function
def draw(random: Ints, below: Int) -> Any:
    """A random number; Knuth's linear congruences."""
    random[0] = random[0] * 6364136223846793005 + 1442695040888963407
    return ((random[0] >> 33) & 0x7FFFFFFF) % below


@inline
def clear(pointer: Any, count: Any, number: Any) -> None:
    """Write a number everywhere."""
    for i in range(count):
        pointer[i] = number
