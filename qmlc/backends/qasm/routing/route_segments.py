"""A circuit that measures, resets, waits or branches between its gates, on neighbours of a device.

What stands between such operations is a segment, which is routed from where the one before ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from qiskit import QuantumCircuit, QuantumRegister
from qiskit.circuit import Gate, IfElseOp

from qmlc.backends.qasm.routing.collect_blocks import collect_blocks
from qmlc.backends.qasm.routing.embed_wires import embed_wires
from qmlc.backends.qasm.routing.find_routes import find_route
from qmlc.backends.qasm.routing.merge_singles import GateMerger, GateWriter
from qmlc.backends.qasm.routing.places import Places
from qmlc.backends.qasm.routing.route_circuit import ROUNDS, RoutedCircuit, unroll
from qmlc.backends.qasm.routing.write_route import write_route

OTHERS = ("measure", "reset", "delay", "barrier", "if_else")


@dataclass(frozen=True, slots=True)
class Segment:
    """Gates, and the other operations that come after them, in order."""

    gates: QuantumCircuit
    others: list[Any]


def route_segments(
    circuit: QuantumCircuit, places: Places, trials: int, seed: int
) -> RoutedCircuit | None:
    """The circuit in cz, rz, sx and x on neighbours; None where a branch acts on several qubits.

    All segments begin where the whole would, and are carried out one after the other; of each the
    best of `trials` ways is taken.
    """
    if circuit.num_qubits > places.count or not all(map(_is_simple, circuit.data)):
        return None
    gates = circuit.copy_empty_like()
    for item in circuit.data:
        if item.operation.name not in OTHERS:
            gates.append(item)
    whole = collect_blocks(unroll(gates))
    start = embed_wires(whole, places) or find_route(whole, places, trials, ROUNDS, seed).start
    result = QuantumCircuit(QuantumRegister(places.count, "q"), *circuit.cregs, name=circuit.name)
    result.metadata = circuit.metadata
    router = _Router(places, trials, seed)
    end = router.write(circuit, start, result)
    return RoutedCircuit(0, result, start, end, result.depth(), router.cost)


def _is_simple(item: Any) -> bool:
    """Whether an operation is a gate, or needs no neighbours."""
    if isinstance(item.operation, IfElseOp):
        inner = (i for block in item.operation.blocks for i in block.data)
        return all(_is_simple(i) and (len(i.qubits) < 2 or i.name in OTHERS) for i in inner)
    return item.operation.name in OTHERS or isinstance(item.operation, Gate)


def _segments(circuit: QuantumCircuit) -> Iterator[Segment]:
    """The segments, each gate in the first one that it can be in."""
    found: list[Segment] = []
    gates_from = dict.fromkeys(circuit.qubits, 0)
    others_from: dict[Any, int] = dict.fromkeys([*circuit.qubits, *circuit.clbits], 0)
    for item in circuit.data:
        other = item.operation.name in OTHERS
        wires = [*item.qubits, *item.clbits]
        number = (
            max(others_from[w] for w in wires) if other else max(gates_from[q] for q in item.qubits)
        )
        others_from.update(dict.fromkeys(wires, number))
        if other:
            gates_from.update(dict.fromkeys(item.qubits, number + 1))
        else:
            gates_from.update(dict.fromkeys(item.qubits, number))
        while len(found) <= number:
            found.append(Segment(circuit.copy_empty_like(), []))
        if other:
            found[number].others.append(item)
        else:
            found[number].gates.append(item)
    yield from found


class _Router:
    """Writes circuits segment by segment, and counts two-qubit gates."""

    def __init__(self, places: Places, trials: int, seed: int) -> None:
        self.cost = 0
        self._places, self._trials, self._seed = places, trials, seed

    def write(
        self, circuit: QuantumCircuit, at: tuple[int, ...], result: QuantumCircuit
    ) -> tuple[int, ...]:
        """Add a circuit whose qubits are `at` these places to `result`; where they are then."""
        merger = GateMerger(GateWriter(result))
        for segment in _segments(circuit):
            network = collect_blocks(unroll(segment.gates))
            route = find_route(network, self._places, self._trials, 1, self._seed, at)
            merger.add(write_route(network, route, self._places.count))
            at = tuple(route.end[wire] for wire in network.ends)
            self.cost += network.cost + route.cost
            for item in segment.others:
                on = [at[circuit.find_bit(qubit).index] for qubit in item.qubits]
                merger.flush(on)
                result.append(self._inside(item.operation), on, item.clbits)
        merger.finish()
        return at

    def _inside(self, operation: Any) -> Any:
        """An operation that is no gate; gates in its branches, on one qubit each, in the basis."""
        if not isinstance(operation, IfElseOp):
            return operation
        blocks = []
        for block in operation.blocks:
            blocks.append(block.copy_empty_like())
            self.write(block, tuple(range(block.num_qubits)), blocks[-1])
        return IfElseOp(operation.condition, *blocks, label=operation.label)
