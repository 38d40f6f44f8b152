"""A circuit on the neighbours of a device: the way with the fewest two-qubit gates."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from qiskit import QuantumCircuit, QuantumRegister
from qiskit.circuit.equivalence_library import SessionEquivalenceLibrary
from qiskit.transpiler import PassManager
from qiskit.transpiler.passes import BasisTranslator, HighLevelSynthesis, UnrollCustomDefinitions

from qmlc.backends.qasm.print_gates import is_symbolic
from qmlc.backends.qasm.routing.collect_blocks import Network, collect_blocks
from qmlc.backends.qasm.routing.find_routes import find_route, worth
from qmlc.backends.qasm.routing.merge_singles import GateWriter, merge_singles
from qmlc.backends.qasm.routing.pair_paulis import TURNS
from qmlc.backends.qasm.routing.places import Places
from qmlc.backends.qasm.routing.weave_phases import plan_weave, write_weave
from qmlc.backends.qasm.routing.write_blocks import DeviceGate
from qmlc.backends.qasm.routing.write_route import write_route

KNOWN = (*TURNS, "swap")


@dataclass(frozen=True, slots=True)
class RoutedCircuit:
    """A circuit of cz, rz, sx and x on places of a device; where each qubit begins and ends.

    `number` says which form it is of.
    """

    number: int
    circuit: QuantumCircuit
    layout: tuple[int, ...]
    final_layout: tuple[int, ...]
    depth: int
    two_qubit_gates: int


ROUNDS = 6
"""Times that a beginning is improved by going to the end and back."""
AT_END = ("measure", "barrier")


def route_circuit(
    forms: Sequence[QuantumCircuit], places: Places, trials: int, seed: int
) -> RoutedCircuit | None:
    """The best of some circuits that do the same, up to its phase, on neighbours of a device.

    They consist of gates, then measurements; None for any other. Of each the best of `trials`
    beginnings is found, which are random from `seed` on.
    """
    ways: list[Way] = []
    woven: list[Way] = []
    least = math.inf
    for number, circuit in enumerate(forms):
        parts = _split(circuit)
        if parts is None or circuit.num_qubits > places.count:
            return None
        network = collect_blocks(unroll(parts[0]))
        # what is no smaller on paper is seldom smaller on a device
        if network.cost < least:
            least = network.cost
            ways.append(_routed(number, network, parts[1], places, trials, seed))
            # gates that all commute are woven as written: another form has fewer that do
            if not woven:
                woven = list(_woven(number, network, parts[1], places))
    ways += woven
    best = min(ways, key=lambda way: worth(way.two_qubit_gates, way.depth))
    source = forms[best.form]
    result = QuantumCircuit(QuantumRegister(places.count, "q"), *source.cregs, name=source.name)
    result.metadata = source.metadata
    final = tuple(best.end[wire] for wire in best.network.ends)
    # what is measured is measured of a circuit that begins in |0>
    writer = GateWriter(result, zeros=bool(best.measured))
    merge_singles(best.write(), writer)
    for qubit, bit in best.measured:
        result.measure(final[qubit], bit)
        writer.deepen(final[qubit])
    return RoutedCircuit(best.form, result, best.start, final, writer.depth, best.two_qubit_gates)


Measured = list[tuple[int, Any]]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to carry out a form: where wires begin and end, what it costs, and how to write it."""

    form: int
    network: Network
    measured: Measured
    start: tuple[int, ...]
    end: tuple[int, ...]
    two_qubit_gates: int
    depth: int
    write: Callable[[], list[DeviceGate]]


def _routed(
    form: int, network: Network, measured: Measured, places: Places, trials: int, seed: int
) -> Way:
    route = find_route(network, places, trials, ROUNDS, seed)
    cost = network.cost + route.cost
    write = partial(write_route, network, route, places.count)
    return Way(form, network, measured, route.start, route.end, cost, route.depth, write)


def _woven(form: int, network: Network, measured: Measured, places: Places) -> Iterator[Way]:
    weave = plan_weave(network, places)
    if weave is not None:
        write = partial(write_weave, network, weave)
        yield Way(form, network, measured, weave.start, weave.end, weave.gates, weave.depth, write)


def _split(circuit: QuantumCircuit) -> tuple[QuantumCircuit, Measured] | None:
    """The gates, and the qubits that are measured into bits after them; None if it is not so."""
    ended: dict[Any, Any] = {}
    measured = []
    for item in circuit.data:
        name = item.name
        if name == "measure":
            qubit = circuit.find_bit(item.qubits[0]).index
            measured.append((qubit, item.clbits[0]))
        elif item.clbits or name in ("reset", "delay", "initialize") or item.is_control_flow():
            return None
        if name in AT_END:
            ended |= dict.fromkeys(item.qubits)
        elif not ended.keys().isdisjoint(item.qubits):
            return None
    if not ended:
        return circuit, []
    gates = circuit.copy_empty_like()
    for item in circuit.data:
        if item.name not in AT_END:
            gates.append(item)
    return gates, measured


def unroll(circuit: QuantumCircuit) -> QuantumCircuit:
    """A circuit in gates on one and two qubits that are known, or numbers."""
    if all(_is_known(item) for item in circuit.data):
        return circuit
    library = SessionEquivalenceLibrary
    manager = PassManager(
        [
            HighLevelSynthesis(equivalence_library=library, basis_gates=list(KNOWN)),
            UnrollCustomDefinitions(library, basis_gates=list(KNOWN)),
            BasisTranslator(library, list(KNOWN)),
        ]
    )
    return manager.run(circuit)


def _is_known(item: Any) -> bool:
    if len(item.qubits) > 2:
        return False
    if item.name in KNOWN:  # not so where controls are in |0>
        return True
    numbers = not any(is_symbolic(p) for p in item.params)
    return numbers and item.name == "unitary"
