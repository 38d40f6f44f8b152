"""Rotations by an angle that is 0 do nothing, and are left out."""

from __future__ import annotations

from qmlc.ir.circuit import Instruction
from qmlc.ops.gates import GATES, Phase, Rotation


def drop_identities(instructions: tuple[Instruction, ...]) -> tuple[Instruction, ...]:
    """The instructions without those that are the identity, exactly, for every input."""
    return tuple(i for i in instructions if not _is_identity(i))


def _is_identity(instruction: Instruction) -> bool:
    turns = isinstance(GATES.get(instruction.name), Rotation | Phase)
    if turns or instruction.name in ("gphase", "rotation", "evolve"):
        return instruction.angles[0] == 0
    return False
