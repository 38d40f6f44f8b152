"""Compile a circuit for a device by Qiskit's pass managers: its gates, its coupling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import IfElseOp
from qiskit.transpiler import CouplingMap, generate_preset_pass_manager
from qiskit.transpiler import Target as QiskitTarget

from qmlc.backends.qasm.bind_circuit import bind_circuit
from qmlc.backends.qasm.errors import NotExpressible, TooFewQubits
from qmlc.backends.qasm.logical_forms import LogicalForm, logical_forms
from qmlc.backends.qasm.merge_rotations import merge_rotations
from qmlc.backends.qasm.routing.find_routes import read_places
from qmlc.backends.qasm.routing.route_circuit import RoutedCircuit, route_circuit
from qmlc.ir.circuit import Circuit
from qmlc.targets.read_target import Target

ROUTED_BASIS = frozenset({"cz", "rz", "sx", "x"})
NOT_GATES = ("measure", "reset", "delay")


@dataclass(frozen=True)
class DeviceCircuit:
    """A circuit in a device's own gates, on its own qubits, up to a global phase.

    `layout` holds for each logical qubit where it starts, `final_layout` where it ends.
    """

    circuit: QuantumCircuit
    target: Target
    layout: tuple[int, ...]
    final_layout: tuple[int, ...]
    depth: int
    two_qubit_gates: int


def transpile_circuit(
    circuit: Circuit,
    target: Target,
    values: Any = None,
    *,
    measure: bool = True,
    level: int = 3,
    seed: int = 0,
    tries: int = 8,
) -> tuple[DeviceCircuit, ...]:
    """`circuit` for `target`: one device circuit for each group of measurements, or without these.

    What `values` leaves out stays symbolic. `level` is Qiskit's (0 to 3). Where not all qubits are
    connected, the way is our own from level 1 on, the best from `tries` beginnings that `seed`
    makes: few two-qubit gates win, one being worth four layers. Qiskit finds it, of as many seeds,
    at level 0 and for feed-forward, resets and delays; at level 3 the better of both is taken.
    Qiskit leaves out, from level 2 on, rotations that change a gate's fidelity by less than about
    1e-9. TooFewQubits where the circuit is too wide; NotExpressible for feed-forward that the
    device lacks.
    """
    _check(circuit, target)
    bound = bind_circuit(circuit, values)
    forms = logical_forms(bound, measure, target.basis, level >= 2)
    return tuple(_compile(group, target, level, seed, tries) for group in forms)


def _check(circuit: Circuit, target: Target) -> None:
    if circuit.num_qubits > target.qubits:
        raise TooFewQubits(circuit.name, circuit.num_qubits, target.name, target.qubits)
    if not target.feedforward and any(i.condition for i in circuit.instructions):
        raise NotExpressible(
            f"{target.title} cannot make gates depend on measured bits",
            "measure at the end, or choose a device with feed-forward",
        )


def _compile(
    forms: Sequence[LogicalForm], target: Target, level: int, seed: int, tries: int
) -> DeviceCircuit:
    """The best of all ways to compile a circuit, given in some forms."""
    routed = None
    if target.edges is not None and level > 0:
        places = read_places(target.qubits, target.edges)
        routed = route_circuit([form.circuit for form in forms], places, tries, seed)
    found = []
    if routed is not None:
        found.append(_translate(routed, target, forms[routed.number].ends))
    if routed is None or level == 3:
        # Qiskit's default layouts do not see what interacts in branches, and may tear it apart
        branches = any(item.is_control_flow() for item in forms[0].circuit.data)
        methods = (None, "dense") if branches and target.edges is not None else (None,)
        seeds = range(seed, seed + (tries if routed is None and target.edges is not None else 1))
        found += [_transpile(f, target, level, s, m) for f in forms for s in seeds for m in methods]
    return min(found, key=lambda c: (c.two_qubit_gates, c.depth))


def _translate(routed: RoutedCircuit, target: Target, ends: Sequence[int]) -> DeviceCircuit:
    """A routed circuit of cz, rz, sx and x in the gates of `target`."""
    layout, final = routed.layout, tuple(routed.final_layout[end] for end in ends)
    if set(target.basis) >= ROUTED_BASIS:
        return DeviceCircuit(
            routed.circuit, target, layout, final, routed.depth, routed.two_qubit_gates
        )
    manager = generate_preset_pass_manager(
        1,
        target=qiskit_target(target, routed.circuit.num_qubits),
        initial_layout=list(range(routed.circuit.num_qubits)),
        routing_method="none",
    )
    return _device_circuit(manager.run(routed.circuit), target, layout, final)


def _transpile(
    form: LogicalForm, target: Target, level: int, seed: int, layout_method: str | None
) -> DeviceCircuit:
    manager = generate_preset_pass_manager(
        level,
        target=qiskit_target(target, form.circuit.num_qubits),
        layout_method=layout_method,
        seed_transpiler=seed,
    )
    compiled = manager.run(form.circuit)
    layout = final = tuple(range(form.circuit.num_qubits))
    if compiled.layout is not None:
        layout = tuple(compiled.layout.initial_index_layout(filter_ancillas=True))
        final = tuple(compiled.layout.final_index_layout(filter_ancillas=True))
    return _device_circuit(compiled, target, layout, tuple(final[end] for end in form.ends))


def _device_circuit(
    compiled: QuantumCircuit, target: Target, layout: tuple[int, ...], final: tuple[int, ...]
) -> DeviceCircuit:
    result = merge_rotations(compiled)
    result.metadata = compiled.metadata
    # a device cannot show it, and where it is symbolic it would slow binding down
    result.global_phase = 0
    return DeviceCircuit(
        result, target, layout, final, result.depth(), count_two_qubit_gates(result)
    )


def count_two_qubit_gates(circuit: QuantumCircuit) -> int:
    """How many gates on two qubits there are, those in branches included."""
    total = 0
    for item in circuit.data:
        if item.is_control_flow():
            total += sum(count_two_qubit_gates(block) for block in item.operation.blocks)
        elif len(item.qubits) == 2 and item.name != "barrier":
            total += 1
    return total


@cache
def qiskit_target(target: Target, width: int) -> QiskitTarget:
    """`target` for Qiskit's transpiler; `width` is the circuit's, used if all are connected."""
    edges = target.edges
    if edges is not None and not target.directed:
        edges = edges + tuple((b, a) for a, b in edges)
    return QiskitTarget.from_configuration(
        basis_gates=[*target.basis, *NOT_GATES, *(["if_else"] if target.feedforward else [])],
        num_qubits=width if edges is None else target.qubits,
        coupling_map=None if edges is None else CouplingMap([list(e) for e in edges]),
        custom_name_mapping={"if_else": IfElseOp},
    )
