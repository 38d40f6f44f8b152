"""Rewrite gates with symbolic angles so that no symbolic global phase arises from them.

`p(x)` is `rz(x)` with the phase x/2. On a device that phase cannot be seen, but Qiskit would add it
up through a transpilation into an expression that grows with the circuit and is slow to bind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from qmlc.ir.circuit import Circuit, Instruction
from qmlc.ir.modify_gates import expand_composite
from qmlc.ops.gates import GATES, Composite
from qmlc.types.polynomial import Polynomial, Value


def forget_phase(circuit: Circuit) -> Circuit:
    """`circuit` up to its global phase, with symbolic `p`, `cp`, `u`, … as rotations."""
    instructions = tuple(part for i in circuit.instructions for part in _rewrite(i))
    return replace(circuit, instructions=instructions)


def _rewrite(instruction: Instruction) -> Iterator[Instruction]:
    symbolic = any(isinstance(a, Polynomial) for a in instruction.angles)
    name, qubits = instruction.name, instruction.qubits
    if name == "gphase" and not qubits:
        return
    if symbolic and isinstance(GATES.get(name), Composite):
        for step in expand_composite(instruction):
            yield from _rewrite(step)
    elif symbolic and name in ("p", "gphase") and len(qubits) <= 2:
        yield from _phase(instruction)
    else:
        yield instruction


def _phase(instruction: Instruction) -> Iterator[Instruction]:
    """exp(i angle) on one or two qubits in given states, as rotations about Z of each subset."""
    qubits = instruction.qubits
    states = instruction.controls.ljust(len(qubits), "1")
    signs = [1 if state == "1" else -1 for state in states]
    share = instruction.angles[0] * (1 if len(qubits) == 1 else 0.5)
    for qubit, sign in zip(qubits, signs, strict=True):
        yield _rotation(instruction, "Z", share * sign, (qubit,))
    if len(qubits) == 2:
        yield _rotation(instruction, "ZZ", share * (-signs[0] * signs[1]), qubits)


def _rotation(
    instruction: Instruction, pauli: str, angle: Value, qubits: tuple[int, ...]
) -> Instruction:
    return replace(
        instruction, name="rotation", qubits=qubits, angles=(angle,), controls="", payload=pauli
    )
