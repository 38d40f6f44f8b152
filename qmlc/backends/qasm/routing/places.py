"""The places of a device: neighbours and distances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Edges = tuple[tuple[int, int], ...]

FAR = 1024
"""A distance that no device has."""


@dataclass(frozen=True, slots=True)
class Places:
    """The neighbours on a device, and the distances between all places.

    `names` are the qubits that the places are: the largest part that hangs together.
    """

    count: int
    starts: Ints
    neighbours: Ints
    distances: Ints
    names: tuple[int, ...]

    def beside(self, place: int) -> list[int]:
        """The neighbours of a place."""
        found: list[int] = self.neighbours[self.starts[place] : self.starts[place + 1]].tolist()
        return found


@cache
def read_places(count: int, edges: Edges) -> Places:
    """The places of a device of `count` qubits with these pairs of neighbours."""
    near: list[list[int]] = [[] for _ in range(count)]
    for a, b in dict.fromkeys((min(e), max(e)) for e in edges):
        near[a].append(b)
        near[b].append(a)
    away = [steps_from(near, start) for start in range(count)]
    largest = max(away, key=len)
    names = tuple(sorted(largest))
    number = {name: place for place, name in enumerate(names)}
    neighbours = [[number[y] for y in near[x]] for x in names]
    distances = np.array([[away[x][y] for y in names] for x in names], dtype=np.int64)
    starts = np.cumsum([0, *map(len, neighbours)], dtype=np.int64)
    joined = np.array([y for ys in neighbours for y in ys], np.int64)
    return Places(len(names), starts, joined, distances, names)


def steps_from(near: Sequence[Sequence[int]], start: int) -> dict[int, int]:
    """How far all are that can be reached from one, step by step."""
    found = {start: 0}
    queue = [start]
    for x in queue:
        for y in near[x]:
            if y not in found:
                found[y] = found[x] + 1
                queue.append(y)
    return found
