"""Gates written anew from the rotations that they are, where that costs less."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

from qmlc.ir.circuit import Instruction
from qmlc.ir.modify_gates import inverse
from qmlc.passes.clifford_phase import clifford_phase
from qmlc.passes.collect_turns import PauliForm, collect_turns
from qmlc.passes.count_entangling_gates import count_entangling_gates
from qmlc.passes.lower_to_turns import Turns, lower_to_turns
from qmlc.passes.number_monomials import number_monomials, restore_monomials
from qmlc.passes.pauli_turns import quarters
from qmlc.passes.synthesise_turns import Taste, synthesise_turns
from qmlc.passes.write_synthesis import write_synthesis
from qmlc.types.polynomial import Value

TASTES = (Taste(0.5, 0.3), Taste(0.5, 1.0))
"""Of what these find, forwards and backwards, the best is taken."""

MAX_WORK = 4e9
"""Additions and multiplications for one attempt; what would take more stays as it is."""


def resynthesise(instructions: Sequence[Instruction], widest: int) -> list[Instruction]:
    """The same unitary with fewer gates on two qubits, or at equal number less depth.

    `instructions` are gates that `lower_to_turns` knows; `widest` as in `synthesise_turns`.
    """
    qubits = sorted({q for i in instructions for q in i.qubits})
    place = {q: i for i, q in enumerate(qubits)}
    local = [_placed(instruction, place) for instruction in instructions]
    if not count_entangling_gates(local, widest)[0]:
        return list(instructions)
    numbered, monomials = number_monomials(local)
    found = _resynthesised(numbered, len(qubits), widest)
    if found is None:
        return list(instructions)
    return [_placed(i, qubits) for i in restore_monomials(found, monomials)]


@lru_cache(maxsize=1024)
def _resynthesised(
    instructions: tuple[Instruction, ...], num_qubits: int, widest: int
) -> tuple[Instruction, ...] | None:
    """What is better than the instructions, or None; kept, as circuits repeat themselves."""
    cost = count_entangling_gates(instructions, widest)
    best = None
    for back in (False, True):
        turns = lower_all(inverse(instructions) if back else instructions)
        found = _best(turns, num_qubits, widest, cost)
        if found is not None:
            best = tuple(inverse(found) if back else found)
            cost = count_entangling_gates(best, widest)
    return best


def _placed(instruction: Instruction, place: Sequence[int] | dict[int, int]) -> Instruction:
    return replace(instruction, qubits=tuple(place[q] for q in instruction.qubits))


def lower_all(instructions: Iterable[Instruction]) -> Turns:
    """The rotations of gates in a row."""
    found = Turns()
    for instruction in instructions:
        lowered = lower_to_turns(instruction)
        assert lowered is not None, instruction
        found.turns += lowered.turns
        found.phase = found.phase + lowered.phase
    return found


def _best(
    turns: Turns, num_qubits: int, widest: int, cost: tuple[int, int]
) -> list[Instruction] | None:
    """The best of all tastes, if it is below `cost`."""
    form = collect_turns(turns.turns, num_qubits)
    work = 9 * num_qubits**2 * (len(form.turns) + 2 * num_qubits) * cost[0]
    if cost[0] <= _least(form, widest) or work > MAX_WORK:
        return None
    best = None
    for width in sorted({1, widest}):
        for taste in TASTES:
            found = synthesise_turns(form, num_qubits, width, taste, cost[0])
            if found is not None and (found.cost, found.depth) < cost:
                best, cost = found, (found.cost, found.depth)
    if best is None:
        return None
    written = write_synthesis(best, form.turns)
    return written + _phase(form, turns.phase, written, num_qubits)


def _least(form: PauliForm, widest: int) -> int:
    """Gates on two qubits without which `form` cannot be."""
    if any(turn.pauli.support.bit_count() > 1 for turn in form.turns):
        return 3 - widest
    return int(any(pauli.support.bit_count() > 1 for _, pauli in form.rows))


def _phase(
    form: PauliForm, phase: Value, written: Sequence[Instruction], num_qubits: int
) -> list[Instruction]:
    """The global phase of `form`, beside `phase`, over what was written for it."""
    after = lower_all(written)
    counts = [(pauli, quarters(angle)) for pauli, angle in after.turns]
    undone = [(pauli, -count % 8) for pauli, count in reversed(counts) if count is not None]
    eighths = clifford_phase([*form.quarter_turns, *undone], num_qubits)
    total = phase - after.phase + eighths * (math.pi / 4)
    if isinstance(total, (int, float)):
        total = math.remainder(total, 2 * math.pi)
        if abs(total) < 1e-12:
            return []
    return [Instruction("gphase", (), (total,))]
