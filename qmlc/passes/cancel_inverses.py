"""A gate and its inverse with nothing between them vanish: h h, cx cx, s sdg."""

from __future__ import annotations

from dataclasses import replace

from qmlc.ir.circuit import Instruction
from qmlc.ops.gates import GATES, Constant, constant_inverse


def cancel_inverses(instructions: tuple[Instruction, ...]) -> tuple[Instruction, ...]:
    """The instructions without pairs of constant gates that undo each other."""
    kept: list[Instruction | None] = []
    history: dict[int, list[int]] = {}
    """For each qubit the places in `kept` that act on it, the latest last."""
    for instruction in instructions:
        place = _undone(kept, history, instruction)
        if place is None:
            for qubit in instruction.qubits:
                history.setdefault(qubit, []).append(len(kept))
            kept.append(instruction)
            continue
        kept[place] = None
        for qubit in instruction.qubits:
            history[qubit].pop()
    return tuple(i for i in kept if i is not None)


def _undone(
    kept: list[Instruction | None], history: dict[int, list[int]], instruction: Instruction
) -> int | None:
    """The place of the gate that `instruction` undoes."""
    if not isinstance(GATES.get(instruction.name), Constant) or instruction.condition is not None:
        return None
    places = {history[q][-1] if history.get(q) else None for q in instruction.qubits}
    if len(places) != 1 or (place := places.pop()) is None:
        return None
    earlier = kept[place]
    wanted = constant_inverse(instruction.name)
    if earlier is None or wanted is None:
        return None
    return place if earlier == replace(instruction, name=wanted) else None
