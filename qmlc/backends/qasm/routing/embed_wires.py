"""Places for wires at which nothing has to be exchanged, where a short search finds such."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qmlc.backends.qasm.routing.collect_blocks import Network
from qmlc.backends.qasm.routing.places import Places, steps_from

STEPS = 2000
"""Places that are tried before the search gives up."""


def embed_wires(network: Network, places: Places) -> tuple[int, ...] | None:
    """A place for each wire, those of each block being neighbours; None where none was found.

    Wires are placed one after the other, each beside one that is placed already, no farther from
    any other than the blocks between them allow.
    """
    near: list[list[int]] = [[] for _ in range(network.wires)]
    for a, b in dict.fromkeys((min(block.wires), max(block.wires)) for block in network.blocks):
        near[a].append(b)
        near[b].append(a)
    around = [places.beside(place) for place in range(places.count)]
    if network.wires > places.count or max(map(len, near)) > max(map(len, around)):
        return None
    order = list(_order(near))
    search = _Search(near, around, places.distances.tolist(), order)
    return search.run()


def _order(near: Sequence[Sequence[int]]) -> Iterator[int]:
    """The wires: from one with the most partners on, always one with the most that came before."""
    left = dict.fromkeys(sorted(range(len(near)), key=lambda wire: -len(near[wire])), 0)
    while left:
        wire = max(left, key=left.__getitem__)
        del left[wire]
        yield wire
        for other in near[wire]:
            if other in left:
                left[other] += 1


class _Search:
    """Tries places, going back where there is none."""

    def __init__(
        self,
        near: Sequence[Sequence[int]],
        around: Sequence[Sequence[int]],
        distances: Sequence[Sequence[int]],
        order: Sequence[int],
    ) -> None:
        self._near, self._around, self._distances = near, around, distances
        self._order = order
        self._steps = [steps_from(near, wire) for wire in range(len(near))]
        self._at: dict[int, int] = {}
        self._taken: set[int] = set()

    def run(self) -> tuple[int, ...] | None:
        """A place for each wire, or None."""
        tried = 0
        open_places = [self._candidates(0)]
        while open_places:
            place = next(open_places[-1], None)
            tried += 1
            if place is None or tried > STEPS:
                open_places.pop()
                if tried > STEPS or not open_places:
                    return None
                self._taken.remove(self._at.pop(self._order[len(open_places) - 1]))
                continue
            self._at[self._order[len(open_places) - 1]] = place
            self._taken.add(place)
            if len(self._at) == len(self._order):
                return tuple(self._at[wire] for wire in range(len(self._order)))
            open_places.append(self._candidates(len(open_places)))
        return None

    def _candidates(self, number: int) -> Iterator[int]:
        """Where the wire with this number can be."""
        wire = self._order[number]
        beside = next((self._at[w] for w in self._near[wire] if w in self._at), None)
        least, steps = len(self._near[wire]), self._steps[wire]
        placed = [(at, steps[w]) for w, at in self._at.items() if w in steps]
        for place in range(len(self._around)) if beside is None else self._around[beside]:
            if place not in self._taken and len(self._around[place]) >= least:
                far = self._distances[place]
                if all(far[at] <= step for at, step in placed):
                    yield place
