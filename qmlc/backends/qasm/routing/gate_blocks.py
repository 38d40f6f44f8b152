"""Runs of gates on a pair of qubits, and what each costs alone and merged with an exchange."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from qiskit.circuit import CircuitInstruction
from qiskit.circuit.library import CXGate
from qiskit.synthesis import TwoQubitBasisDecomposer

from qmlc.backends.qasm.print_gates import is_symbolic
from qmlc.backends.qasm.routing.pair_paulis import (
    QUARTER,
    START,
    TURNS,
    Angle,
    Frame,
    Pauli,
    Turn,
    commutes,
    local_gates,
    look_up,
    multiply,
    quarters,
    turn_frame,
    turns_of,
)

EXCHANGE = 3
"""Gates on two qubits that an exchange alone takes."""


class PairGate(NamedTuple):
    """A gate within a block: `places` says which qubits of the pair it acts on: `0` to `10`."""

    name: str
    angles: tuple[Angle, ...]
    places: str
    item: CircuitInstruction


@dataclass(frozen=True, slots=True)
class Core:
    """Turns of both qubits that commute, between gates on one qubit; then an exchange, or none.

    In order: the turns `before`, `turns`, `after`, the words of h and s, the exchange.
    """

    before: tuple[Turn, ...]
    turns: tuple[Turn, ...]
    after: tuple[Turn, ...] = ()
    words: tuple[str, str] = ("", "")
    exchanged: bool = False


@dataclass(frozen=True, slots=True)
class Fixed:
    """A matrix of numbers; the first qubit is the less significant."""

    matrix: Any


Part = Core | Fixed
"""What is written as one piece."""


@dataclass(frozen=True, slots=True)
class Block:
    """What happens between a pair of wires before anything else does: its parts, in order.

    `kinds` says for each wire about which letter all of it turns, so that blocks with the same
    letter on a wire commute there; `-` where that is none. `cost` are two-qubit gates, `merged` how
    many more it takes to exchange the wires as well.
    """

    wires: tuple[int, int]
    parts: tuple[Part, ...]
    kinds: str
    cost: int
    merged: int


def make_block(wires: tuple[int, int], gates: Sequence[PairGate]) -> Block:
    """A block of gates in order."""
    parts = tuple(_parts(gates))
    costs = [part_cost(part) for part in parts]
    merged = part_cost(parts[-1], True) - costs[-1]
    kinds = "".join(_kind(parts, place) for place in (0, 1))
    return Block(wires, parts, kinds, sum(costs), merged)


def _parts(gates: Sequence[PairGate]) -> list[Part]:
    """Parts, each of as many gates as go together without costing more than apart."""
    run: list[PairGate] = []
    found: list[Part] = []
    for stretch in _stretches(gates):
        alone = _alone(stretch)
        joined = _joined([*run, *stretch]) if run else None
        costs = sum(map(part_cost, alone)) + (part_cost(found[-1]) if found else 0)
        if joined is not None and part_cost(joined) <= costs:
            run += stretch
            found[-1] = joined
        else:
            run = list(stretch)
            found += alone
    return found


def _stretches(gates: Sequence[PairGate]) -> Iterator[list[PairGate]]:
    """Each gate on two qubits with those on one qubit before it."""
    stretch: list[PairGate] = []
    for gate in gates:
        stretch.append(gate)
        if len(gate.places) == 2:
            yield stretch
            stretch = []


def _joined(gates: Sequence[PairGate]) -> Part | None:
    """Gates as one part, if they are."""
    if not any(is_symbolic(a) for gate in gates for a in gate.angles):
        return Fixed(_matrix(gates))
    if all(gate.name in TURNS for gate in gates):
        turns = [turn for gate in gates for turn in turns_of(gate.name, gate.angles, gate.places)]
        return _core(turns, 2) or _core(turns, 1)
    return None


def _alone(stretch: Sequence[PairGate]) -> list[Part]:
    """A gate on two qubits with those on one qubit before it."""
    *singles, last = stretch
    if last.name in TURNS and all(gate.name in TURNS for gate in singles):
        return [_single([t for g in stretch for t in turns_of(g.name, g.angles, g.places)])]
    found: list[Part] = []
    for gate in stretch:
        if gate.name in TURNS and len(gate.places) == 1:
            found.append(Core(tuple(turns_of(gate.name, gate.angles, gate.places)), ()))
        else:
            found.append(Fixed(_matrix([gate])))
    return found


def _single(turns: Sequence[Turn]) -> Core:
    """The turns of a gate on two qubits, which has one such turn, with others before and after."""
    at = next(i for i, turn in enumerate(turns) if "I" not in turn.letters)
    return Core(tuple(turns[:at]), (turns[at],), tuple(turns[at + 1 :]))


def _core(turns: Sequence[Turn], absorb: int) -> Core | None:
    """Turns as a core, those by quarters of up to `absorb` qubits first taken to the end."""
    facts = tuple((turn.letters, quarters(turn.angle)) for turn in turns)
    found = _plan_core(facts, absorb)
    if found is None:
        return None
    stretches = [
        tuple(Turn(p.letters, turns[i].angle * p.sign) for i, p in stretch)
        for stretch in found.stretches
    ]
    middle = _add_up([*stretches[1], *(Turn(p, QUARTER) for p in found.extra)])
    return Core(stretches[0], middle, stretches[2], found.words, found.exchanged)


Stretch = tuple[tuple[int, Pauli], ...]
"""Turns by their numbers, and what they turn about in the frame."""


@dataclass(frozen=True, slots=True)
class CorePlan:
    """How turns make a core: which come before, between, and after, and quarter turns beside."""

    stretches: tuple[Stretch, Stretch, Stretch]
    extra: tuple[str, ...]
    words: tuple[str, str]
    exchanged: bool


@cache
def _plan_core(facts: tuple[tuple[str, int | None], ...], absorb: int) -> CorePlan | None:
    frame, left = START, []
    for i, (letters, count) in enumerate(facts):
        if count is not None and Pauli(letters).weight <= absorb:
            frame = turn_frame(frame, letters, count)
        else:
            left.append((i, look_up(frame, Pauli(letters))))
    stretches = _arrange(left)
    if stretches is None:
        return None
    for extra in _residues([p.letters for _, p in (*stretches[1], *stretches[2])]):
        rest = frame
        for letters in extra:
            rest = _without(rest, letters)
        exchanged = {"XI": rest["IX"], "ZI": rest["IZ"], "IX": rest["XI"], "IZ": rest["ZI"]}
        for candidate, swap in ((rest, False), (exchanged, True)):
            words = local_gates(candidate)
            if words is not None:
                return CorePlan(stretches, extra, words, swap)
    return None


def _residues(others: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """What quarter turns may be about that commute with others, the fewest first."""
    yield ()
    letters = [a + b for a in "XYZ" for b in "XYZ"]
    free = [p for p in letters if all(commutes(p, other) for other in others)]
    yield from ((p,) for p in free)
    for i, p in enumerate(free):
        yield from ((p, q) for q in free[:i] if commutes(p, q))


def _without(frame: Frame, letters: str) -> Frame:
    """The frame of a Clifford gate whose first quarter turn is left out."""
    # F(P) = T^-1 G(P) T, so G(P) = T F(P) T^-1
    inverse = turn_frame(START, letters, -1)
    return {axis: look_up(inverse, image) for axis, image in frame.items()}


def _arrange(turns: Iterable[tuple[int, Pauli]]) -> tuple[Stretch, Stretch, Stretch] | None:
    """Turns of one qubit to both ends, those of two that commute between; None if impossible."""
    before: list[tuple[int, Pauli]] = []
    middle: list[tuple[int, Pauli]] = []
    after: list[tuple[int, Pauli]] = []
    for turn in turns:
        free = all(commutes(turn[1].letters, p.letters) for _, p in (*middle, *after))
        if turn[1].weight == 2:
            if not free:
                return None
            middle.append(turn)
        else:
            (before if free else after).append(turn)
    return tuple(before), tuple(middle), tuple(after)


def _add_up(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """Turns that commute, with one for each product of letters."""
    angles: dict[str, Angle] = {}
    for turn in turns:
        if turn.letters in angles:
            angles[turn.letters] = angles[turn.letters] + turn.angle
        else:
            angles[turn.letters] = turn.angle
    return tuple(Turn(letters, angle) for letters, angle in angles.items())


def _kind(parts: Sequence[Part], place: int) -> str:
    """About which letter a block turns a wire, `-` for none."""
    if len(parts) != 1 or not isinstance(parts[0], Core):
        return "-"
    core = parts[0]
    turns = (*core.before, *core.turns, *core.after)
    letters = {turn.letters[place] for turn in turns} - {"I"}
    plain = core.words == ("", "") and not core.exchanged
    return letters.pop() if len(letters) == 1 and plain else "-"


def complete(turns: Sequence[Turn]) -> tuple[Turn, Turn, Turn]:
    """Three turns that commute, of which the given ones are some."""
    found = list(turns)
    if not found:
        found = [Turn("ZZ", 0.0)]
    if len(found) == 1:
        cycle = {"X": "Y", "Y": "Z", "Z": "X"}
        found.append(Turn("".join(cycle[letter] for letter in found[0].letters), 0.0))
    if len(found) == 2:
        found.append(Turn(multiply(found[0].letters, found[1].letters)[0], 0.0))
    return found[0], found[1], found[2]


def part_cost(part: Part, exchange: bool = False) -> int:
    """Two-qubit gates of a part, with an exchange after it where that is said."""
    if isinstance(part, Fixed):
        matrix = SWAP @ part.matrix if exchange else part.matrix
        return int(decomposer().num_basis_gates(matrix))
    counts = [quarters(turn.angle) for turn in part.turns]
    counts += [0] * (3 - len(counts))
    # an exchange is a quarter turn about each of XX, YY and ZZ
    more = exchange != part.exchanged
    left = [count for count in counts if count is None or (count + more) % 2]
    return 1 if len(left) == 1 and left[0] is not None else max(2, len(left)) if left else 0


SWAP = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]], dtype=complex)


@cache
def decomposer() -> TwoQubitBasisDecomposer:
    """Qiskit's, after Cartan, for cx."""
    return TwoQubitBasisDecomposer(CXGate())


def _matrix(gates: Sequence[PairGate]) -> Any:
    total = np.eye(4, dtype=complex)
    for gate in gates:
        matrix = gate.item.operation.to_matrix()
        if gate.places == "0":
            matrix = np.kron(np.eye(2), matrix)
        elif gate.places == "1":
            matrix = np.kron(matrix, np.eye(2))
        elif gate.places == "10":
            matrix = SWAP @ matrix @ SWAP
        total = matrix @ total
    return total
