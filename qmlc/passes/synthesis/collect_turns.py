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

    C P C† and another letter anticommute where P and C† of the other do; what sign it has shows
    when it is taken back.
    """
    size = len(rows) // 2
    found: list[Signed] = []
    for name in "XZ":
        for qubit in range(size):
            wanted = letter(name, qubit)
            against = [anticommute(wanted, row) for _, row in rows]
            x = sum(1 << q for q in range(size) if against[q + size])
            z = sum(1 << q for q in range(size) if against[q])
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
    count = len(rows) // 2
    places = [*qubits_of(pauli.x), *(q + count for q in qubits_of(pauli.z))]
    if len(places) == 1:
        return rows[places[0]]
    # as X**x Z**z times a power of i
    power = (pauli.x & pauli.z).bit_count()
    string = Pauli(0, 0)
    for place in places:
        sign, row = rows[place]
        more, string = multiply(string, row)
        power += more if sign > 0 else more + 2
    return (1 if power % 4 == 0 else -1), string


def _turn_rows(rows: list[Signed], pauli: Pauli, count: int) -> None:
    """Append a quarter turn G to the Clifford gate: each row becomes C† (G† P G) C."""
    size = len(rows) // 2
    sign, string = image(rows, pauli)
    turned = count if sign > 0 else -count % 4
    for qubit in qubits_of(pauli.support):
        for has, place in ((pauli.z, qubit), (pauli.x, qubit + size)):
            if has >> qubit & 1:
                rows[place] = through(rows[place], string, turned)
