"""What a circuit that starts in |0…0>, or of which only some is measured, can do without."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from qmlc.passes.synthesis.collect_turns import PauliForm, Signed, absorb_quarters, append_turn
from qmlc.passes.synthesis.pauli_turns import Pauli, Turn, anticommute, letter, multiply
from qmlc.types.polynomial import Value


def start_in_zero(form: PauliForm, num_qubits: int) -> tuple[PauliForm, Value]:
    """The form of another circuit that makes the same of |0…0>, but for the phase beside it.

    A string may be multiplied by a stabiliser of |0…0> that commutes with all rotations before:
    strings become equal so, or shorter, or a phase alone.
    """
    stabilisers: list[Signed] = [(1, letter("Z", q)) for q in range(num_qubits)]
    turns: list[Turn] = []
    places: dict[Pauli, list[int]] = {}
    phase: Value = 0
    for pauli, angle in form.turns:
        stabilisers = _commuting(stabilisers, pauli)
        sign, string = _canonical((1, pauli), stabilisers)
        if string.support:
            append_turn(turns, places, Turn(string, angle if sign > 0 else -angle))
        else:
            phase = phase + angle * (-0.5 * sign)
    found = replace(form, turns=turns)
    absorb_quarters(found)
    return found, phase


def _commuting(stabilisers: list[Signed], pauli: Pauli) -> list[Signed]:
    """Generators of those that commute with a string."""
    against = [row for row in stabilisers if anticommute(row[1], pauli)]
    if not against:
        return stabilisers
    kept = [row for row in stabilisers if not anticommute(row[1], pauli)]
    return kept + [product(row, against[0]) for row in against[1:]]


def _canonical(row: Signed, stabilisers: Sequence[Signed]) -> Signed:
    """The same for all products of a string with stabilisers, and short."""
    pivots: dict[int, Signed] = {}
    for stabiliser in stabilisers:
        while (top := stabiliser[1].z.bit_length()) in pivots:
            stabiliser = product(stabiliser, pivots[top])
        pivots[top] = stabiliser
    for top in sorted(pivots, reverse=True):
        if row[1].z >> (top - 1) & 1:
            row = product(row, pivots[top])
    shorter = True
    while shorter:
        found = [product(row, pivots[top]) for top in sorted(pivots)]
        best = min(found, key=lambda each: each[1].support.bit_count(), default=row)
        shorter = best[1].support.bit_count() < row[1].support.bit_count()
        row = best if shorter else row
    return row


def product(left: Signed, right: Signed) -> Signed:
    """The product of two signed strings that commute."""
    power, string = multiply(left[1], right[1])
    return left[0] * right[0] * (1 if power == 0 else -1), string


def drop_unmeasured(form: PauliForm, measured: Iterable[Pauli]) -> PauliForm:
    """The form without rotations that change nothing of `measured`, strings before the measurement.

    That is where a rotation commutes with them, taken back through all that comes after it.
    """
    strings = list(measured)
    live: list[Turn] = []
    for turn in reversed(form.turns):
        later = (other.pauli for other in live)
        if any(anticommute(turn.pauli, p) for p in (*strings, *later)):
            live.append(turn)
    return replace(form, turns=live[::-1])
