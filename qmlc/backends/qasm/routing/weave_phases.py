"""Layers of ZZ rotations between many pairs, along a path of neighbours, by parities.

Each place of a path holds the parity of two wires that stand beside each other in an order, the
first place a wire itself. Two gates then exchange wires in the order: those that add the parity of
both to the parities before and after it. Where an exchange of qubits and a rotation take three
gates, this takes two, and the qubits stay. Alternating exchanges bring all pairs together: at most
n (n - 1) gates for all pairs of n wires (Klaver and others, SWAP-less Implementation of Quantum
Algorithms, arXiv:2408.10907).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from qmlc.backends.qasm.routing.collect_blocks import Network
from qmlc.backends.qasm.routing.find_routes import worth
from qmlc.backends.qasm.routing.gate_blocks import Core
from qmlc.backends.qasm.routing.pair_paulis import Angle
from qmlc.backends.qasm.routing.places import Places
from qmlc.backends.qasm.routing.write_blocks import DeviceGate, write_cx
from qmlc.backends.qasm.routing.write_route import WireWriter

REACH = 64
"""Steps that are looked back over for one that is undone."""
MAX_STEPS = 5000
"""Places that are tried while a path is looked for."""

Pair = frozenset[int]


class Step(NamedTuple):
    """A cx from one position of the path to another, or something at one position.

    That is a turn by the angles of `blocks`, or the gates of a wire alone that stand below a level,
    when nothing but this position holds the wire.
    """

    control: int
    target: int
    blocks: tuple[int, ...] = ()
    alone: tuple[int, float] | None = None


Steps = tuple[list[Step], tuple[int, ...]]
"""Steps, and the order of wires after them."""


@dataclass(frozen=True, slots=True)
class Weave:
    """A way to carry out a network of ZZ rotations on a path of places."""

    steps: tuple[Step, ...]
    path: tuple[int, ...]
    start: tuple[int, ...]
    end: tuple[int, ...]
    gates: int
    depth: int


def plan_weave(network: Network, places: Places) -> Weave | None:
    """The way along a path; None where there is none.

    That is where a block is no ZZ rotation, where layers do not link most wires, as then it does
    not pay, and where no path is found.
    """
    wires = sorted({wire for block in network.blocks for wire in block.wires})
    if not wires or any(block.kinds != "ZZ" for block in network.blocks):
        return None
    layers = _layers(network)
    dense = 2 * len(network.blocks) >= len(layers) * len(wires)
    path = find_path(places, len(wires)) if dense else None
    if path is None:
        return None
    # how a wire that others share goes through them depends on where it begins
    linked = [_Layer(network, numbers) for numbers in layers]
    hubs = any(layer.hub is not None for layer in linked)
    choices = [(tuple(wires), False)]
    if hubs:
        choices += [(tuple(wires), True), (tuple(wires[::-1]), False), (tuple(wires[::-1]), True)]
    plans = [_plan(network, linked, *choice) for choice in choices]
    sizes = [_size(steps, len(path)) for steps, *_ in plans]
    best = min(range(len(plans)), key=lambda i: worth(*sizes[i]))
    steps, *orders = plans[best]
    free = iter(sorted(set(range(places.count)) - set(path)))
    others = {wire: next(free) for wire in range(network.wires) if wire not in wires}
    start, end = ({**others, **dict(zip(order, path, strict=True))} for order in orders)
    return Weave(
        tuple(steps),
        path,
        tuple(start[wire] for wire in range(network.wires)),
        tuple(end[wire] for wire in range(network.wires)),
        *sizes[best],
    )


class _Layer:
    """The pairs of wires of a layer with their blocks, and on each wire the lowest level of it."""

    def __init__(self, network: Network, numbers: Iterable[int]) -> None:
        self.pairs: dict[Pair, tuple[int, ...]] = {}
        self.lowest: dict[int, int] = {}
        for i in numbers:
            wires = network.blocks[i].wires
            self.pairs[frozenset(wires)] = (*self.pairs.get(frozenset(wires), ()), i)
            for wire, level in zip(wires, network.levels[i], strict=True):
                self.lowest[wire] = min(level, self.lowest.get(wire, level))
        self.hub = _hub(self.pairs)
        self.shorter: dict[tuple[int, ...], Steps] = {}
        """The shorter way of alternating exchanges from an order, once it was asked for."""

    def alternate(self, order: tuple[int, ...]) -> Steps:
        """The shorter way of alternating exchanges that begin with the odd or the even ones."""
        if order not in self.shorter:
            ways = (_alternate(order, self.pairs, first) for first in (0, 1))
            self.shorter[order] = min(ways, key=_count_cx)
        return self.shorter[order]


def _plan(
    network: Network, layers: Sequence[_Layer], first: tuple[int, ...], past: bool
) -> tuple[list[Step], tuple[int, ...], tuple[int, ...]]:
    """Steps from an order of wires, this order, and the one at the end.

    A wire that all pairs of a layer have in common goes `past` the last of the others, or stops.
    """
    kept: list[Step] = []
    order, written = first, [0] * network.wires
    for layer in layers:
        for wire, level in layer.lowest.items():
            ready = sum(below < level for below, _ in network.singles[wire])
            if ready > written[wire]:
                written[wire] = ready
                kept.append(Step(order.index(wire), order.index(wire), alone=(wire, level)))
        if layer.hub is None:
            steps, order = layer.alternate(order)
        else:
            travel = _travel(order, layer.pairs, layer.hub, past)
            ways = [travel] if past else [layer.alternate(order), travel]
            steps, order = min(ways, key=_count_cx)
        for step in steps:
            _add(kept, step)
    kept += [Step(k, k, alone=(wire, math.inf)) for k, wire in enumerate(order)]
    return kept, first, order


def _count_cx(way: Steps) -> int:
    return sum(step.control != step.target for step in way[0])


def _hub(pairs: Iterable[Iterable[int]]) -> int | None:
    """The wire that several pairs have in common."""
    sets = {frozenset(pair) for pair in pairs}
    return min(frozenset.intersection(*sets), default=None) if len(sets) > 1 else None


def _is_cx(step: Step) -> bool:
    return step.control != step.target


def _add(kept: list[Step], step: Step) -> None:
    """Append a step, unless it undoes one that it can be brought beside."""
    control, target = step.control, step.target
    if control != target:
        for i in range(len(kept) - 1, max(len(kept) - REACH, 0) - 1, -1):
            first, second, _, alone = kept[i]
            if first == control and second == target:
                del kept[i]
                return
            if first == target or (second == control and (first != second or alone)):
                break
    kept.append(step)


def write_weave(network: Network, weave: Weave) -> list[DeviceGate]:
    """The gates of a weave, in order."""
    writer = WireWriter(network, weave.start)
    turns: dict[int, list[Angle]] = {}
    for step in weave.steps:
        place = weave.path[step.target]
        if _is_cx(step):
            write_cx(weave.path[step.control], place, writer.gates.append)
        for i in step.blocks:
            block = network.blocks[i]
            (core,) = block.parts
            assert isinstance(core, Core)
            writer.gates.append(DeviceGate("z", (place,), core.turns[0].angle))
            for turn in (*core.before, *core.after):
                turns.setdefault(block.wires[turn.letters.index("Z")], []).append(turn.angle)
        if step.alone is not None:
            wire, level = step.alone
            writer.move({wire: place})
            writer.gates += [DeviceGate("z", (place,), a) for a in turns.pop(wire, ())]
            writer.singles(wire, level)
    writer.finish()
    return writer.gates


def find_path(places: Places, length: int) -> tuple[int, ...] | None:
    """So many places, each a neighbour of the one before; None where none is soon found."""
    near = [
        places.neighbours[a:b].tolist()
        for a, b in zip(places.starts[:-1], places.starts[1:], strict=True)
    ]
    for start in sorted(range(places.count), key=lambda place: len(near[place])):
        path, ways, left = [start], [iter(near[start])], MAX_STEPS // places.count
        while path and len(path) < length and left:
            left -= 1
            place = next((p for p in ways[-1] if p not in path), None)
            if place is None:
                path.pop()
                ways.pop()
            else:
                path.append(place)
                # Warnsdorff: first where the fewest ways lead on
                ways.append(iter(sorted(near[place], key=lambda p: _free(near[p], path))))
        if len(path) == length:
            return tuple(path)
    return None


def _free(near: Iterable[int], path: Sequence[int]) -> int:
    return sum(place not in path for place in near)


def _layers(network: Network) -> list[list[int]]:
    """The blocks by layers in which all commute."""
    lowest: dict[tuple[int, int], int] = {}
    layers: list[list[int]] = []
    for i, (block, levels) in enumerate(zip(network.blocks, network.levels, strict=True)):
        ends = list(zip(block.wires, levels, strict=True))
        layer = max(
            (lowest[w, x] + 1 for w, level in ends for x in range(level) if (w, x) in lowest),
            default=0,
        )
        for end in ends:
            lowest[end] = max(lowest.get(end, 0), layer)
        layers += [[] for _ in range(layer + 1 - len(layers))]
        layers[layer].append(i)
    return layers


def _alternate(order: tuple[int, ...], pairs: Mapping[Pair, tuple[int, ...]], first: int) -> Steps:
    """Bring all pairs beside each other by exchanges at odd and even positions in turn."""
    wires, waiting = list(order), dict(pairs)
    steps = [*_link(len(order)), *_meet(wires, waiting)]
    turn = first
    while waiting:
        exchanges = list(range(1 + turn % 2, len(order), 2))
        few = len(waiting) < len(order)
        if few and waiting.keys() <= _beside(_exchanged(wires, exchanges)):
            # at the end, not all have to meet again
            for k in list(exchanges):
                fewer = [other for other in exchanges if other != k]
                if waiting.keys() <= _beside(_exchanged(wires, fewer)):
                    exchanges = fewer
        wires = _exchange(wires, exchanges, waiting, steps)
        turn += 1
    return [*steps, *reversed(_link(len(order)))], tuple(wires)


def _travel(
    order: tuple[int, ...], pairs: Mapping[Pair, tuple[int, ...]], hub: int, past: bool
) -> Steps:
    """Bring the wire that all pairs have in common beside all others, or past them."""
    wires, waiting = list(order), dict(pairs)
    steps = [*_link(len(order)), *_meet(wires, waiting)]
    while waiting:
        place = wires.index(hub)
        right = any(wires.index(wire) > place for pair in waiting for wire in pair)
        wires = _exchange(wires, [place + 1 if right else place], waiting, steps)
    place = wires.index(hub)
    if past and place < len(wires) - 1:
        wires = _exchange(wires, [place + 1], waiting, steps)
    return [*steps, *reversed(_link(len(order)))], tuple(wires)


def _link(count: int) -> list[Step]:
    """What makes wires on a path the parities of neighbours."""
    return [Step(k - 1, k) for k in range(count - 1, 0, -1)]


def _exchange(
    wires: Sequence[int],
    exchanges: Sequence[int],
    waiting: dict[Pair, tuple[int, ...]],
    steps: list[Step],
) -> list[int]:
    """Exchange wires with those before them; the order then."""
    for k in exchanges:
        steps += [Step(k, other) for other in (k - 1, k + 1) if other < len(wires)]
    after = _exchanged(wires, exchanges)
    steps += _meet(after, waiting)
    return after


def _exchanged(wires: Sequence[int], exchanges: Iterable[int]) -> list[int]:
    result = list(wires)
    for k in exchanges:
        result[k - 1], result[k] = result[k], result[k - 1]
    return result


def _beside(wires: Sequence[int]) -> set[Pair]:
    return {frozenset(pair) for pair in pairwise(wires)}


def _meet(wires: Sequence[int], waiting: dict[Pair, tuple[int, ...]]) -> Iterator[Step]:
    """Turns of those pairs that are beside each other and still wait."""
    for k in range(1, len(wires)):
        blocks = waiting.pop(frozenset((wires[k - 1], wires[k])), None)
        if blocks is not None:
            yield Step(k, k, blocks)


def _size(steps: Iterable[Step], count: int) -> tuple[int, int]:
    """Two-qubit gates, and the depth in these."""
    clock, gates = [0] * count, 0
    for step in filter(_is_cx, steps):
        gates += 1
        clock[step.control] = clock[step.target] = 1 + max(clock[step.control], clock[step.target])
    return gates, max(clock)
