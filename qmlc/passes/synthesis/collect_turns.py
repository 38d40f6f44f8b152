"""Rotations first, Clifford gates last: the form in which circuits are synthesised anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qmlc.passes.synthesis.pauli_turns import (
    Pauli,
    Turn,
    anticommute,
    letter,
    multiply,
    quarters,
    qubits_of,
)

REACH = 512
"""How many rotations are looked back over for one about the same string."""

Signed = tuple[int, Pauli]


@dataclass
class PauliForm:
    """Rotations, in the order in which they act, and after them a Clifford gate C.

    `rows` hold C† X_q C for each qubit, then C† Z_q C; `quarter_turns` are rotations by quarter
    turns that make C, phase included.
    """

    turns: list[Turn]
    rows: list[Signed]
    quarter_turns: list[tuple[Pauli, int]]

    def inverse(self) -> PauliForm:
        """The form of the inverse: the rotations go through C to the front, C† stays behind."""
        rows = _inverse_rows(self.rows)
        turns = []
        for pauli, angle in reversed(self.turns):
            sign, string = image(rows, pauli)
            turns.append(Turn(string, angle * -sign))
        undone = [(pauli, -count % 8) for pauli, count in reversed(self.quarter_turns)]
        return PauliForm(turns, rows, undone)


def _inverse_rows(rows: Sequence[Signed]) -> list[Signed]:
    """C P C† for the letters P, from C† P C.

    C P C† and another letter anticommute where P and C† of the other do, which is a bit of it; what
    sign it has shows when it is taken back.
    """
    size = len(rows) // 2
    found: list[Signed] = []
    for part in (1, 0):
        bits = [row[part] for _, row in rows]
        for qubit in range(size):
            x = sum([1 << q for q in range(size) if bits[q + size] >> qubit & 1])
            z = sum([1 << q for q in range(size) if bits[q] >> qubit & 1])
            found.append((image(rows, Pauli(x, z))[0], Pauli(x, z)))
    return found


def collect_turns(turns: Iterable[Turn], num_qubits: int) -> PauliForm:
    """The form of a circuit of rotations; those about one string that meet are joined."""
    names = [(name, q) for name in "XZ" for q in range(num_qubits)]
    form = PauliForm([], [(1, letter(name, q)) for name, q in names], [])
    found: dict[Pauli, list[int]] = {}
    for pauli, angle in turns:
        count = quarters(angle)
        if count is None:
            sign, string = image(form.rows, pauli)
            append_turn(form.turns, found, Turn(string, angle if sign > 0 else -angle))
        elif count:
            form.quarter_turns.append((pauli, count))
            _turn_rows(form.rows, pauli, count)
    absorb_quarters(form)
    return form


def append_turn(turns: list[Turn], found: dict[Pauli, list[int]], turn: Turn) -> None:
    """Add a rotation, to an earlier one about its string where all between commutes."""
    places = found.setdefault(turn.pauli, [])
    if places and len(turns) - places[-1] <= REACH:
        between = turns[places[-1] + 1 :]
        if not any(anticommute(turn.pauli, other.pauli) for other in between):
            turns[places[-1]] = Turn(turn.pauli, turns[places[-1]].angle + turn.angle)
            return
    places.append(len(turns))
    turns.append(turn)


def absorb_quarters(form: PauliForm) -> None:
    """Rotations that came to quarter turns go through all later ones, into the Clifford gate."""
    place = 0
    while place < len(form.turns):
        pauli, angle = form.turns[place]
        count = quarters(angle)
        if count is None:
            place += 1
            continue
        del form.turns[place]
        if count:
            form.quarter_turns.insert(0, (pauli, count))
            form.rows = [through(row, pauli, count) for row in form.rows]
            for later in range(place, len(form.turns)):
                string, other = form.turns[later]
                sign, string = through((1, string), pauli, count)
                form.turns[later] = Turn(string, other if sign > 0 else -other)


def through(row: Signed, pauli: Pauli, count: int) -> Signed:
    """G† R G for G = exp(-i count pi/4 P)."""
    sign, string = row
    if not anticommute(string, pauli):
        return row
    if count % 4 == 2:
        return -sign, string
    power, product = multiply(pauli, string)
    # i P R, or -i P R
    return (sign if (power + count) % 4 == 0 else -sign), product


def image(rows: Sequence[Signed], pauli: Pauli) -> Signed:
    """C† P C of a string P."""
    # as X**x Z**z times a power of i; the product of all rows, as `multiply` does it
    power = (pauli.x & pauli.z).bit_count()
    x = z = 0
    for mask, first in ((pauli.x, 0), (pauli.z, len(rows) // 2)):
        while mask:
            low = mask & -mask
            mask ^= low
            sign, (more_x, more_z) = rows[first + low.bit_length() - 1]
            power += (more_x & more_z).bit_count() + 2 * (z & more_x).bit_count()
            if sign < 0:
                power += 2
            x ^= more_x
            z ^= more_z
    power -= (x & z).bit_count()
    return (1 if power % 4 == 0 else -1), Pauli(x, z)


def _turn_rows(rows: list[Signed], pauli: Pauli, count: int) -> None:
    """Append a quarter turn G to the Clifford gate: each row becomes C† (G† P G) C."""
    size = len(rows) // 2
    sign, string = image(rows, pauli)
    turned = count if sign > 0 else -count % 4
    # those letters that anticommute with it
    for has, first in ((pauli.z, 0), (pauli.x, size)):
        for qubit in qubits_of(has):
            rows[first + qubit] = through(rows[first + qubit], string, turned)
