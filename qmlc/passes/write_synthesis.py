"""A synthesis as instructions: CX, CZ, rotations, and Clifford gates on one qubit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from qmlc.ir.circuit import Instruction
from qmlc.passes.collect_turns import Signed, through
from qmlc.passes.lower_to_turns import lower_to_turns
from qmlc.passes.pauli_columns import Entangle
from qmlc.passes.pauli_turns import Pauli, Turn, letter, quarters
from qmlc.passes.synthesise_turns import Emit, Synthesis

NAMES = "XYZ"

TO_Z = {"X": ("h",), "Y": ("sx",), "Z": ()}
"""Gates that turn a letter into Z."""

TO_X = {"X": (), "Y": ("sdg",), "Z": ("h",)}

INVERSES = {"h": "h", "s": "sdg", "sdg": "s", "sx": "sxdg", "sxdg": "sx"}

LOCAL_GATES = ("x", "y", "z", "h", "s", "sdg", "sx", "sxdg")


def write_synthesis(synthesis: Synthesis, turns: Sequence[Turn]) -> list[Instruction]:
    """The instructions of `synthesis`, which is of `turns` and a Clifford gate, but for a phase."""
    found: list[Instruction] = []
    for step in synthesis.steps:
        if isinstance(step, Emit):
            found.append(_rotation(step, turns[step.turn]))
        else:
            found += _entangle(step)
    count = len(synthesis.rows) // 2
    places = {}
    for qubit in range(count):
        (sx, place, x), (sz, _, z) = synthesis.rows[qubit], synthesis.rows[qubit + count]
        for name in _local_gates()[sx, NAMES[x], sz, NAMES[z]]:
            found.append(Instruction(name, (place,)))
        places[place] = qubit
    found += exchange(places)
    return found


def _rotation(step: Emit, turn: Turn) -> Instruction:
    letters = "".join(NAMES[number] for _, number in step.letters)
    qubits = tuple(qubit for qubit, _ in step.letters)
    angle = turn.angle if step.sign > 0 else -turn.angle
    if letters in ("X", "Y", "Z", "XX", "YY", "ZZ", "ZX"):
        return Instruction("r" + letters.lower(), qubits, (angle,))
    return Instruction("rotation", qubits, (angle,), payload=letters)


def _entangle(step: Entangle) -> Iterator[Instruction]:
    one, two = step.first, step.second
    first, second = NAMES[step.first_letter], NAMES[step.second_letter]
    if (second == "Z" and first != "Z") or (first, second) == ("X", "Y"):
        one, two, first, second = two, one, second, first
    diagonal = second == "Z"
    changes = [(name, one) for name in TO_Z[first]]
    changes += [(name, two) for name in (TO_Z if diagonal else TO_X)[second]]
    for name, qubit in changes:
        yield Instruction(name, (qubit,))
    yield Instruction("z" if diagonal else "x", (one, two), (), "1")
    for name, qubit in reversed(changes):
        yield Instruction(INVERSES[name], (qubit,))


def exchange(places: Mapping[int, int]) -> list[Instruction]:
    """Swaps that take the qubit at each key to the place of its value."""
    found, at = [], dict(places)
    for place in sorted(at):
        while (goal := at[place]) != place:
            found.append(Instruction("swap", (place, goal)))
            at[place], at[goal] = at[goal], goal
    return found


@cache
def _local_gates() -> dict[tuple[int, str, int, str], tuple[str, ...]]:
    """For each Clifford gate G of one qubit, by G† X G and G† Z G, the shortest row of gates."""
    start: tuple[Signed, Signed] = ((1, letter("X", 0)), (1, letter("Z", 0)))
    found: dict[tuple[Signed, Signed], tuple[str, ...]] = {start: ()}
    fresh = [start]
    while fresh:
        reached = []
        for rows in fresh:
            for name in LOCAL_GATES:
                after = _conjugated(name, rows[0]), _conjugated(name, rows[1])
                if after not in found:
                    found[after] = (name, *found[rows])
                    reached.append(after)
        fresh = reached
    return {(x[0], _name(x[1]), z[0], _name(z[1])): gates for (x, z), gates in found.items()}


def _conjugated(name: str, row: Signed) -> Signed:
    """G† R G."""
    lowered = lower_to_turns(Instruction(name, (0,)))
    assert lowered is not None
    for pauli, angle in reversed(lowered.turns):
        row = through(row, pauli, quarters(angle) or 0)
    return row


def _name(pauli: Pauli) -> str:
    return {(1, 0): "X", (1, 1): "Y", (0, 1): "Z"}[pauli.x, pauli.z]
