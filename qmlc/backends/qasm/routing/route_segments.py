"""A circuit that measures, resets, waits or branches between its gates, on neighbours of a device.

What stands between such operations is a segment, which is routed from where the one before ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qiskit import QuantumCircuit, QuantumRegister
from qiskit.circuit import Gate, IfElseOp

from qmlc.backends.qasm.routing.collect_blocks import Network, collect_blocks
from qmlc.backends.qasm.routing.find_routes import Route, find_route, worth
from qmlc.backends.qasm.routing.merge_singles import GateMerger, GateWriter
from qmlc.backends.qasm.routing.places import Places
from qmlc.backends.qasm.routing.route_circuit import ROUNDS, RoutedCircuit, unroll
from qmlc.backends.qasm.routing.write_route import write_route

OTHERS = ("measure", "reset", "delay", "barrier", "if_else")
BEGINNINGS = 6
"""So many of each kind are tried."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Gates, and the other operations that come after them, in order."""

    gates: QuantumCircuit
    others: list[Any]

    @property
    def network(self) -> Network:
        """The blocks of the gates."""
        return collect_blocks(unroll(self.gates))


@dataclass(frozen=True, slots=True)
class Plan:
    """Where qubits begin, and a route for each segment, from where the one before ended."""

    start: tuple[int, ...]
    routes: tuple[tuple[Network, Route], ...]

    @property
    def two_qubit_gates(self) -> int:
        """Of all segments."""
        return sum(network.cost + route.cost for network, route in self.routes)

    @property
    def worth(self) -> int:
        """The less the better."""
        return worth(self.two_qubit_gates, sum(route.depth for _, route in self.routes))


def route_segments(
    circuit: QuantumCircuit, places: Places, trials: int, seed: int
) -> RoutedCircuit | None:
    """The circuit in cz, rz, sx and x on neighbours; None where a branch acts on several qubits.

    Segments are carried out one after the other, of each the best of `trials` ways. The first
    begins where it would alone, or where the gates of all segments would; the best is taken.
    """
    if circuit.num_qubits > places.count or not all(map(_is_simple, circuit.data)):
        return None
    segments = _segments(circuit)
    networks = [segment.network for segment in segments]
    whole = collect_blocks(unroll(_gates(circuit)))
    starts = dict.fromkeys(
        find_route(network, places, trials, ROUNDS, seed + attempt).start
        for network in (whole, next((n for n in networks if n.blocks), whole))
        for attempt in range(BEGINNINGS)
    )
    plans = (_plan(networks, places, trials, seed, start) for start in starts)
    best = min(plans, key=lambda plan: plan.worth)
    result = QuantumCircuit(QuantumRegister(places.count, "q"), *circuit.cregs, name=circuit.name)
    result.metadata = circuit.metadata
    end = _write(segments, best, result)
    return RoutedCircuit(0, result, best.start, end, result.depth(), best.two_qubit_gates)


def _is_simple(item: Any) -> bool:
    """Whether an operation is a gate, or needs no neighbours."""
    if isinstance(item.operation, IfElseOp):
        inner = (i for block in item.operation.blocks for i in block.data)
        return all(_is_simple(i) and (len(i.qubits) < 2 or i.name in OTHERS) for i in inner)
    return item.operation.name in OTHERS or isinstance(item.operation, Gate)


def _gates(circuit: QuantumCircuit) -> QuantumCircuit:
    gates = circuit.copy_empty_like()
    for item in circuit.data:
        if item.operation.name not in OTHERS:
            gates.append(item)
    return gates


def _segments(circuit: QuantumCircuit) -> list[Segment]:
    """The segments, each gate in the first one that it can be in; last measurements in the last."""
    found = [Segment(circuit.copy_empty_like(), [])]
    gates_from = dict.fromkeys(circuit.qubits, 0)
    others_from: dict[Any, int] = dict.fromkeys([*circuit.qubits, *circuit.clbits], 0)
    last = _last_measurements(circuit)
    for place, item in enumerate(circuit.data):
        if place in last:
            continue
        other = item.operation.name in OTHERS
        wires = [*item.qubits, *item.clbits]
        number = max((others_from if other else gates_from)[wire] for wire in wires)
        others_from |= dict.fromkeys(wires, number)
        gates_from |= dict.fromkeys(item.qubits, number + other)
        while len(found) <= number:
            found.append(Segment(circuit.copy_empty_like(), []))
        (found[number].others if other else found[number].gates).append(item)
    found[-1].others.extend(circuit.data[place] for place in last)
    return found


def _last_measurements(circuit: QuantumCircuit) -> list[int]:
    """The places of measurements after which nothing uses their qubit or their bit."""
    found = []
    used: set[Any] = set()
    for place in reversed(range(len(circuit.data))):
        item = circuit.data[place]
        wires = {*item.qubits, *item.clbits}
        if item.operation.name == "measure" and not wires & used:
            found.append(place)
        used |= wires
    return found[::-1]


def _plan(
    networks: Sequence[Network], places: Places, trials: int, seed: int, start: tuple[int, ...]
) -> Plan:
    at, routes = start, []
    for network in networks:
        route = find_route(network, places, trials, 1, seed, at)
        routes.append((network, route))
        at = tuple(route.end[wire] for wire in network.ends)
    return Plan(start, tuple(routes))


def _write(segments: Sequence[Segment], plan: Plan, result: QuantumCircuit) -> tuple[int, ...]:
    """Add segments to `result`; where their qubits are then."""
    merger = GateMerger(GateWriter(result))
    at = plan.start
    for segment, (network, route) in zip(segments, plan.routes, strict=True):
        merger.add(write_route(network, route, result.num_qubits))
        at = tuple(route.end[wire] for wire in network.ends)
        if segment is segments[-1]:
            merger.finish()
        for item in segment.others:
            on = [at[segment.gates.find_bit(qubit).index] for qubit in item.qubits]
            merger.flush(on)
            result.append(_in_basis(item.operation), on, item.clbits)
    return at


def _in_basis(operation: Any) -> Any:
    """An operation that is no gate; gates in its branches, on one qubit each, in rz, sx and x."""
    if not isinstance(operation, IfElseOp):
        return operation
    blocks = []
    for block in operation.blocks:
        still = tuple(range(block.num_qubits))
        segments = _segments(block)
        routes = [(segment.network, Route(0, 0, still, still, ())) for segment in segments]
        blocks.append(block.copy_empty_like())
        _write(segments, Plan(still, tuple(routes)), blocks[-1])
    return IfElseOp(operation.condition, *blocks, label=operation.label)
