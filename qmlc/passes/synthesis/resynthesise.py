"""Gates written anew from the rotations that they are, where that costs less."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

from qmlc.ir.circuit import Instruction
from qmlc.ir.modify_gates import inverse
from qmlc.passes.synthesis.clifford_phase import clifford_phase
from qmlc.passes.synthesis.collect_turns import PauliForm, collect_turns, image
from qmlc.passes.synthesis.count_entangling_gates import (
    count_entangling_gates,
    entangling_cost,
)
from qmlc.passes.synthesis.fit_to_ends import drop_unmeasured, start_in_zero
from qmlc.passes.synthesis.lower_to_turns import Turns, lower_to_turns
from qmlc.passes.synthesis.number_monomials import number_monomials, restore_monomials
from qmlc.passes.synthesis.pauli_turns import letter, quarters
from qmlc.passes.synthesis.synthesise_turns import Row, Synthesis, Task, synthesise_turns
from qmlc.passes.synthesis.write_synthesis import write_synthesis
from qmlc.types.polynomial import Polynomial, Value

TASTES = (3, 10)
"""What a layer is worth, in tenths of a letter: of what is found so, the best is taken."""

MAX_WORK = 3e8
"""Multiplications after which no further attempt is made."""

MAX_SIZE = 1e9
"""Multiplications of an attempt that is not made."""

Letters = tuple[tuple[int, str], ...]
"""(qubit, letters): what may be measured of each qubit."""


@dataclass(frozen=True, slots=True)
class Ends:
    """What is known of where gates stand: nothing, so that their unitary has to stay."""

    zero: bool = False
    """They act on |0…0>, and only what they make of it has to stay, phase included."""
    measured: Letters | None = None
    """Products of these letters are measured after them, and nothing else has to stay."""
    phase: bool = True
    """Their global phase has to stay."""


def resynthesise(
    instructions: Sequence[Instruction], widest: int, ends: Ends = Ends()
) -> list[Instruction]:
    """The same with fewer gates on two qubits, or at equal number less depth.

    `instructions` are gates that `lower_to_turns` knows; `widest` as in `synthesise_turns`.
    """
    entangling = [i for i in instructions if len(i.qubits) > 1]
    cost = sum(entangling_cost(instruction, widest) for instruction in entangling)
    if cost == 0 or (not ends.zero and ends.measured is None and _is_least(entangling, cost)):
        return list(instructions)
    qubits = sorted({q for i in instructions for q in i.qubits})
    place = {q: i for i, q in enumerate(qubits)}
    local = [_placed(instruction, place) for instruction in instructions]
    if ends.measured is not None:
        letters = tuple((place[q], names) for q, names in ends.measured if q in place)
        ends = replace(ends, measured=letters)
    numbered, monomials = number_monomials(local)
    found = _resynthesised(numbered, len(qubits), widest, ends)
    if found is None:
        return list(instructions)
    return [_placed(i, qubits) for i in restore_monomials(found, monomials)]


def _is_least(entangling: Sequence[Instruction], cost: int) -> bool:
    """Whether these gates cannot cost less: one that costs one, or two by a symbolic angle."""
    if len(entangling) != 1 or cost != 2:
        return cost < 2
    (only,) = entangling
    return len(only.qubits) == 2 and any(isinstance(a, Polynomial) for a in only.angles)


def is_small(instructions: Sequence[Instruction], widest: int) -> bool:
    """Whether gates can be written anew all at once in about a second."""
    num_qubits = len({q for i in instructions for q in i.qubits})
    cost = count_entangling_gates(instructions, widest)[0]
    return 9 * num_qubits**2 * (len(instructions) + 2 * num_qubits) * cost <= MAX_SIZE


def _placed(instruction: Instruction, place: Sequence[int] | dict[int, int]) -> Instruction:
    return instruction.on(tuple([place[q] for q in instruction.qubits]))


@lru_cache(maxsize=1024)
def _resynthesised(
    instructions: tuple[Instruction, ...], num_qubits: int, widest: int, ends: Ends
) -> tuple[Instruction, ...] | None:
    """What is better than the instructions, or None; kept, as circuits repeat themselves."""
    cost = count_entangling_gates(instructions, widest)
    lowered = lower_all(instructions)
    form, phase = collect_turns(lowered.turns, num_qubits), lowered.phase
    count = len(form.turns)
    if ends.zero:
        form, more = start_in_zero(form, num_qubits)
        phase = phase + more
    if ends.measured is not None:
        form = drop_unmeasured(form, [row.string[1] for row in _rows(form, ends.measured)])
    if len(form.turns) < count:
        # fewer rotations are worth it at equal cost
        cost = cost[0], cost[1] + 1
    attempt = _Attempt(form, num_qubits, widest, ends)
    best = min(attempt.found(cost), key=lambda found: (found[0].cost, found[0].depth), default=None)
    if best is None:
        return None
    written = attempt.write(*best)
    if ends.phase and ends.measured is None:
        written += attempt.phase(phase, written)
    return tuple(written)


def lower_all(instructions: Iterable[Instruction]) -> Turns:
    """The rotations of gates in a row."""
    found = Turns()
    for instruction in instructions:
        lowered = lower_to_turns(instruction)
        assert lowered is not None, instruction
        found.turns += lowered.turns
        found.phase = found.phase + lowered.phase
    return found


def _rows(form: PauliForm, letters: Letters) -> tuple[Row, ...]:
    """C† P C for these letters P of each qubit."""
    return tuple(
        Row(image(form.rows, letter(name, qubit)), name, qubit)
        for qubit, names in letters
        for name in names
    )


class _Attempt:
    """A form, synthesised forwards, and as its inverse from its end."""

    def __init__(self, form: PauliForm, num_qubits: int, widest: int, ends: Ends) -> None:
        back = form.inverse()
        self.forms = (form, back)
        self.num_qubits, self.widest = num_qubits, widest
        every = tuple((q, "ZX") for q in range(num_qubits))
        tasks = (
            (form, every if ends.measured is None else ends.measured, False),
            (back, tuple((q, "Z") for q, _ in every) if ends.zero else every, ends.zero),
        )
        self.tasks = [
            Task(tuple(t.pauli for t in form.turns), _rows(form, letters), num_qubits, group)
            for form, letters, group in tasks
        ]

    def found(self, cost: tuple[int, int]) -> Iterator[tuple[Synthesis, bool]]:
        """What is below `cost`, each better than the one before, and whether it goes back."""
        work = 0
        for taste, width in product(TASTES, sorted({1, self.widest})):
            for back, task in enumerate(self.tasks):
                if cost[0] > _least(task, self.widest) and work < MAX_WORK:
                    work += self._work(task, cost[0])
                    found = synthesise_turns(task, width, taste, cost[0])
                    if found is not None and (found.cost, found.depth) < cost:
                        cost = found.cost, found.depth
                        yield found, bool(back)

    def _work(self, task: Task, cost: int) -> int:
        return 9 * self.num_qubits**2 * (len(task.strings) + len(task.rows)) * cost

    def write(self, synthesis: Synthesis, back: bool) -> list[Instruction]:
        """The instructions of a synthesis, but for a phase."""
        written = write_synthesis(synthesis, self.forms[back].turns, self.num_qubits)
        return inverse(written) if back else written

    def phase(self, phase: Value, written: Sequence[Instruction]) -> list[Instruction]:
        """The global phase of the form, beside `phase`, over what was written for it."""
        after = lower_all(written)
        counts = [(pauli, quarters(angle)) for pauli, angle in after.turns]
        new = [(pauli, count) for pauli, count in counts if count is not None]
        undone = [(pauli, -count % 8) for pauli, count in reversed(new)]
        # on |0…0> a phase alone is left, also where only the state had to stay
        eighths = clifford_phase([*self.forms[0].quarter_turns, *undone], self.num_qubits)
        total = phase - after.phase + eighths * (math.pi / 4)
        if isinstance(total, (int, float)):
            total = math.remainder(total, 2 * math.pi)
            if abs(total) < 1e-12:
                return []
        return [Instruction("gphase", (), (total,))]


def _least(task: Task, widest: int) -> int:
    """Gates on two qubits without which a task cannot be."""
    if any(string.support.bit_count() > 1 for string in task.strings):
        return 3 - widest
    return int(any(row.string[1].support.bit_count() > 1 for row in task.rows))
