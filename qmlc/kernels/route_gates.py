"""Search for a way to carry out the two-qubit gates of a circuit on neighbours of a device.

After SABRE (Li, Ding, Xie, ASPLOS 2019): of all exchanges of neighbours, do the one that brings the
gates that could be next nearest to being possible. What differs is that gates which commute wait
for each other nowhere (a wire's gates stand in levels, and those of a level commute), and that an
exchange costs what it costs once it is merged with the last gate on the same pair.

Numbers are whole, and random ones are from a generator of its own: the same call, the same result.
A problem is a table of Ints that begins with offsets (see `routing_tables.py`).
"""

from __future__ import annotations

from typing import Any

from qmlc.kernels.language import Int, Ints, address, entry, function, ints, maximum
from qmlc.kernels.place_wires import anneal
from qmlc.kernels.routing_tables import (
    AT,
    CLOCK,
    COST,
    COUNTS,
    DISTANCE,
    DONE,
    EVENTS,
    FIRST_LEVEL,
    FIRST_WIRE,
    FRONT,
    FRONT_COUNT,
    GATES,
    LEFT,
    LEFT_COUNT,
    LEVEL,
    LEVELS,
    MEMBERS,
    MERGED,
    NEIGHBOURS,
    NEIGHBOURS_START,
    OLDEST,
    PAIR,
    PARTNER,
    PARTNERS,
    PLACES,
    PULL,
    QUEUED,
    REACH,
    SECOND_LEVEL,
    SECOND_WIRE,
    SINCE,
    START,
    TIRED,
    TOP,
    TOTAL,
    WIRES,
    WORK,
    clear,
    draw,
    table,
)

EXCHANGE = 3
"""Two-qubit gates of an exchange."""
MOVE = 2
"""The same, where one of both is known to be in |0>."""
GATE_WORTH = 4
"""Layers that are given for a gate on two qubits less."""
NEVER = 1 << 60
"""A depth that is not reached."""
AHEAD = 24
"""Gates that are looked at which cannot be next."""
PATIENCE = 24
"""Exchanges without a gate, after which the nearest gate is made possible."""


@function
def advance(p: Ints, w: Ints, wire: Int) -> None:
    """Go to the next level of a wire that has gates, and queue those that can be next."""
    levels = p[LEVELS]
    left, level = table(w, LEFT), table(w, LEVEL)
    here: Int = level[wire]
    while here < levels and left[wire * levels + here] == 0:
        here += 1
    level[wire] = here
    if here < levels:
        start, members = table(p, START), table(p, MEMBERS)
        first, second = table(p, FIRST_WIRE), table(p, SECOND_WIRE)
        first_level, second_level = table(p, FIRST_LEVEL), table(p, SECOND_LEVEL)
        queued, front, counts = table(w, QUEUED), table(w, FRONT), table(w, COUNTS)
        for i in range(start[wire * levels + here], start[wire * levels + here + 1]):
            gate = members[i]
            ready = level[first[gate]] == first_level[gate]
            if ready and level[second[gate]] == second_level[gate] and queued[gate] == 0:
                queued[gate] = 1
                front[counts[FRONT_COUNT]] = gate
                counts[FRONT_COUNT] += 1


@function
def begin(p: Ints, w: Ints, place: Ints) -> None:
    """Fill the tables for a circuit that begins with the wires at `place`."""
    wires, places, gates, levels = p[WIRES], p[PLACES], p[GATES], p[LEVELS]
    at, start, left = table(w, AT), table(p, START), table(w, LEFT)
    clear(at, places, -1)
    for wire in range(wires):
        at[place[wire]] = wire
    for i in range(wires * levels):
        left[i] = start[i + 1] - start[i]
    clear(table(w, LEVEL), wires, 0)
    clear(table(w, TOP), wires, -1)
    clear(table(w, DONE), gates, 0)
    clear(table(w, QUEUED), gates, 0)
    clear(table(w, PAIR), wires * wires, -1)
    clear(table(w, CLOCK), places, 0)
    clear(table(w, TIRED), places, 0)
    counts = table(w, COUNTS)
    clear(counts, 16, 0)
    counts[LEFT_COUNT] = gates
    for wire in range(wires):
        advance(p, w, wire)


@function
def carry_out(p: Ints, w: Ints, place: Ints, events: Ints, gate: Int) -> None:
    """Do a gate, whose wires are neighbours."""
    a, b = table(p, FIRST_WIRE)[gate], table(p, SECOND_WIRE)[gate]
    la, lb = table(p, FIRST_LEVEL)[gate], table(p, SECOND_LEVEL)[gate]
    counts, top, left = table(w, COUNTS), table(w, TOP), table(w, LEFT)
    levels, wires, clock = p[LEVELS], p[WIRES], table(w, CLOCK)
    events[2 * counts[EVENTS]] = gate
    events[2 * counts[EVENTS] + 1] = -1
    counts[EVENTS] += 1
    table(w, DONE)[gate] = 1
    counts[LEFT_COUNT] -= 1
    top[a] = maximum(top[a], la)
    top[b] = maximum(top[b], lb)
    table(w, PAIR)[a * wires + b] = gate
    table(w, PAIR)[b * wires + a] = gate
    after = maximum(clock[place[a]], clock[place[b]]) + table(p, COST)[gate]
    clock[place[a]] = after
    clock[place[b]] = after
    left[a * levels + la] -= 1
    left[b * levels + lb] -= 1
    if left[a * levels + la] == 0:
        advance(p, w, a)
    if left[b * levels + lb] == 0:
        advance(p, w, b)


@function
def carry_out_all(p: Ints, w: Ints, place: Ints, events: Ints) -> Any:
    """Do every gate that can be done, those first that can be soonest; how many there were."""
    counts, front, distance = table(w, COUNTS), table(w, FRONT), table(p, DISTANCE)
    first, second, places = table(p, FIRST_WIRE), table(p, SECOND_WIRE), p[PLACES]
    clock = table(w, CLOCK)
    found: Int = 0
    now: Int = 0
    while now < NEVER:
        later: Int = NEVER
        i: Int = 0
        while i < counts[FRONT_COUNT]:
            gate = front[i]
            x, y = place[first[gate]], place[second[gate]]
            i += 1
            if distance[x * places + y] == 1:
                soonest: Int = maximum(clock[x], clock[y])
                if soonest <= now:
                    i -= 1
                    counts[FRONT_COUNT] -= 1
                    front[i] = front[counts[FRONT_COUNT]]
                    carry_out(p, w, place, events, gate)
                    found += 1
                elif soonest < later:
                    later = soonest
        now = later
    return found


@function
def mergeable(p: Ints, w: Ints, a: Int, b: Int) -> Any:
    """The gate that an exchange of two wires can be merged with, or -1.

    It is done with the exchange then, not before: what came after it on its wires commutes with it.
    """
    gate = table(w, PAIR)[a * p[WIRES] + b]
    found: Int = -1
    if gate >= 0:
        top = table(w, TOP)
        first = table(p, FIRST_WIRE)[gate]
        second = table(p, SECOND_WIRE)[gate]
        levels = top[first] == table(p, FIRST_LEVEL)[gate]
        if levels and top[second] == table(p, SECOND_LEVEL)[gate]:
            found = gate
    return found


@function
def exchange_cost(p: Ints, w: Ints, x: Int, y: Int) -> Any:
    """Two-qubit gates that an exchange of two places takes now."""
    at = table(w, AT)
    cost: Int = EXCHANGE
    if at[x] < 0 or at[y] < 0:
        cost = MOVE
    else:
        gate = mergeable(p, w, at[x], at[y])
        if gate >= 0:
            cost = table(p, MERGED)[gate]
    return cost


@function
def exchange(p: Ints, w: Ints, place: Ints, events: Ints, x: Int, y: Int) -> None:
    """Exchange what is at two neighbours."""
    at, counts, clock = table(w, AT), table(w, COUNTS), table(w, CLOCK)
    a, b = at[x], at[y]
    cost = exchange_cost(p, w, x, y)
    gate: Int = -1
    if a >= 0 and b >= 0:
        gate = mergeable(p, w, a, b)
        table(w, PAIR)[a * p[WIRES] + b] = -1
        table(w, PAIR)[b * p[WIRES] + a] = -1
    events[2 * counts[EVENTS]] = -1 - (x * p[PLACES] + y)
    events[2 * counts[EVENTS] + 1] = gate
    counts[EVENTS] += 1
    counts[TOTAL] += cost
    after = maximum(clock[x], clock[y]) + cost
    clock[x] = after
    clock[y] = after
    at[x] = b
    at[y] = a
    if a >= 0:
        place[a] = y
    if b >= 0:
        place[b] = x


@function
def draw_to(p: Ints, w: Ints, gate: Int, pull: Int) -> None:
    """Note that the wires of a gate should come near each other."""
    a, b = table(p, FIRST_WIRE)[gate], table(p, SECOND_WIRE)[gate]
    partners, partner, pulls = table(w, PARTNERS), table(w, PARTNER), table(w, PULL)
    room = p[GATES]
    partner[a * room + partners[a]] = b
    pulls[a * room + partners[a]] = pull
    partners[a] += 1
    partner[b * room + partners[b]] = a
    pulls[b * room + partners[b]] = pull
    partners[b] += 1


@function
def look_ahead(p: Ints, w: Ints, pull: Int, ahead: Int, fade: Int) -> None:
    """Note what wires are drawn to: all that may be next, and a number of gates after these."""
    counts, front, queued = table(w, COUNTS), table(w, FRONT), table(w, QUEUED)
    clear(table(w, PARTNERS), p[WIRES], 0)
    for i in range(counts[FRONT_COUNT]):
        draw_to(p, w, front[i], pull)
    oldest: Int = counts[OLDEST]
    while oldest < p[GATES] and queued[oldest] == 1:
        oldest += 1
    counts[OLDEST] = oldest
    found, less, gate = 0, ahead, oldest
    while found < AHEAD and gate < p[GATES] and less > 0:
        if queued[gate] == 0:
            draw_to(p, w, gate, less)
            found += 1
            less = less * fade // 64
        gate += 1


@function
def pain(p: Ints, w: Ints, place: Ints, wire: Int, here: Int, there: Int, other: Int) -> Any:
    """How much worse it gets for the gates of a wire that goes from `here` to `there`."""
    partners, partner, pulls = table(w, PARTNERS), table(w, PARTNER), table(w, PULL)
    distance, reach, places, room = table(p, DISTANCE), table(p, REACH), p[PLACES], p[GATES]
    total: Int = 0
    if wire >= 0:
        for i in range(partners[wire]):
            c = partner[wire * room + i]
            if c != other:
                far = reach[distance[there * places + place[c]]]
                near = reach[distance[here * places + place[c]]]
                total += pulls[wire * room + i] * (far - near)
    return total


@function
def best_exchange(
    p: Ints, w: Ints, place: Ints, random: Ints, price: Int, weariness: Int, late: Int, noise: Int
) -> Any:
    """The pair of neighbours, as a number, whose exchange promises most."""
    at, partners, tired = table(w, AT), table(w, PARTNERS), table(w, TIRED)
    start, neighbours, places = table(p, NEIGHBOURS_START), table(p, NEIGHBOURS), p[PLACES]
    clock = table(w, CLOCK)
    best: Int = 1 << 60
    found: Int = 0
    for wire in range(p[WIRES]):
        if partners[wire] > 0:
            x = place[wire]
            for i in range(start[x], start[x + 1]):
                y = neighbours[i]
                b = at[y]
                if b < 0 or b > wire or partners[b] == 0:
                    score: Int = pain(p, w, place, wire, x, y, b)
                    score += pain(p, w, place, b, y, x, wire)
                    score += price * exchange_cost(p, w, x, y)
                    score += weariness * (tired[x] + tired[y])
                    score += late * maximum(clock[x], clock[y])
                    score += draw(random, noise)
                    if score < best:
                        best = score
                        found = x * places + y
    return found


@function
def forced_exchange(p: Ints, w: Ints, place: Ints) -> Any:
    """The pair of neighbours whose exchange brings the nearest gate that may be next nearer."""
    counts, front, distance = table(w, COUNTS), table(w, FRONT), table(p, DISTANCE)
    first, second, places = table(p, FIRST_WIRE), table(p, SECOND_WIRE), p[PLACES]
    start, neighbours = table(p, NEIGHBOURS_START), table(p, NEIGHBOURS)
    best: Int = 1 << 60
    gate: Int = 0
    for i in range(counts[FRONT_COUNT]):
        far = distance[place[first[front[i]]] * places + place[second[front[i]]]]
        if far < best:
            best = far
            gate = front[i]
    x, goal = place[first[gate]], place[second[gate]]
    found: Int = 0
    for i in range(start[x], start[x + 1]):
        if distance[neighbours[i] * places + goal] < best:
            found = x * places + neighbours[i]
    return found


@function
def route(p: Ints, w: Ints, place: Ints, events: Ints, random: Ints, bound: Int) -> None:
    """Do all gates, from `place`, which becomes where the wires end. Gives up above `bound`."""
    begin(p, w, place)
    counts, tired = table(w, COUNTS), table(w, TIRED)
    pull = 64
    ahead, fade = 2 << draw(random, 5), 48 + draw(random, 17)
    price = 24 << draw(random, 5)
    weariness, noise = 8 << draw(random, 5), 1 + (4 << draw(random, 7))
    late = (1 << draw(random, 6)) // 2
    while counts[LEFT_COUNT] > 0 and counts[TOTAL] < bound:
        if carry_out_all(p, w, place, events) > 0:
            counts[SINCE] = 0
            clear(tired, p[PLACES], 0)
        if counts[LEFT_COUNT] > 0:
            pair: Int = 0
            if counts[SINCE] < PATIENCE:
                look_ahead(p, w, pull, ahead, fade)
                pair = best_exchange(p, w, place, random, price, weariness, late, noise)
            else:
                pair = forced_exchange(p, w, place)
            x, y = pair // p[PLACES], pair % p[PLACES]
            exchange(p, w, place, events, x, y)
            tired[x] += 1
            tired[y] += 1
            counts[SINCE] += 1


@function
def keep_best(p: Ints, w: Ints, place: Ints, start: Ints, events: Ints, best: Ints) -> None:
    """Keep a way that is better: its cost, depth, number of events, places and events."""
    counts, clock = table(w, COUNTS), table(w, CLOCK)
    depth: Int = 0
    for i in range(p[PLACES]):
        depth = maximum(depth, clock[i])
    worth = GATE_WORTH * counts[TOTAL] + depth
    if counts[LEFT_COUNT] == 0 and worth < GATE_WORTH * best[0] + best[1]:
        best[0] = counts[TOTAL]
        best[1] = depth
        best[2] = counts[EVENTS]
        wires = p[WIRES]
        for i in range(wires):
            best[3 + i] = start[i]
            best[3 + wires + i] = place[i]
        for i in range(2 * counts[EVENTS]):
            best[3 + 2 * wires + i] = events[i]


@entry
def find_routes(
    forth: Ints,
    back: Ints,
    work: Ints,
    best: Ints,
    trials: Int,
    rounds: Int,
    steps: Int,
    seed: Int,
    given: Int,
) -> None:
    """The best way of `trials` beginnings, each improved `rounds` times by going forth and back.

    `back` is the problem `forth` with its levels reversed. `best` starts with a cost that must be
    undercut, twice; if one is `given`, the only beginning stands where the best is to stand.
    """
    p, wires = forth, forth[WIRES]
    # the number of random draws so far, then places and events
    random, place = work, ints(address(work) + 8)
    start = ints(address(place) + 8 * wires)
    w = ints(address(start) + 8 * wires)
    events = ints(address(w) + 8 * w[len(WORK)])
    random[0] = seed
    for i in range(wires):
        start[i] = best[3 + i]
    for _ in range(trials):
        if given == 1:
            for i in range(wires):
                place[i] = start[i]
        else:
            anneal(p, w, place, random, steps)
        for step in range(rounds):
            for i in range(wires):
                start[i] = place[i]
            route(p, w, place, events, random, best[0] + best[1] // GATE_WORTH + 1)
            keep_best(p, w, place, start, events, best)
            if step < rounds - 1:
                route(back, w, place, events, random, 1 << 40)
