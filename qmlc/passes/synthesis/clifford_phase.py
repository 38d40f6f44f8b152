"""The phase of a product of quarter turns that is the identity but for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qmlc.passes.synthesis.pauli_turns import Pauli, anticommute, letter, multiply

Signed = tuple[int, Pauli]


def clifford_phase(turns: Iterable[tuple[Pauli, int]], num_qubits: int) -> int:
    """The k, modulo 8, such that the product of the turns exp(-i count pi/4 P) is exp(i k pi/4).

    Follows |0…0> by its stabilisers, and the amplitude of one basis state where it is not 0:
    a quarter turn (1 - i P)/√2 adds to it the amplitude of another, which a stabiliser relates.
    """
    state = _State([(1, letter("Z", q)) for q in range(num_qubits)])
    for pauli, count in turns:
        # exp(-i 3 pi/4 P) is -exp(i pi/4 P)
        state.phase += 4 * ((count + 1) // 4)
        if count % 4 == 2:
            state.half_turn(pauli)
        elif count % 4:
            state.quarter_turn(pauli, 1 if count % 4 == 1 else -1)
    return state.phase % 8


class _State:
    """A stabiliser state; `phase` is that of the amplitude at `place`, in eighths of a turn."""

    def __init__(self, stabilisers: list[Signed]) -> None:
        self.stabilisers = stabilisers
        self.place = 0
        self.phase = 0

    def half_turn(self, pauli: Pauli) -> None:
        """-i P."""
        self.phase += 2 * _power(pauli, self.place) - 2
        self.place ^= pauli.x
        self.stabilisers = [
            (-s if anticommute(p, pauli) else s, p) for s, p in self.stabilisers
        ]  # fmt: skip

    def quarter_turn(self, pauli: Pauli, sign: int) -> None:
        """(1 ∓ i P)/√2."""
        if pauli.x:
            partner = _with_flips(self.stabilisers, pauli.x)
        else:
            partner = (1, Pauli(0, 0))
        if partner is not None:
            self._interfere(pauli, sign, partner)
        self.stabilisers = [_turned(row, pauli, sign) for row in self.stabilisers]

    def _interfere(self, pauli: Pauli, sign: int, partner: Signed) -> None:
        # P S is diagonal, and acts on the state as P does
        power, diagonal = multiply(pauli, partner[1])
        power += 0 if partner[0] > 0 else 2
        ratio = (power + 2 * (diagonal.z & self.place).bit_count()) % 4
        if ratio % 2 == 0:
            self.phase += -sign if ratio == 0 else sign
        elif ratio != (1 if sign > 0 else 3):
            # the two amplitudes cancel here, and add up where the diagonal has the other sign
            flip, string = next(
                row for row in self.stabilisers if (row[1].x & diagonal.z).bit_count() & 1
            )
            self.phase += 2 * _power(string, self.place) + (0 if flip > 0 else 4)
            self.place ^= string.x


def _power(pauli: Pauli, place: int) -> int:
    """The k such that P takes the basis state `place` to i**k times another."""
    return (pauli.x & pauli.z).bit_count() + 2 * (pauli.z & place).bit_count()


def _turned(row: Signed, pauli: Pauli, sign: int) -> Signed:
    """G R G† for G = (1 ∓ i P)/√2: R, or ∓ i P R."""
    if not anticommute(row[1], pauli):
        return row
    power, product = multiply(pauli, row[1])
    return (row[0] if (power - sign) % 4 == 0 else -row[0]), product


def _with_flips(rows: Sequence[Signed], flips: int) -> Signed | None:
    """The product of stabilisers that flips exactly `flips`, or None."""
    pivots: dict[int, Signed] = {}
    for row in rows:
        _, row = _reduce(pivots, row[1].x, row)
        if row[1].x:
            pivots[row[1].x.bit_length()] = row
    rest, found = _reduce(pivots, flips, (1, Pauli(0, 0)))
    return None if rest else found


def _reduce(pivots: dict[int, Signed], flips: int, row: Signed) -> tuple[int, Signed]:
    """`flips` as far as rows can clear it, and `row` times these rows."""
    while flips and (pivot := pivots.get(flips.bit_length())) is not None:
        flips ^= pivot[1].x
        power, product = multiply(row[1], pivot[1])
        row = row[0] * pivot[0] * (1 if power == 0 else -1), product
    return flips, row
