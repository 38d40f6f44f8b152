"""Neighbouring rotations about one axis add their angles: rz(a) rz(b) is rz(a + b)."""

from __future__ import annotations

from dataclasses import replace

from qmlc.ir.circuit import Instruction
from qmlc.ops.gates import GATES, Phase, Rotation


def merge_rotations(instructions: tuple[Instruction, ...]) -> tuple[Instruction, ...]:
    """The instructions with equal rotations joined where nothing stands between them."""
    kept: list[Instruction | None] = []
    last: dict[int, int] = {}
    """Where in `kept` each qubit was last acted on."""
    for instruction in instructions:
        place = _partner(kept, last, instruction)
        if place is None:
            for qubit in instruction.qubits:
                last[qubit] = len(kept)
            kept.append(instruction)
            continue
        earlier = kept[place]
        assert earlier is not None
        kept[place] = replace(earlier, angles=(earlier.angles[0] + instruction.angles[0],))
    return tuple(i for i in kept if i is not None)


def _partner(
    kept: list[Instruction | None], last: dict[int, int], instruction: Instruction
) -> int | None:
    """The place of a rotation that `instruction` can be joined with."""
    row = GATES.get(instruction.name)
    turns = isinstance(row, Rotation | Phase) or instruction.name == "rotation"
    if not turns or instruction.condition is not None:
        return None
    places = {last.get(qubit) for qubit in instruction.qubits}
    if len(places) != 1 or (place := places.pop()) is None:
        return None
    earlier = kept[place]
    if earlier is None or replace(earlier, angles=()) != replace(instruction, angles=()):
        return None
    return place
