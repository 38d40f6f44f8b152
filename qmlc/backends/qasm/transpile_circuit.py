"""Compile a circuit for a device by Qiskit's pass managers: its gates, its coupling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from qiskit import QuantumCircuit
from qiskit.converters import circuit_to_dag
from qiskit.transpiler import PassManager, generate_preset_pass_manager

from qmlc.backends.qasm.bind_circuit import bind_circuit
from qmlc.backends.qasm.drop_unseen import drop_unseen
from qmlc.backends.qasm.errors import NotExpressible, TooFewQubits
from qmlc.backends.qasm.estimate_success import estimate_success
from qmlc.backends.qasm.logical_forms import LogicalForm, logical_forms
from qmlc.backends.qasm.merge_rotations import merge_rotations
from qmlc.backends.qasm.qiskit_target import qiskit_target
from qmlc.backends.qasm.routing.choose_qubits import choose_qubits, rename_qubits
from qmlc.backends.qasm.routing.places import Places, read_places
from qmlc.backends.qasm.routing.route_circuit import RoutedCircuit, route_circuit
from qmlc.backends.qasm.routing.route_segments import route_segments
from qmlc.ir.circuit import Circuit
from qmlc.targets.read_target import Target

MORE_TRIES = 4
"""Times as many beginnings at level 3."""
ROUTED_BASIS = ("cz", "rz", "sx", "x")


@dataclass(frozen=True)
class DeviceCircuit:
    """A circuit in a device's own gates, on its own qubits, up to a global phase.

    `layout` holds for each logical qubit where it starts, `final_layout` where it ends. `success`
    is the estimated probability that nothing goes wrong, None where no errors are published.
    """

    circuit: QuantumCircuit
    target: Target
    layout: tuple[int, ...]
    final_layout: tuple[int, ...]
    depth: int
    two_qubit_gates: int
    success: float | None = None


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
    at level 0 and where branches hold gates on several qubits; at level 3 the better of both is
    taken, with four times as many beginnings.
    Of layouts that take as many two-qubit gates, that is chosen which fails least by the errors in
    the device's file.
    Qiskit leaves out, from level 2 on, rotations that change a gate's fidelity by less than about
    1e-9. TooFewQubits where the circuit is too wide; NotExpressible for feed-forward that the
    device lacks.
    """
    _check(circuit, target)
    # what is measured does not depend on the numbers: the circuit's own plan reads it
    bound = replace(bind_circuit(circuit, values), results=circuit.results)
    every = target.edges is not None or level == 3
    forms = logical_forms(bound, measure, target.basis, level >= 2, every)
    found = [_compile(group, target, level, seed, tries) for group in forms]
    return tuple(
        _tidy(each, measure and bool(circuit.results)) if level else each for each in found
    )


def _tidy(device: DeviceCircuit, results_only: bool) -> DeviceCircuit:
    """Without what no measurement sees."""
    circuit = drop_unseen(device.circuit, results_only)
    if circuit is device.circuit:
        return device
    gates = count_two_qubit_gates(circuit)
    success = estimate_success(circuit, device.target)
    return replace(
        device, circuit=circuit, depth=depth_of(circuit), two_qubit_gates=gates, success=success
    )


def _check(circuit: Circuit, target: Target) -> None:
    room = target.qubits if target.edges is None else _places(target).count
    if circuit.num_qubits > room:
        raise TooFewQubits(circuit.name, circuit.num_qubits, target.name, room)
    if not target.feedforward and any(i.condition for i in circuit.instructions):
        raise NotExpressible(
            f"{target.title} cannot make gates depend on measured bits",
            "measure at the end, or choose a device with feed-forward",
        )


def _places(target: Target) -> Places:
    assert target.edges is not None
    return read_places(target.qubits, target.edges)


def _compile(
    forms: Sequence[LogicalForm], target: Target, level: int, seed: int, tries: int
) -> DeviceCircuit:
    """The best of all ways to compile a circuit, given in some forms."""
    routed = None
    if target.edges is not None and level > 0:
        circuits, places = [form.circuit for form in forms], _places(target)
        beginnings = tries * (MORE_TRIES if level == 3 else 1)
        routed = route_circuit(circuits, places, beginnings, seed) or route_segments(
            circuits[0], places, beginnings, seed
        )
    found = []
    if routed is not None:
        found.append(_translate(routed, target, forms[routed.number].ends))
    if routed is None or level == 3:
        seeds = range(seed, seed + (tries if routed is None and target.edges is not None else 1))
        methods = _layout_methods(forms[0].circuit, target, level)
        ways = [(form, seed, method) for form in forms for seed in seeds for method in methods]
        compiled = [_transpile(form, target, level, s, method) for form, s, method in ways]
        # those alone are worth finishing that may win
        counts = [count_two_qubit_gates(each.circuit) for each in compiled]
        least = min([*counts, *(c.two_qubit_gates for c in found)])
        for each, count in zip(compiled, counts, strict=True):
            if count == least:
                best = _settle(each, target) if target.calibration else each
                found.append(_device_circuit(best, target))
    return min(found, key=lambda c: (c.two_qubit_gates, -(c.success or 0), c.depth))


def _layout_methods(circuit: QuantumCircuit, target: Target, level: int) -> tuple[str | None, ...]:
    """Qiskit's methods to begin with; None is its own choice."""
    if target.edges is None:
        return (None,)
    if level == 0 and _places(target).count < target.qubits:
        return ("sabre",)  # its own choice would take qubits that do not work
    # its default layouts do not see what interacts in branches, and may tear it apart
    return (None, "dense") if any(item.is_control_flow() for item in circuit.data) else (None,)


def _translate(routed: RoutedCircuit, target: Target, ends: Sequence[int]) -> DeviceCircuit:
    """A routed circuit of cz, rz, sx and x in the gates of `target`."""
    names = _places(target).names
    whole = _DeviceLayout(
        rename_qubits(routed.circuit, names, target.qubits),
        tuple(names[place] for place in routed.layout),
        tuple(names[routed.final_layout[end]] for end in ends),
    )
    plain = replace(target, basis=ROUTED_BASIS, directed=False)
    best = _settle(whole, plain) if target.calibration else whole
    if set(target.basis) >= set(ROUTED_BASIS):
        depth, gates = routed.depth, routed.two_qubit_gates
        success = estimate_success(best.circuit, target)
        return DeviceCircuit(best.circuit, target, best.first, best.last, depth, gates, success)
    manager = generate_preset_pass_manager(
        1,
        target=qiskit_target(target, target.qubits),
        initial_layout=list(range(target.qubits)),
        routing_method="none",
    )
    return _device_circuit(replace(best, circuit=manager.run(best.circuit)), target)


def _transpile(
    form: LogicalForm, target: Target, level: int, seed: int, layout_method: str | None
) -> _DeviceLayout:
    """What Qiskit makes of a circuit."""
    width = form.circuit.num_qubits
    compiled = _manager(target, width, level, seed, layout_method).run(form.circuit)
    layout = final = tuple(range(width))
    if compiled.layout is not None:
        layout = tuple(compiled.layout.initial_index_layout(filter_ancillas=True))
        final = tuple(compiled.layout.final_index_layout(filter_ancillas=True))
    return _DeviceLayout(compiled, layout, tuple(final[end] for end in form.ends))


@lru_cache(maxsize=64)
def _manager(
    target: Target, width: int, level: int, seed: int, layout_method: str | None
) -> PassManager:
    """Qiskit's passes: to put them together takes longer than to run them on a small circuit."""
    return generate_preset_pass_manager(
        level,
        target=qiskit_target(target, width),
        layout_method=layout_method,
        seed_transpiler=seed,
    )


@dataclass(frozen=True, slots=True)
class _DeviceLayout:
    """A circuit on the qubits of a device; where those that it is of start and end."""

    circuit: QuantumCircuit
    first: tuple[int, ...]
    last: tuple[int, ...]


def _settle(found: _DeviceLayout, target: Target) -> _DeviceLayout:
    """The same on those qubits of `target` that fail least."""
    at = choose_qubits(found.circuit, qiskit_target(target, target.qubits, with_errors=True))
    if at == list(range(target.qubits)):
        return found
    first, last = (tuple(at[q] for q in layout) for layout in (found.first, found.last))
    return _DeviceLayout(rename_qubits(found.circuit, at, target.qubits), first, last)


def _device_circuit(found: _DeviceLayout, target: Target) -> DeviceCircuit:
    result = merge_rotations(found.circuit)
    result.metadata = found.circuit.metadata
    # a device cannot show it, and where it is symbolic it would slow binding down
    result.global_phase = 0
    depth, gates = depth_of(result), count_two_qubit_gates(result)
    success = estimate_success(result, target)
    return DeviceCircuit(result, target, found.first, found.last, depth, gates, success)


def depth_of(circuit: QuantumCircuit) -> int:
    """The most gates and measurements that wait for each other."""
    plain = not circuit.has_control_flow_op() and "barrier" not in circuit.count_ops()
    # the graph counts the same in a tenth of the time
    depth: int = (circuit_to_dag(circuit) if plain else circuit).depth()
    return depth


def count_two_qubit_gates(circuit: QuantumCircuit) -> int:
    """How many gates on two qubits there are, those in branches included."""
    if not circuit.has_control_flow_op():
        return sum(len(i.qubits) == 2 and i.name != "barrier" for i in circuit.data)
    total = 0
    for item in circuit.data:
        if item.is_control_flow():
            total += sum(count_two_qubit_gates(block) for block in item.operation.blocks)
        elif len(item.qubits) == 2 and item.name != "barrier":
            total += 1
    return total
