"""Where the wires of a circuit begin on a device: near those that they share gates with."""

from __future__ import annotations

from typing import Any

from qmlc.kernels.language import Int, Ints, function, maximum
from qmlc.kernels.routing_tables import (
    AT,
    DISTANCE,
    NEIGHBOURS,
    NEIGHBOURS_START,
    PLACES,
    REACH,
    WEIGHT,
    WIRES,
    clear,
    draw,
    table,
)


@function
def scatter(p: Ints, w: Ints, place: Ints, random: Ints) -> None:
    """Put the wires on places that hang together, in random order."""
    places, wires = p[PLACES], p[WIRES]
    at, start, neighbours = table(w, AT), table(p, NEIGHBOURS_START), table(p, NEIGHBOURS)
    clear(at, places, -1)
    place[0] = draw(random, places)
    at[place[0]] = 0
    filled = 1
    while filled < wires:
        near = place[draw(random, filled)]
        y = neighbours[start[near] + draw(random, start[near + 1] - start[near])]
        if at[y] < 0:
            at[y] = filled
            place[filled] = y
            filled += 1
    for i in range(wires):
        j = draw(random, wires)
        x, y = place[i], place[j]
        place[i] = y
        place[j] = x
        at[y] = i
        at[x] = j


@function
def tension(p: Ints, place: Ints, wire: Int, here: Int, other: Int) -> Any:
    """How far a wire would be from those it is tied to, but for `other`, if it were `here`."""
    weight, distance, reach = table(p, WEIGHT), table(p, DISTANCE), table(p, REACH)
    total: Int = 0
    if wire >= 0:
        for c in range(p[WIRES]):
            if c != other and c != wire and weight[wire * p[WIRES] + c] > 0:
                far = reach[distance[here * p[PLACES] + place[c]]]
                total += weight[wire * p[WIRES] + c] * far
    return total


@function
def anneal(p: Ints, w: Ints, place: Ints, random: Ints, steps: Int) -> None:
    """Begin somewhere, with wires that share gates near each other, by simulated annealing."""
    scatter(p, w, place, random)
    wires, at = p[WIRES], table(w, AT)
    start, neighbours, weight = table(p, NEIGHBOURS_START), table(p, NEIGHBOURS), table(p, WEIGHT)
    heaviest: Int = 1
    for i in range(wires * wires):
        heaviest = maximum(heaviest, weight[i])
    for step in range(steps):
        a = draw(random, wires)
        x = place[a]
        # beside a partner, or a step away
        c = draw(random, wires)
        near: Int = x
        if weight[a * wires + c] > 0:
            near = place[c]
        y = neighbours[start[near] + draw(random, start[near + 1] - start[near])]
        b = at[y]
        if b != a:
            before = tension(p, place, a, x, b) + tension(p, place, b, y, a)
            after = tension(p, place, a, y, b) + tension(p, place, b, x, a)
            # Franz and Hoffmann: a threshold does as well as a temperature
            allowed = heaviest * 64 * (steps - step) * draw(random, 64) // (steps * 24)
            if after - before <= allowed:
                at[y] = a
                place[a] = y
                at[x] = b
                if b >= 0:
                    place[b] = x
