"""Layers of ZZ rotations between many pairs, along a path of neighbours, by parities.

Each place of a path holds the parity of two wires that stand beside each other in an order, the
first place a wire itself. Two gates then exchange wires in the order: those that add the parity of
both to the parities before and after it. Where an exchange of qubits and a rotation take three
gates, this takes two, and the qubits stay. Alternating exchanges bring all pairs together: at most
n (n - 1) gates for all pairs of n wires (Klaver and others, SWAP-less Implementation of Quantum
Algorithms, arXiv:2408.10907).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from qmlc.backends.qasm.routing.collect_blocks import Network
from qmlc.backends.qasm.routing.find_routes import Places
from qmlc.backends.qasm.routing.gate_blocks import Core
from qmlc.backends.qasm.routing.write_blocks import DeviceGate, write_cx, write_turns
from qmlc.backends.qasm.routing.write_route import WireWriter

MAX_STEPS = 5000
"""Places that are tried while a path is looked for."""

Pair = frozenset[int]


@dataclass(frozen=True, slots=True)
class Step:
    """A cx from one position of the path to another, or a turn by the angles of some blocks."""

    control: int
    target: int
    blocks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Layer:
    """Blocks that commute: the order of wires before and after, and what is done."""

    blocks: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Weave:
    """A way to carry out a network of ZZ rotations on a path of places."""

    path: tuple[int, ...]
    layers: tuple[Layer, ...]
    start: tuple[int, ...]
    end: tuple[int, ...]
    gates: int
    depth: int


def plan_weave(network: Network, places: Places) -> Weave | None:
    """The way along a path; None where a block is no ZZ rotation, or there is no path."""
    wires = sorted({wire for block in network.blocks for wire in block.wires})
    turns = all(block.kinds == "ZZ" for block in network.blocks)
    path = find_path(places, len(wires)) if wires and turns else None
    if path is None:
        return None
    layers, order = [], tuple(wires)
    for numbers in _layers(network):
        pairs: dict[Pair, tuple[int, ...]] = {}
        for i in numbers:
            pair = frozenset(network.blocks[i].wires)
            pairs[pair] = (*pairs.get(pair, ()), i)
        ways = [_weave(order, pairs, first) for first in (0, 1)]
        steps, after = min(ways, key=lambda way: sum(not step.blocks for step in way[0]))
        layers.append(Layer(tuple(numbers), order, after, tuple(steps)))
        order = after
    free = iter(sorted(set(range(places.count)) - set(path)))
    others = {wire: next(free) for wire in range(network.wires) if wire not in wires}
    first, last = (
        {**others, **dict(zip(wires_there, path, strict=True))}
        for wires_there in (layers[0].before, order)
    )
    return Weave(
        path,
        tuple(layers),
        tuple(first[wire] for wire in range(network.wires)),
        tuple(last[wire] for wire in range(network.wires)),
        *_size(layers, len(path)),
    )


def write_weave(network: Network, weave: Weave) -> list[DeviceGate]:
    """The gates of a weave, in order."""
    writer = WireWriter(network, weave.start)
    for layer in weave.layers:
        writer.move(dict(zip(layer.before, weave.path, strict=True)))
        angles = {}
        for i in layer.blocks:
            block = network.blocks[i]
            for wire, level in zip(block.wires, network.levels[i], strict=True):
                writer.singles(wire, level)
            (core,) = block.parts
            assert isinstance(core, Core)
            x, y = (writer.place(wire) for wire in block.wires)
            write_turns((*core.before, *core.after), x, y, writer.gates.append)
            angles[i] = core.turns[0].angle
        for step in layer.steps:
            place = weave.path[step.target]
            if not step.blocks:
                write_cx(weave.path[step.control], place, writer.gates.append)
            for i in step.blocks:
                writer.gates.append(DeviceGate("z", (place,), angles[i]))
        writer.move(dict(zip(layer.after, weave.path, strict=True)))
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


def _weave(
    order: tuple[int, ...], pairs: Mapping[Pair, tuple[int, ...]], first: int
) -> tuple[list[Step], tuple[int, ...]]:
    """The steps that bring all pairs beside each other, and the order at the end."""
    count = len(order)
    wires = list(order)
    steps = [Step(k - 1, k) for k in range(count - 1, 0, -1)]
    waiting = dict(pairs)
    steps += _meet(wires, waiting)
    turn = first
    while waiting:
        exchanges = list(range(1 + turn % 2, count, 2))
        for k in list(exchanges):
            # at the end, not all have to meet again
            fewer = [other for other in exchanges if other != k]
            if waiting.keys() <= _beside(_exchanged(wires, fewer)):
                exchanges = fewer
        for k in exchanges:
            steps += [Step(k, other) for other in (k - 1, k + 1) if other < count]
        wires = _exchanged(wires, exchanges)
        steps += _meet(wires, waiting)
        turn += 1
    steps += [Step(k - 1, k) for k in range(1, count)]
    return steps, tuple(wires)


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


def _size(layers: Iterable[Layer], count: int) -> tuple[int, int]:
    """Two-qubit gates, and the depth in these."""
    clock, gates = [0] * count, 0
    for layer in layers:
        for step in layer.steps:
            if not step.blocks:
                gates += 1
                after = 1 + max(clock[step.control], clock[step.target])
                clock[step.control] = clock[step.target] = after
    return gates, max(clock)
