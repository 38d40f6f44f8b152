"""Rotations about one axis add their angles: rz(a) rz(b) is rz(a + b), also past what commutes."""

from __future__ import annotations

from dataclasses import replace

from qmlc.ir.circuit import Instruction
from qmlc.ir.operator import PauliString, commute
from qmlc.ops.gates import GATES, Phase, Rotation, phase_angle

REACH = 256
"""How many instructions are looked back over for a partner."""


def merge_rotations(instructions: tuple[Instruction, ...]) -> tuple[Instruction, ...]:
    """The instructions with equal rotations joined where all that stands between commutes.

    The steps of a product formula end and begin with the same factors, so most of them meet.
    """
    kept: list[Instruction] = []
    for instruction in instructions:
        place = _partner(kept, instruction)
        if place is None:
            kept.append(instruction)
        else:
            angle = kept[place].angles[0] + instruction.angles[0]
            kept[place] = replace(kept[place], angles=(angle,))
    return tuple(kept)


def _partner(kept: list[Instruction], instruction: Instruction) -> int | None:
    """The place of an earlier rotation that `instruction` can be joined with."""
    if not _turns(instruction):
        return None
    alike = replace(instruction, angles=())
    for place in range(len(kept) - 1, max(-1, len(kept) - 1 - REACH), -1):
        earlier = kept[place]
        if earlier.name == instruction.name and replace(earlier, angles=()) == alike:
            return place
        if not commutes(earlier, instruction):
            return None
    return None


def _turns(instruction: Instruction) -> bool:
    turns = isinstance(GATES.get(instruction.name), Rotation | Phase)
    return (turns or instruction.name == "rotation") and instruction.condition is None


def commutes(left: Instruction, right: Instruction) -> bool:
    """Whether two instructions surely commute: apart, both diagonal, or commuting rotations."""
    if not set(left.qubits) & set(right.qubits):
        return True
    if _is_diagonal(left) and _is_diagonal(right):
        return True
    a, b = pauli_string(left), pauli_string(right)
    return a is not None and b is not None and commute(a, b)


def _is_diagonal(instruction: Instruction) -> bool:
    """Whether a gate, its controls included, only turns phases of basis states."""
    if not instruction.unitary:
        return False
    if instruction.name in ("p", "gphase"):
        return True
    if instruction.name in GATES and phase_angle(instruction.name) is not None:
        return True
    string = _letters(instruction)
    return string is not None and set(string) == {"Z"}


def _letters(instruction: Instruction) -> str | None:
    row = GATES.get(instruction.name)
    if isinstance(row, Rotation):
        return row.pauli
    payload = instruction.payload
    return payload if instruction.name == "rotation" and isinstance(payload, str) else None


def pauli_string(instruction: Instruction) -> PauliString | None:
    """The Pauli string that an uncontrolled rotation turns about, or None for anything else."""
    letters = _letters(instruction)
    if letters is None or instruction.controls or instruction.condition is not None:
        return None
    return tuple(sorted(zip(instruction.targets, letters, strict=True)))
