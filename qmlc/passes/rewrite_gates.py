"""Rules of gates applied to a circuit, from its first gate to its last, until none applies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from qmlc.ir.circuit import Instruction
from qmlc.ir.rules import GateRule
from qmlc.passes.match_gates import (
    Beside,
    Match,
    Search,
    beside,
    find_match,
    qubits_beside,
    searches,
)

REACH = 512
"""How many instructions are looked back over where others have to be moved out of the way."""


@dataclass
class _Line:
    """The instructions kept so far, and for each wire their places.

    A wire is a qubit, or a measured bit (its complement): what writes it stands on it.
    """

    kept: list[Instruction | None] = field(default_factory=list)
    wires: dict[int, list[int]] = field(default_factory=dict)

    def append(self, instruction: Instruction) -> None:
        for wire in _writes(instruction):
            self.wires.setdefault(wire, []).append(len(self.kept))
        self.kept.append(instruction)

    def near(self, instruction: Instruction) -> dict[Beside, int]:
        """What stands last on the qubits of an instruction, and on how many of them."""
        found: dict[Beside, int] = {}
        shared: dict[int, int] = {}
        for qubit in instruction.qubits:
            places = self.wires.get(qubit)
            if places:
                last = places[-1]
                shared[last] = shared.get(last, 0) + 1
        for place, count in shared.items():
            neighbour = self.kept[place]
            if neighbour is not None:
                key = beside(neighbour, instruction)
                found[key] = max(count, found.get(key, 0))
        return found

    def remove(self, places: Sequence[int]) -> None:
        """Take instructions away that are the last ones on their wires."""
        for place in sorted(places, reverse=True):
            instruction = self.kept[place]
            assert instruction is not None
            for wire in _writes(instruction):
                self.wires[wire].pop()
            self.kept[place] = None


def rewrite_gates(
    rules: Iterable[GateRule], instructions: tuple[Instruction, ...]
) -> tuple[Instruction, ...]:
    """The instructions after all applications of `rules`; earlier rules go first.

    Each application lowers `ir.rules.gate_cost`, so there is an end to them.
    """
    by_name: dict[str, list[Search]] = {}
    for rule in rules:
        for search in searches(rule):
            by_name.setdefault(rule.before[search.anchor].name, []).append(search)
    line = _Line()
    todo = list(reversed(instructions))
    while todo:
        instruction = todo.pop()
        candidates = by_name.get(instruction.name, ())
        near = line.near(instruction) if candidates else {}
        line.append(instruction)
        for search in candidates:
            if search.beside is not None:
                shared = near.get(search.beside)
                if shared is None or shared < qubits_beside(search, instruction):
                    continue
            match = find_match(search, line.kept, line.wires, len(line.kept) - 1)
            if match is not None and _apply(line, match, todo):
                break
    return tuple(i for i in line.kept if i is not None)


def _apply(line: _Line, match: Match, todo: list[Instruction]) -> bool:
    """Take a match out of the line, and put its replacement and what follows it into `todo`."""
    if _is_last(line, match.places):
        line.remove(match.places)
        todo += reversed(match.replacement)
        return True
    parts = _part(line, match.places)
    if parts is None:
        return False
    before, after = parts
    first = match.places[0]
    line.remove([p for p in range(first, len(line.kept)) if line.kept[p] is not None])
    del line.kept[first:]
    for instruction in before:
        line.append(instruction)
    todo += reversed((*match.replacement, *after))
    return True


def _is_last(line: _Line, places: Sequence[int]) -> bool:
    """Whether nothing that is kept has to come after one of `places`."""
    counts: dict[int, int] = {}
    for place in places:
        instruction = line.kept[place]
        assert instruction is not None
        for wire in _writes(instruction):
            counts[wire] = counts.get(wire, 0) + 1
        for wire in _reads(instruction):
            written = line.wires.get(wire)
            if written and written[-1] > places[0]:
                return False
    return all(line.wires[wire][-count] in places for wire, count in counts.items())


def _part(line: _Line, places: Sequence[int]) -> tuple[list[Instruction], list[Instruction]] | None:
    """What stands among `places`: that which can go before them all, and that which must follow.

    None where something has to come between two of them, or they are too far apart.
    """
    if len(line.kept) - places[0] > REACH:
        return None
    before, after = [], []
    matched, later = _Marks(), _Marks()
    for place in range(places[0], len(line.kept)):
        instruction = line.kept[place]
        if instruction is None:
            continue
        if place in places:
            if later.meet(instruction):
                return None
            matched.add(instruction)
        elif matched.meet(instruction) or later.meet(instruction):
            later.add(instruction)
            after.append(instruction)
        else:
            before.append(instruction)
    return before, after


@dataclass
class _Marks:
    """The wires that some instructions write and read."""

    written: set[int] = field(default_factory=set)
    read: set[int] = field(default_factory=set)

    def add(self, instruction: Instruction) -> None:
        self.written.update(_writes(instruction))
        self.read.update(_reads(instruction))

    def meet(self, instruction: Instruction) -> bool:
        """Whether `instruction` must keep its order with one of these."""
        writes, reads = _writes(instruction), _reads(instruction)
        return not (
            self.written.isdisjoint(writes)
            and self.written.isdisjoint(reads)
            and self.read.isdisjoint(writes)
        )


def _writes(instruction: Instruction) -> tuple[int, ...]:
    if not instruction.bits:
        return instruction.qubits
    return (*instruction.qubits, *(~bit for bit in instruction.bits))


def _reads(instruction: Instruction) -> tuple[int, ...]:
    condition = instruction.condition
    return () if condition is None else tuple(~bit for bit in condition.bits)
