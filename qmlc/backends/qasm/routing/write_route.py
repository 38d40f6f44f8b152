"""The gates of a network, in the order and at the places that a route says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from qmlc.backends.qasm.routing.collect_blocks import Network, WireGate
from qmlc.backends.qasm.routing.find_routes import Route
from qmlc.backends.qasm.routing.pair_paulis import TURNS, turns_of
from qmlc.backends.qasm.routing.write_blocks import (
    DeviceGate,
    write_block,
    write_exchange,
    write_move,
)


def write_route(network: Network, route: Route, places: int) -> list[DeviceGate]:
    """The gates on a device of so many places."""
    writer = _RouteWriter(network, route.start)
    later = {block for event, block in route.events if event < 0}
    for event, merged in route.events:
        if event < 0:
            writer.exchange(*divmod(-1 - event, places), merged)
        elif event not in later:
            writer.block(event, False)
    writer.finish()
    return writer.gates


class WireWriter:
    """What was written of a network, and where the wires are."""

    def __init__(self, network: Network, start: Sequence[int]) -> None:
        self.gates: list[DeviceGate] = []
        self._network = network
        self._place = list(start)
        self._written = [0] * network.wires

    def place(self, wire: int) -> int:
        """Where a wire is."""
        return self._place[wire]

    def move(self, places: Mapping[int, int]) -> None:
        """Wires are at other places now."""
        for wire, place in places.items():
            self._place[wire] = place

    def singles(self, wire: int, below: float) -> None:
        """Write the gates on one wire alone that stand below a level."""
        gates = self._network.singles[wire]
        while self._written[wire] < len(gates) and gates[self._written[wire]][0] < below:
            self.gates += _single(gates[self._written[wire]][1], self._place[wire])
            self._written[wire] += 1

    def finish(self) -> None:
        """Write the rest of the gates on one wire alone."""
        for wire in range(self._network.wires):
            self.singles(wire, float("inf"))


class _RouteWriter(WireWriter):
    """Carries out the events of a route."""

    def block(self, number: int, exchange: bool) -> None:
        """A block, merged with an exchange of its wires where that is said."""
        block = self._network.blocks[number]
        for wire, level in zip(block.wires, self._network.levels[number], strict=True):
            self.singles(wire, level)
        x, y = (self._place[wire] for wire in block.wires)
        write_block(block, x, y, exchange, self.gates.append)

    def exchange(self, x: int, y: int, merged: int) -> None:
        """An exchange of two places, and the block that it is merged with, or -1."""
        there = {place: wire for wire, place in enumerate(self._place) if place in (x, y)}
        if merged >= 0:
            self.block(merged, True)
        elif len(there) == 2:
            write_exchange(x, y, self.gates.append)
        else:
            write_move(*((x, y) if x in there else (y, x)), self.gates.append)
        self.move({wire: y if place == x else x for place, wire in there.items()})


def _single(gate: WireGate, place: int) -> Iterator[DeviceGate]:
    if gate.name in TURNS:
        for turn in turns_of(gate.name, gate.angles, "0"):
            yield DeviceGate(turn.letters[0].lower(), (place,), turn.angle)
    else:
        yield DeviceGate("u", (place,), gate.item.operation.to_matrix())
