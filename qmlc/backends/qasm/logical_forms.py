"""The forms in which a circuit may be compiled for a device: as written, and with fewer gates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from qiskit import QuantumCircuit

from qmlc.backends.qasm.append_gate import TO_Z
from qmlc.backends.qasm.build_qiskit import add_measurement, build_qiskit
from qmlc.backends.qasm.convert_angle import is_arithmetic
from qmlc.backends.qasm.forget_phase import forget_phase
from qmlc.backends.qasm.plan_measurement import MeasurementGroup, plan_measurement
from qmlc.backends.qasm.scalar_names import ScalarNames, name_scalars
from qmlc.ir.circuit import Circuit, Result
from qmlc.ir.modify_gates import gate_instruction
from qmlc.passes.optimise_for_device import Kept, has_clearly_fewer_gates, optimise_for_device


@dataclass(frozen=True, slots=True)
class LogicalForm:
    """A circuit for a device, up to its global phase, and which of its qubits each one ends as."""

    circuit: QuantumCircuit
    ends: tuple[int, ...]


def logical_forms(
    circuit: Circuit,
    measure: bool,
    basis: tuple[str, ...],
    optimise: bool,
    routed: bool = True,
) -> list[tuple[LogicalForm, ...]]:
    """The forms of `circuit` for each group of its measurements, or without these.

    The first form is the circuit as it is. Unless forms are `routed`, which may be easier with more
    gates, it is left out where another has clearly fewer. What is measured stands in a last
    register `meas`.
    Scalars have the names that `circuit` gives them, in whatever order a form comes to them.
    """
    if measure and circuit.results:
        groups = plan_measurement(circuit).groups
        wanted = [_measured(circuit, group, i) for i, group in enumerate(groups)]
    else:
        wanted = [replace(circuit, results=())]
    names = name_scalars(circuit, is_arithmetic)
    return [tuple(_forms(each, basis, optimise, routed, names)) for each in wanted]


def _measured(circuit: Circuit, group: MeasurementGroup, index: int) -> Circuit:
    """A circuit that ends with the bits of a group on its qubits."""
    turns = tuple(
        gate_instruction(name, (qubit,), [])
        for qubit, letter in group.basis
        for name in TO_Z[letter]
    )
    return replace(
        circuit,
        name=f"{circuit.name}_{index}",
        instructions=circuit.instructions + turns,
        results=(Result("probs", qubits=group.qubits),),
    )


def _forms(
    circuit: Circuit, basis: tuple[str, ...], optimise: bool, routed: bool, names: ScalarNames
) -> Iterator[LogicalForm]:
    forms = [circuit]
    if optimise and all(i.unitary for i in circuit.instructions):
        keep: Kept = "results" if circuit.results else "action"
        forms.append(optimise_for_device(circuit, basis, keep))
    if not routed and has_clearly_fewer_gates(forms[-1], circuit, basis):
        del forms[0]
    for form in forms:
        yield _form(circuit, form, names)


def _form(before: Circuit, after: Circuit, names: ScalarNames) -> LogicalForm:
    built = build_qiskit(forget_phase(replace(after, results=())), names)
    if not before.results:
        return LogicalForm(built, tuple(range(before.num_qubits)))
    measured, places = before.results[0].qubits, after.results[0].qubits
    add_measurement(built, places)
    # what is not measured may end anywhere
    others = iter(q for q in range(before.num_qubits) if q not in places)
    known = dict(zip(measured, places, strict=True))
    ends = (known[q] if q in known else next(others) for q in range(before.num_qubits))
    return LogicalForm(built, tuple(ends))
