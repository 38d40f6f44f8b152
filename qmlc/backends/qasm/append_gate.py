"""Add instructions of the IR to a Qiskit circuit, exactly, whatever controls them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction
from qiskit.circuit.library import MCPhaseGate, StatePreparation, UnitaryGate
from qiskit.circuit.library.standard_gates import get_standard_gate_name_mapping

from qmlc.backends.qasm.convert_angle import Angle, convert_angle
from qmlc.backends.qasm.errors import Unbound
from qmlc.backends.qasm.expand_evolution import expand_evolution
from qmlc.backends.qasm.scalar_names import ScalarNames
from qmlc.ir.circuit import Instruction
from qmlc.ir.modify_gates import expand_composite
from qmlc.ops.gates import GATES, Composite, Phase, Rotation, controlled_name, phase_angle
from qmlc.types.polynomial import Polynomial, lift

TO_Z = {"X": ("h",), "Y": ("sdg", "h"), "Z": ()}
"""Gates that turn a Pauli matrix into Z, in the order in which they act."""

FROM_Z = {"X": ("h",), "Y": ("h", "s"), "Z": ()}
"""The inverse of `TO_Z`."""

DISPUTED = ("u2",)
"""Gates whose phase readers of OpenQASM 3 do not agree on: written as other gates."""


def append_instruction(
    circuit: QuantumCircuit, instruction: Instruction, names: ScalarNames
) -> None:
    """Add `instruction`, leaving its condition aside, with its angles over the scalars `names`."""
    qubits, targets = list(instruction.qubits), list(instruction.targets)
    match instruction.name:
        case "measure":
            circuit.measure(targets, list(instruction.bits))
        case "reset":
            circuit.reset(targets)
        case "barrier":
            circuit.barrier(targets or circuit.qubits)
        case "delay":
            circuit.delay(convert_angle(instruction.angles[0], names), targets, unit="s")
        case "prepare":
            circuit.append(StatePreparation(_amplitudes(instruction)), targets)
        case "unitary":
            append_controlled(
                circuit, UnitaryGate(np.array(instruction.payload)), instruction.controls, qubits
            )
        case "evolve":
            _append_steps(circuit, expand_evolution(instruction), names)
        case "gphase":
            angle = convert_angle(instruction.angles[0], names)
            append_phase(circuit, angle, instruction.controls, qubits)
        case "rotation":
            assert isinstance(instruction.payload, str)
            angle = convert_angle(instruction.angles[0], names)
            append_rotation(circuit, instruction.payload, angle, instruction.controls, qubits)
        case _:
            _append_gate(circuit, instruction, names)


def _append_steps(
    circuit: QuantumCircuit, steps: Iterable[Instruction], names: ScalarNames
) -> None:
    for step in steps:
        append_instruction(circuit, step, names)


@cache
def qiskit_gate(name: str) -> Any:
    """Qiskit's class for the gate `name`, or None."""
    gate = get_standard_gate_name_mapping().get(name)
    return None if gate is None or name in DISPUTED else gate.base_class


def expand_unknown(instruction: Instruction) -> tuple[Instruction, ...]:
    """`instruction`, or where Qiskit lacks its gate, the gates that it is made of."""
    row = GATES.get(instruction.name)
    if not isinstance(row, Composite):
        return (instruction,)
    if not instruction.controls and qiskit_gate(instruction.name) is not None:
        return (instruction,)
    return tuple(j for i in expand_composite(instruction) for j in expand_unknown(i))


def _append_gate(circuit: QuantumCircuit, instruction: Instruction, names: ScalarNames) -> None:
    name, states, qubits = instruction.name, instruction.controls, list(instruction.qubits)
    row = GATES[name]
    angles = [convert_angle(a, names) for a in instruction.angles]
    gate = qiskit_gate(name)
    if not states and gate is not None:
        _append_named(circuit, name, angles, qubits)
    elif isinstance(row, Composite):
        _append_steps(circuit, expand_composite(instruction), names)
    elif isinstance(row, Rotation):
        append_rotation(circuit, row.pauli, angles[0], states, qubits)
    elif isinstance(row, Phase):
        append_phase(circuit, angles[0], states + "1", qubits)
    elif gate is None:
        append_controlled(circuit, UnitaryGate(np.array(row.matrix)), states, qubits)  # type: ignore[union-attr]
    else:
        _append_constant(circuit, name, states, qubits)


def _append_named(
    circuit: QuantumCircuit, name: str, angles: list[Angle], qubits: list[int]
) -> None:
    """Add a gate that Qiskit knows; most are standard, which take a fifth of the time."""
    gate = qiskit_gate(name)
    standard = getattr(gate, "_standard_gate", None)
    if standard is not None:
        places = tuple([circuit.qubits[q] for q in qubits])
        item = CircuitInstruction.from_standard(standard, places, tuple(angles))
        # as Qiskit's own methods do, past the checks of what they are given
        circuit._current_scope().append(item, _standard_gate=True)
    else:
        circuit.append(gate(*angles), qubits)


def _append_constant(circuit: QuantumCircuit, name: str, states: str, qubits: list[int]) -> None:
    """Add a gate without angles under one control or more."""
    together = controlled_name(name, len(states)) or ""
    controlled = qiskit_gate(together)
    phase = phase_angle(name)
    if controlled is not None and "0" not in states:
        _append_named(circuit, together, [], qubits)
    elif controlled is not None:
        circuit.append(controlled(ctrl_state=control_state(states)), qubits)
    elif phase is not None:
        if phase:
            append_phase(circuit, phase, states + "1", qubits)
    else:
        append_controlled(circuit, qiskit_gate(name)(), states, qubits)


def append_controlled(circuit: QuantumCircuit, gate: Any, states: str, qubits: list[int]) -> None:
    """Add a gate without symbols under controls that must be in `states`."""
    if states:
        gate = gate.control(len(states), ctrl_state=control_state(states), annotated=False)
    circuit.append(gate, qubits)


def control_state(states: str) -> int:
    """Qiskit's number for the states of the controls, the first the least significant bit."""
    return int(states[::-1], 2)


def append_phase(circuit: QuantumCircuit, angle: Angle, states: str, qubits: list[int]) -> None:
    """Multiply by exp(i angle) where `qubits` are in `states`; globally where there are none."""
    if not qubits:
        circuit.global_phase += angle
        return
    # Qiskit's gates act on |1> of their last qubit
    flipped = [qubits[-1]] if states[-1] == "0" else []
    controls = len(qubits) - 1
    _flip(circuit, flipped)
    if not controls:
        circuit.p(angle, qubits[0])
    else:
        state = control_state(states[:-1])
        if controls == 1:
            gate = qiskit_gate("cp")(angle, ctrl_state=state)
        else:
            gate = MCPhaseGate(angle, controls, ctrl_state=state)
        circuit.append(gate, qubits)
    _flip(circuit, flipped)


def _flip(circuit: QuantumCircuit, qubits: list[int]) -> None:
    for qubit in qubits:
        circuit.x(qubit)


def append_rotation(
    circuit: QuantumCircuit, pauli: str, angle: Angle, states: str, qubits: list[int]
) -> None:
    """Add exp(-i angle/2 P) of a Pauli string, a letter for each qubit after the controls."""
    controls = qubits[: len(states)]
    places = [
        (letter, q) for letter, q in zip(pauli, qubits[len(states) :], strict=True) if letter != "I"
    ]
    letters, targets = "".join(p[0] for p in places), [p[1] for p in places]
    named = _named_rotation(letters, len(states))
    if not places:
        append_phase(circuit, -0.5 * angle, states, controls)
    elif named is not None and states:
        circuit.append(named(angle, ctrl_state=control_state(states)), controls + targets)
    elif named is not None:
        circuit.append(named(angle), targets)
    elif letters == "XZ" and not states:
        circuit.rzx(angle, targets[1], targets[0])
    else:
        append_ladder(circuit, letters, angle, states, controls + targets)


@cache
def _named_rotation(letters: str, controls: int) -> Any:
    for name, row in GATES.items():
        if isinstance(row, Rotation) and row.pauli == letters:
            return qiskit_gate((controlled_name(name, controls) if controls else name) or "")
    return None


def append_ladder(
    circuit: QuantumCircuit, letters: str, angle: Angle, states: str, qubits: list[int]
) -> None:
    """Add exp(-i angle/2 P) as a rotation of the last target about the parity of all."""
    controls, targets = qubits[: len(states)], qubits[len(states) :]
    last = targets[-1]
    for letter, qubit in zip(letters, targets, strict=True):
        for name in TO_Z[letter]:
            circuit.append(qiskit_gate(name)(), [qubit])
    for qubit in targets[:-1]:
        circuit.cx(qubit, last)
    if not states:
        circuit.rz(angle, last)
    elif len(states) == 1:
        circuit.crz(angle, controls[0], last, ctrl_state=control_state(states))
    else:
        # the flips, where they happen, turn the second half round; where not, the halves cancel
        circuit.rz(0.5 * angle, last)
        append_controlled(circuit, qiskit_gate("x")(), states, [*controls, last])
        circuit.rz(-0.5 * angle, last)
        append_controlled(circuit, qiskit_gate("x")(), states, [*controls, last])
    for qubit in reversed(targets[:-1]):
        circuit.cx(qubit, last)
    for letter, qubit in zip(letters, targets, strict=True):
        for name in FROM_Z[letter]:
            circuit.append(qiskit_gate(name)(), [qubit])


def _amplitudes(instruction: Instruction) -> Any:
    free = dict.fromkeys(
        str(s) for a in instruction.angles if isinstance(a, Polynomial) for s in a.symbols()
    )
    if free:
        raise Unbound("the preparation of amplitudes", tuple(free))
    vector = np.array([complex(lift(a).constant or 0) for a in instruction.angles])
    return vector / np.linalg.norm(vector)
