"""Rotations about one axis add their angles: rz(a) rz(b) is rz(a + b), also past what commutes."""

from __future__ import annotations

from dataclasses import replace
from heapq import merge
from itertools import islice

from qmlc.ir.circuit import Instruction
from qmlc.ir.operator import PauliString, commute
from qmlc.ops.gates import GATES, Phase, Rotation, phase_angle
from qmlc.types.polynomial import Value, total

REACH = 256
"""How many instructions on the same qubits are looked back over for a partner."""


def merge_rotations(instructions: tuple[Instruction, ...]) -> tuple[Instruction, ...]:
    """The instructions with equal rotations joined where all that stands between commutes.

    The steps of a product formula end and begin with the same factors, so most of them meet.
    """
    kept: list[Instruction] = []
    angles: dict[int, list[Value]] = {}
    """Of each place that others are joined with, the angles to add up."""
    history: dict[int, list[int]] = {}
    """For each qubit the places in `kept` that act on it, the latest last."""
    for instruction in instructions:
        place = _partner(kept, history, instruction)
        if place is None:
            for qubit in instruction.qubits:
                history.setdefault(qubit, []).append(len(kept))
            kept.append(instruction)
        else:
            angles.setdefault(place, [kept[place].angles[0]]).append(instruction.angles[0])
    for place, parts in angles.items():
        kept[place] = replace(kept[place], angles=(total(parts),))
    return tuple(kept)


def _partner(
    kept: list[Instruction], history: dict[int, list[int]], instruction: Instruction
) -> int | None:
    """The place of an earlier rotation that `instruction` can be joined with."""
    if not _turns(instruction):
        return None
    touching = (reversed(history.get(qubit, ())) for qubit in instruction.qubits)
    for place in islice(merge(*touching, reverse=True), REACH):
        earlier = kept[place]
        if _alike(earlier, instruction):
            return place
        if not commutes(earlier, instruction):
            return None
    return None


def _alike(left: Instruction, right: Instruction) -> bool:
    """Whether two instructions differ in nothing but their angles."""
    same = left.name == right.name and left.qubits == right.qubits
    return same and replace(left, angles=right.angles) == right


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
