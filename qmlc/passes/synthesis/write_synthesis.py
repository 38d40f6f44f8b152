"""A synthesis as instructions: CX, CZ, rotations, and Clifford gates on one qubit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from qmlc.ir.circuit import Instruction
from qmlc.passes.synthesis.collect_turns import Signed, through
from qmlc.passes.synthesis.lower_to_turns import lower_to_turns
from qmlc.passes.synthesis.pauli_turns import Pauli, Turn, letter, quarters
from qmlc.passes.synthesis.synthesise_turns import Row, Synthesis
from qmlc.types.polynomial import Value

NAMES = "XYZ"

TO_Z = {"X": ("h",), "Y": ("sx",), "Z": ()}
"""Gates that turn a letter into Z."""

TO_X = {"X": (), "Y": ("sdg",), "Z": ("h",)}

INVERSES = {"h": "h", "s": "sdg", "sdg": "s", "sx": "sxdg", "sxdg": "sx"}

LOCAL_GATES = ("x", "y", "z", "h", "s", "sdg", "sx", "sxdg")


def write_synthesis(
    synthesis: Synthesis, turns: Sequence[Turn], num_qubits: int
) -> list[Instruction]:
    """The instructions of `synthesis`, which is of `turns` and a Clifford gate, but for a phase."""
    found: list[Instruction] = []
    for turn, first, second, sign in synthesis.steps:
        if turn < 0:
            found += _entangle(first, second)
        else:
            letters = [first] if second < 0 else [first, second]
            found += _rotation(letters, -turns[turn].angle if sign else turns[turn].angle)
    held: dict[int, list[Row]] = {}
    for row in synthesis.rows:
        held.setdefault(row.string[1].support.bit_length() - 1, []).append(row)
    for place, rows in held.items():
        for name in _local_gates(tuple((row.letter, _at_zero(row.string)) for row in rows)):
            found.append(Instruction(name, (place,)))
    return found + exchange({place: rows[0].qubit for place, rows in held.items()}, num_qubits)


def _rotation(letters: Sequence[int], angle: Value) -> Iterator[Instruction]:
    names = "".join(NAMES[letter % 3] for letter in letters)
    qubits = tuple(letter // 3 for letter in letters)
    if len(names) == 1 or names in ("XX", "YY"):
        yield Instruction("r" + names.lower(), qubits, (angle,))
    else:
        changes = [(n, q) for a, q in zip(names, qubits, strict=True) for n in TO_Z[a]]
        yield from _between(changes, Instruction("rzz", qubits, (angle,)))


def _between(changes: Sequence[tuple[str, int]], gate: Instruction) -> Iterator[Instruction]:
    """A gate after changes of basis that are undone after it."""
    for name, qubit in changes:
        yield Instruction(name, (qubit,))
    yield gate
    for name, qubit in reversed(changes):
        yield Instruction(INVERSES[name], (qubit,))


def _entangle(one_letter: int, other: int) -> Iterator[Instruction]:
    one, two = one_letter // 3, other // 3
    first, second = NAMES[one_letter % 3], NAMES[other % 3]
    if (second == "Z" and first != "Z") or (first, second) == ("X", "Y"):
        one, two, first, second = two, one, second, first
    diagonal = second == "Z"
    changes = [(name, one) for name in TO_Z[first]]
    changes += [(name, two) for name in (TO_Z if diagonal else TO_X)[second]]
    yield from _between(changes, Instruction("z" if diagonal else "x", (one, two), (), "1"))


def exchange(places: Mapping[int, int], num_qubits: int) -> list[Instruction]:
    """Swaps that take the qubit at each key to the place of its value, and others anywhere."""
    at = dict(places)
    free = [q for q in range(num_qubits) if q not in places.values()]
    for place in range(num_qubits):
        if place not in at:
            at[place] = place if place in free else -1
            free = [q for q in free if q != place]
    for place, goal in at.items():
        if goal < 0:
            at[place] = free.pop()
    found = []
    for place in sorted(at):
        while (goal := at[place]) != place:
            found.append(Instruction("swap", (place, goal)))
            at[place], at[goal] = at[goal], goal
    return found


@cache
def _local_gates(readings: tuple[tuple[str, Signed], ...]) -> tuple[str, ...]:
    """The shortest row of gates on qubit 0 that make G† L G the string given for each letter L."""
    return next(
        gates
        for gates, images in _clifford_gates().items()
        if all(images[name] == string for name, string in readings)
    )


@cache
def _clifford_gates() -> dict[tuple[str, ...], dict[str, Signed]]:
    """For each Clifford gate of one qubit a shortest row of gates, and what it makes of letters."""
    start: dict[str, Signed] = {name: (1, letter(name, 0)) for name in NAMES}
    found: dict[tuple[str, ...], dict[str, Signed]] = {(): start}
    fresh: list[tuple[str, ...]] = [()]
    while fresh:
        reached = []
        for gates in fresh:
            for name in LOCAL_GATES:
                after = {axis: _conjugated(name, row) for axis, row in found[gates].items()}
                if after not in found.values():
                    found[name, *gates] = after
                    reached.append((name, *gates))
        fresh = reached
    return found


def _conjugated(name: str, row: Signed) -> Signed:
    """G† R G."""
    lowered = lower_to_turns(Instruction(name, (0,)))
    assert lowered is not None
    for pauli, angle in reversed(lowered.turns):
        row = through(row, pauli, quarters(angle) or 0)
    return row


def _at_zero(row: Signed) -> Signed:
    """A string of one letter, on qubit 0."""
    sign, (x, z) = row
    return sign, Pauli(int(x > 0), int(z > 0))
