"""Pauli strings as masks of qubits, and rotations about them."""

from __future__ import annotations

import math
from typing import NamedTuple

from qmlc.types.polynomial import Polynomial, Value

LETTERS = {"I": (0, 0), "X": (1, 0), "Y": (1, 1), "Z": (0, 1)}
NAMES = {bits: letter for letter, bits in LETTERS.items()}

QUARTER = math.pi / 2


class Pauli(NamedTuple):
    """The Hermitian string with a letter for each qubit, as two masks: Y is in both."""

    x: int
    z: int

    @property
    def support(self) -> int:
        """The qubits with a letter."""
        return self.x | self.z


class Turn(NamedTuple):
    """exp(-i angle/2 P)."""

    pauli: Pauli
    angle: Value


def letter(name: str, qubit: int) -> Pauli:
    """One letter on one qubit."""
    x, z = LETTERS[name]
    return Pauli(x << qubit, z << qubit)


def letter_at(pauli: Pauli, qubit: int) -> str:
    """The letter of a string on a qubit."""
    return NAMES[pauli.x >> qubit & 1, pauli.z >> qubit & 1]


def anticommute(left: Pauli, right: Pauli) -> bool:
    """Whether two strings anticommute."""
    return bool(((left.x & right.z).bit_count() ^ (left.z & right.x).bit_count()) & 1)


def multiply(left: Pauli, right: Pauli) -> tuple[int, Pauli]:
    """(k, P) such that the product of two strings is i**k P."""
    product = Pauli(left.x ^ right.x, left.z ^ right.z)
    power = (left.x & left.z).bit_count() + (right.x & right.z).bit_count()
    power += 2 * (left.z & right.x).bit_count() - (product.x & product.z).bit_count()
    return power % 4, product


def quarters(angle: Value) -> int | None:
    """How many quarter turns an angle is, from 0 to 7; None where it is no whole number of them."""
    if isinstance(angle, Polynomial):
        return None
    count = round(angle.real / QUARTER)
    return count % 8 if abs(angle.real - count * QUARTER) < 1e-12 else None


def qubits_of(mask: int) -> list[int]:
    """The qubits of a mask, ascending."""
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found
