"""Where wires begin, and when they are exchanged, so that blocks act on neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmlc.backends.qasm.routing.collect_blocks import Network
from qmlc.backends.qasm.routing.embed_wires import embed_wires
from qmlc.backends.qasm.routing.places import FAR, Ints, Places
from qmlc.kernels.load_library import load_compiling
from qmlc.kernels.route_gates import GATE_WORTH, PATIENCE
from qmlc.kernels.routing_tables import HEADER, LEVELS, WORK

UNKNOWN = 1 << 30
"""A cost that any way undercuts."""
SMALL = 60
"""Blocks; of circuits with fewer, as many times more beginnings are tried."""


@dataclass(frozen=True, slots=True)
class Route:
    """A way to carry out a network: the places of wires at the beginning and at the end.

    `events` are in order: a block by its number with -1, or -1 - (x * places + y) for an exchange
    of neighbours with the number of the block that it is merged with, or -1. A block that is merged
    is carried out then. `cost` are the two-qubit gates of exchanges.
    """

    cost: int
    depth: int
    start: tuple[int, ...]
    end: tuple[int, ...]
    events: tuple[tuple[int, int], ...]


def worth(gates: int, depth: int) -> int:
    """By what ways are compared: the less the better."""
    return GATE_WORTH * gates + depth


def find_route(
    network: Network,
    places: Places,
    trials: int,
    rounds: int,
    seed: int,
    start: tuple[int, ...] | None = None,
) -> Route:
    """The best of `trials` ways, each improved `rounds` times; the same for the same arguments.

    Of a small circuit more ways are tried. All begin at `start`, if that is given.
    """
    if not network.blocks:
        start = start or tuple(range(network.wires))
        return Route(0, 0, start, start, ())
    forth, back = (_problem(network, places, backward) for backward in (False, True))
    levels = int(forth[LEVELS])
    work, room = _work(network, places, levels)
    wires = network.wires
    best = np.zeros(3 + 2 * wires + 2 * room, dtype=np.int64)
    best[:2] = UNKNOWN
    steps = 60 * wires + 400
    pointers = (array.ctypes.data for array in (forth, back, work, best))
    trials *= max(1, SMALL // len(network.blocks))
    given = start or embed_wires(network, places)
    if given:
        best[3 : 3 + wires] = given
        pairs = (block.wires for block in network.blocks)
        # where all blocks are between neighbours, one way is as good as another
        fits = all(places.distances[given[a], given[b]] == 1 for a, b in pairs)
        trials, rounds = 1 if fits else trials, 1
    load_compiling().find_routes(*pointers, trials, rounds, steps, seed, int(given is not None))
    ends = best[3 : 3 + 2 * wires].tolist()
    events = best[3 + 2 * wires : 3 + 2 * wires + 2 * int(best[2])].reshape(-1, 2).tolist()
    return Route(
        int(best[0]),
        int(best[1]),
        tuple(ends[:wires]),
        tuple(ends[wires:]),
        tuple((first, second) for first, second in events),
    )


def _problem(network: Network, places: Places, backward: bool) -> Ints:
    """The table that the kernel reads; see `HEADER`."""
    order = range(len(network.blocks))
    numbers = reversed(order) if backward else order
    blocks = [(network.blocks[i], network.levels[i]) for i in numbers]
    wires = network.wires
    height = [0] * wires
    for block, levels in blocks:
        for wire, level in zip(block.wires, levels, strict=True):
            height[wire] = max(height[wire], level)
    if backward:
        blocks = [
            (block, tuple(height[w] - x for w, x in zip(block.wires, levels, strict=True)))  # type: ignore[misc]
            for block, levels in blocks
        ]
    count = max(height) + 1
    members: list[list[int]] = [[] for _ in range(wires * count)]
    weights = np.zeros((wires, wires), dtype=np.int64)
    for i, (block, levels) in enumerate(blocks):
        for wire, level in zip(block.wires, levels, strict=True):
            members[wire * count + level].append(i)
        weight = max(1, int(64 * 0.97**i))
        weights[block.wires] += weight
        weights[block.wires[::-1]] += weight
    tables = (
        places.starts,
        places.neighbours,
        places.distances,
        [block.wires[0] for block, _ in blocks],
        [block.wires[1] for block, _ in blocks],
        [levels[0] for _, levels in blocks],
        [levels[1] for _, levels in blocks],
        [block.cost for block, _ in blocks],
        [block.merged for block, _ in blocks],
        np.cumsum([0, *map(len, members)]),
        [i for numbers in members for i in numbers],
        weights,
        64 * np.maximum(np.arange(FAR + 1) - 1, 0),
    )
    return _pack(len(HEADER), [wires, places.count, len(blocks), count], tables)


def _pack(head: int, counts: Sequence[int], tables: Sequence[Any]) -> Ints:
    """One array of counts, its size, the offsets of tables, and these."""
    flat = [np.asarray(table, dtype=np.int64).ravel() for table in tables]
    offsets = np.cumsum([head, *map(len, flat)])
    return np.concatenate([np.array([*counts, offsets[-1], *offsets[:-1]], dtype=np.int64), *flat])


def _work(network: Network, places: Places, levels: int) -> tuple[Ints, int]:
    """Room for the kernel to work in, and how many events it may write."""
    wires, blocks = network.wires, len(network.blocks)
    by_place = dict.fromkeys(("at", "clock", "tired"), places.count)
    by_wire = dict.fromkeys(("level", "top", "partners"), wires)
    by_block = dict.fromkeys(("done", "front", "queued"), blocks)
    by_both = dict.fromkeys(("partner", "pull"), wires * blocks)
    others = {"left": wires * levels, "pair": wires * wires, "counts": 16}
    sizes = by_place | by_wire | by_block | by_both | others
    offsets = np.cumsum([len(WORK) + 1, *(sizes[name] for name in WORK)])
    farthest = int(np.max(places.distances, initial=0))
    room = blocks * (PATIENCE + farthest + 2)
    head = 1 + 2 * wires
    work = np.zeros(head + int(offsets[-1]) + 2 * room, dtype=np.int64)
    work[head : head + len(offsets)] = offsets
    return work, room
