"""States that Clifford gates make of |0…0>, by the Pauli strings that leave them as they are.

A row is a string: `x` and `z` say for each qubit which of both letters are in it (Y is both),
`minus` whether its sign is negative. See Aaronson and Gottesman, arXiv:quant-ph/0406196.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from qmlc.ops.matrices import ComplexMatrix, pauli_matrix
from qmlc.verify.fuse_steps import gate_matrix
from qmlc.verify.steps import Gate, Rotation
from qmlc.verify.verdict import Undecided

Bits = NDArray[np.bool_]

LETTERS = "IXZY"
"""By x + 2 z."""

EXACT = 1e-7
"""How far an angle or a matrix may be from that of a Clifford gate."""


class NotClifford(Undecided):
    """That a gate is none of Clifford's."""


@dataclass
class StabiliserState:
    """Rows that generate all strings of which the state is an eigenstate; gates change them."""

    x: Bits
    z: Bits
    minus: Bits

    def apply(self, step: Gate | Rotation) -> None:
        """Apply a gate; Undecided if it is none of Clifford's."""
        if len(step.qubits) <= 2:
            matrix = np.round(gate_matrix(step), 9) + 0.0
            self._look_up(step.qubits, *_images(matrix.tobytes(), len(matrix)))
        elif isinstance(step, Rotation) and not step.controls:
            self._rotate(step)
        else:
            raise Undecided(f"a gate on {len(step.qubits)} qubits is not followed")

    def _look_up(self, qubits: Sequence[int], images: NDArray[np.int64], signs: Bits) -> None:
        index = sum(
            (self.x[:, q].astype(int) + 2 * self.z[:, q]) << 2 * i for i, q in enumerate(qubits)
        )
        found = images[index]
        self.minus ^= signs[index]
        for i, q in enumerate(qubits):
            self.x[:, q] = found >> 2 * i & 1
            self.z[:, q] = found >> 2 * i + 1 & 1

    def _rotate(self, step: Rotation) -> None:
        """exp(-i angle/2 P): a string that anticommutes with P becomes exp(-i angle P) times it."""
        quarters = step.angle / (math.pi / 2)
        if abs(quarters - round(quarters)) > EXACT:
            raise NotClifford("an angle is no multiple of pi/2")
        turns = round(quarters) % 4
        x, z = pauli_bits(zip(step.qubits, step.letters, strict=True), self.x.shape[1])
        rows = self.crossing(x, z)
        if turns == 2:
            self.minus[rows] ^= True
        elif turns:
            powers = _powers(x, z, self.x[rows], self.z[rows]) + (3 if turns == 1 else 1)
            self.minus[rows] ^= powers % 4 == 2
            self.x[rows] ^= x
            self.z[rows] ^= z

    def crossing(self, x: Bits, z: Bits) -> Bits:
        """Which rows anticommute with a string."""
        count = np.sum(self.x & z, axis=1) + np.sum(self.z & x, axis=1)
        return np.asarray(count % 2 == 1)

    def mean(self, x: Bits, z: Bits) -> int:
        """The mean value of a string: 1, -1 or 0."""
        if self.crossing(x, z).any():
            return 0
        both = StabiliserState(
            np.vstack([self.x, x]), np.vstack([self.z, z]), np.append(self.minus, False)
        )
        both.eliminate(range(2 * self.x.shape[1]), len(self.x))
        return -1 if both.minus[-1] else 1

    def eliminate(self, columns: Iterable[int], count: int) -> list[int]:
        """Make the first `count` rows the reduced echelon form over `columns`.

        Columns are the letters X of all qubits, then Z. Further rows are reduced by these. What
        comes back is the column in which each of the first rows begins.
        """
        width = self.x.shape[1]
        begins: list[int] = []
        for column in columns:
            bits = self.x[:, column] if column < width else self.z[:, column - width]
            rows = np.flatnonzero(bits)
            pivots = rows[(rows >= len(begins)) & (rows < count)]
            if not len(pivots):
                continue
            place = len(begins)
            self._exchange(place, int(pivots[0]))
            others = np.flatnonzero(
                self.x[:, column] if column < width else self.z[:, column - width]
            )
            self._multiply(others[others != place], place)
            begins.append(column)
        return begins

    def _exchange(self, a: int, b: int) -> None:
        for array in (self.x, self.z, self.minus):
            array[[a, b]] = array[[b, a]]

    def _multiply(self, rows: NDArray[np.int64], by: int) -> None:
        powers = _powers(self.x[by], self.z[by], self.x[rows], self.z[rows])
        self.minus[rows] ^= (powers % 4 == 2) ^ self.minus[by]
        self.x[rows] ^= self.x[by]
        self.z[rows] ^= self.z[by]

    def reduced(self, letters: Iterable[tuple[int, str]]) -> NDArray[np.bool_]:
        """What is known in strings of these letters (X and Z, each on a qubit) alone.

        A matrix that is the same for the same knowledge: its rows are strings, the sign last.
        """
        width = self.x.shape[1]
        kept = [qubit + (width if letter == "Z" else 0) for qubit, letter in letters]
        first = [column for column in range(2 * width) if column not in set(kept)]
        copy = StabiliserState(self.x.copy(), self.z.copy(), self.minus.copy())
        begins = copy.eliminate([*first, *kept], len(copy.x))
        inside = [row for row, column in enumerate(begins) if column in set(kept)]
        columns = np.hstack([copy.x, copy.z, copy.minus[:, None]])
        return np.asarray(columns[np.ix_(inside, [*kept, 2 * width])])


def both_letters(qubits: Iterable[int]) -> list[tuple[int, str]]:
    """X and Z on each of `qubits`."""
    return [(qubit, letter) for qubit in qubits for letter in "XZ"]


def zero_stabilisers(num_qubits: int) -> StabiliserState:
    """|0…0>."""
    empty = np.zeros((num_qubits, num_qubits), dtype=bool)
    return StabiliserState(empty, np.eye(num_qubits, dtype=bool), np.zeros(num_qubits, dtype=bool))


def pauli_bits(string: Iterable[tuple[int, str]], num_qubits: int) -> tuple[Bits, Bits]:
    """The x and z of a string, given by its letters on qubits."""
    x, z = np.zeros(num_qubits, dtype=bool), np.zeros(num_qubits, dtype=bool)
    for qubit, letter in string:
        x[qubit], z[qubit] = letter in "XY", letter in "ZY"
    return x, z


def _powers(x: Bits, z: Bits, others_x: Bits, others_z: Bits) -> NDArray[np.int64]:
    """The powers of i by which a string times others differs from the strings that come out."""
    total = np.sum(x & z) + np.sum(others_x & others_z, axis=1) + 2 * np.sum(z & others_x, axis=1)
    return np.asarray(total - np.sum((x ^ others_x) & (z ^ others_z), axis=1))


@cache
def _images(data: bytes, size: int) -> tuple[NDArray[np.int64], Bits]:
    """What the matrix makes of each string, numbered by x + 2 z of each qubit, and if negative."""
    matrix: ComplexMatrix = np.frombuffer(data, dtype=np.complex128).reshape(size, size)
    strings = _strings(size.bit_length() - 1)
    images = matrix @ strings @ matrix.conj().T
    parts = np.einsum("iab,jba->ij", images, strings).real / size
    found = np.argmax(np.abs(parts), axis=1)
    values = parts[np.arange(len(parts)), found]
    if np.any(np.abs(values) < 1 - EXACT):
        raise NotClifford("not all gates are Clifford's where angles are multiples of pi/2")
    return found, values < 0


@cache
def _strings(num_qubits: int) -> ComplexMatrix:
    rows = product(LETTERS, repeat=num_qubits)
    return np.array([pauli_matrix("".join(reversed(letters))) for letters in rows])
