"""Many Pauli strings at once, as columns of bits, and what gates on two qubits make of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmlc.passes.synthesis.pauli_turns import Pauli

Array = Any
"""A numpy array."""

LETTERS = ((1, 0), (1, 1), (0, 1))
"""X, Y, Z as (x, z)."""


@dataclass(frozen=True, slots=True)
class Entangle:
    """C(P, Q) on two qubits, the letters as numbers into `LETTERS`: CX is C(Z, X), CZ C(Z, Z).

    It is 1 where P is 1 and Q where P is -1, its own inverse, and takes a string R to C R C.
    """

    first: int
    first_letter: int
    second: int
    second_letter: int


class PauliColumns:
    """Signed strings, a column each; `weights` are their numbers of letters.

    `against` holds, for each qubit and letter (a row each), whether a string anticommutes with it
    there; `growth` by how many letters a string grows if it is multiplied by it: 1 where it has
    none there, -1 where it has this one.
    """

    def __init__(self, strings: Sequence[tuple[int, Pauli]], size: int) -> None:
        self.size = size
        self.x, self.z = (
            np.array([[string[part] >> q & 1 for _, string in strings] for q in range(size)], bool)
            for part in (0, 1)
        )
        self.negative = np.array([sign < 0 for sign, _ in strings], dtype=bool)
        self.weights = (self.x | self.z).sum(0)
        self.against = np.zeros((3 * size, len(strings)), dtype=np.float32)
        self.growth = np.zeros((3 * size, len(strings)), dtype=np.float32)
        for qubit in range(size):
            self._refresh(qubit)

    def _refresh(self, qubit: int) -> None:
        x, z, rows = self.x[qubit], self.z[qubit], slice(3 * qubit, 3 * qubit + 3)
        y = x ^ z
        none = ~(x | z)
        self.against[rows] = z, y, x
        self.growth[rows] = none
        self.growth[rows] -= x & ~z, x & z, z & ~x

    def apply(self, gate: Entangle) -> None:
        """Take all strings through a gate."""
        a, b = gate.first, gate.second
        one, minus = _against(self.x[a], self.z[a], gate.first_letter)
        two, other = _against(self.x[b], self.z[b], gate.second_letter)
        self.negative ^= one & two & (minus ^ other)
        self.weights -= self._letters(a, b)
        for qubit, letter, where in ((a, gate.first_letter, two), (b, gate.second_letter, one)):
            if LETTERS[letter][0]:
                self.x[qubit] ^= where
            if LETTERS[letter][1]:
                self.z[qubit] ^= where
            self._refresh(qubit)
        self.weights += self._letters(a, b)

    def _letters(self, a: int, b: int) -> Array:
        return (self.x[a] | self.z[a]).astype(int) + (self.x[b] | self.z[b])

    def letters(self, column: int) -> list[tuple[int, int]]:
        """(qubit, letter) of a string, ascending."""
        qubits = np.flatnonzero(self.x[:, column] | self.z[:, column])
        return [(int(q), self.letter(int(q), column)) for q in qubits]

    def string(self, column: int) -> tuple[int, Pauli]:
        """A string with its sign."""
        x, z = (np.flatnonzero(part[:, column]).tolist() for part in (self.x, self.z))
        string = Pauli(sum(1 << q for q in x), sum(1 << q for q in z))
        return -1 if self.negative[column] else 1, string

    def letter(self, qubit: int, column: int) -> int:
        """The letter of a string on one of its qubits."""
        return LETTERS.index((int(self.x[qubit, column]), int(self.z[qubit, column])))

    def shortening(self, columns: Array) -> tuple[Array, Array]:
        """The (P, Q), as rows, for which C(P, Q) takes Q away from one of these strings."""
        found = self.against[:, columns] @ (self.growth[:, columns] < 0).astype(np.float32).T
        first, second = np.nonzero(found)
        apart = first // 3 != second // 3
        return first[apart], second[apart]

    def changes(self, rows: tuple[Array, Array], scale: Array) -> Array:
        """By how much C(P, Q) of each pair of rows changes the number of letters, times `scale`."""
        first, second = rows
        if len(first) > 3 * self.size:
            half = (self.against * scale) @ self.growth.T
            return half[first, second] + half[second, first]
        both = self.against[first] * self.growth[second]
        both += self.against[second] * self.growth[first]
        return both @ scale


def _against(x: Array, z: Array, letter: int) -> tuple[Array, Array]:
    """Which letters anticommute with `letter`, and whether their product with it is i or -i."""
    if letter == 0:
        return z, ~x
    if letter == 1:
        return x ^ z, x
    return x, z
