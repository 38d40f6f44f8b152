"""The gates of a network, in the order and at the places that a route says."""

from __future__ import annotations

from collections.abc import Iterator

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
    writer = _RouteWriter(network, route)
    later = {block for event, block in route.events if event < 0}
    for event, merged in route.events:
        if event < 0:
            writer.exchange(*divmod(-1 - event, places), merged)
        elif event not in later:
            writer.block(event, False)
    for wire in range(network.wires):
        writer.singles(wire, float("inf"))
    return writer.gates


class _RouteWriter:
    """What was written, and where the wires are."""

    def __init__(self, network: Network, route: Route) -> None:
        self.gates: list[DeviceGate] = []
        self._network = network
        self._place = list(route.start)
        self._at = {place: wire for wire, place in enumerate(route.start)}
        self._written = [0] * network.wires

    def singles(self, wire: int, below: float) -> None:
        """The gates on one wire alone that stand below a level."""
        gates = self._network.singles[wire]
        while self._written[wire] < len(gates) and gates[self._written[wire]][0] < below:
            self.gates += _single(gates[self._written[wire]][1], self._place[wire])
            self._written[wire] += 1

    def block(self, number: int, exchange: bool) -> None:
        """A block, merged with an exchange of its wires where that is said."""
        block = self._network.blocks[number]
        for wire, level in zip(block.wires, self._network.levels[number], strict=True):
            self.singles(wire, level)
        x, y = (self._place[wire] for wire in block.wires)
        write_block(block, x, y, exchange, self.gates.append)

    def exchange(self, x: int, y: int, merged: int) -> None:
        """An exchange of two places, and the block that it is merged with, or -1."""
        if merged >= 0:
            self.block(merged, True)
        elif x in self._at and y in self._at:
            write_exchange(x, y, self.gates.append)
        else:
            write_move(*((x, y) if x in self._at else (y, x)), self.gates.append)
        wires = self._at.pop(x, None), self._at.pop(y, None)
        for wire, goal in zip(wires, (y, x), strict=True):
            if wire is not None:
                self._at[goal], self._place[wire] = wire, goal


def _single(gate: WireGate, place: int) -> Iterator[DeviceGate]:
    if gate.name in TURNS:
        for turn in turns_of(gate.name, gate.angles, "0"):
            yield DeviceGate(turn.letters[0].lower(), (place,), turn.angle)
    else:
        yield DeviceGate("u", (place,), gate.operation.to_matrix())
