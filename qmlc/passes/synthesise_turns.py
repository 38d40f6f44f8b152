"""Rotations and a Clifford gate as gates on one and two qubits, greedily.

Each C(P, Q) costs one entangling gate, and takes all strings that are still to come with it. The
strings left, and the rows of the Clifford gate, are to lose letters; a string of one letter is a
rotation of one qubit. As in Paykin et al., "PCOAST", arXiv:2305.10966, and pytket's greedy passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qmlc.passes.collect_turns import PauliForm
from qmlc.passes.pauli_columns import Array, Entangle, PauliColumns


@dataclass(frozen=True, slots=True)
class Emit:
    """The rotation number `turn`, about the letters (qubit, letter), with this sign."""

    turn: int
    letters: tuple[tuple[int, int], ...]
    sign: int


@dataclass(frozen=True, slots=True)
class Synthesis:
    """What was found: the steps, and the rows of the Clifford gate that is left."""

    steps: tuple[Entangle | Emit, ...]
    rows: tuple[tuple[int, int, int], ...]
    """For X of each qubit, then Z: (sign, qubit, letter), what is left to turn and exchange."""
    cost: int
    depth: int


@dataclass(frozen=True, slots=True)
class Taste:
    """What a greedy choice weighs."""

    discount: float
    """By how much letters count less a layer later."""
    depth: float
    """How many letters it is worth to stand a gate earlier."""


def synthesise_turns(
    form: PauliForm, num_qubits: int, widest: int, taste: Taste, budget: int
) -> Synthesis | None:
    """Steps that are `form`, or None where they would take more than `budget` gates on two qubits.

    Rotations about strings of up to `widest` letters (1 or 2) are gates of the device.
    """
    work = _Work(form, num_qubits, widest, taste)
    while work.left:
        if not work.emit():
            if work.cost >= budget:
                return None
            work.approach()
    return work.finish(budget)


class _Work:
    def __init__(self, form: PauliForm, num_qubits: int, widest: int, taste: Taste) -> None:
        strings = [(1, turn.pauli) for turn in form.turns] + form.rows
        self.size, self.left, self.widest, self.taste = num_qubits, len(form.turns), widest, taste
        self.columns = PauliColumns(strings, num_qubits)
        self.turns, self.rows = slice(0, self.left), np.arange(self.left, len(strings))
        before = _anticommuting(self.columns, self.left)
        self.after = [np.flatnonzero(row) for row in np.triu(before)]
        """Of each rotation the later ones that cannot pass it."""
        self.blocked = np.tril(before).sum(1)
        self.waiting = np.ones(self.left, dtype=bool)
        layers = _layers(self.after)
        self.layers = np.concatenate([layers, np.full(2 * num_qubits, layers.max(initial=0) + 1)])
        self.steps: list[Entangle | Emit] = []
        self.cost = 0
        self.depths = np.zeros(num_qubits, dtype=int)

    def _free(self) -> Array:
        return np.flatnonzero(self.waiting & (self.blocked == 0))

    def emit(self) -> bool:
        """Whether rotations stand free that are gates of the device; they become steps."""
        free = self._free()
        ready = free[self.columns.weights[free] <= self.widest]
        for turn in ready.tolist():
            letters = tuple(self.columns.letters(turn))
            self.steps.append(Emit(turn, letters, -1 if self.columns.negative[turn] else 1))
            if len(letters) > 1:
                self._count([qubit for qubit, _ in letters])
            self.waiting[turn] = False
            self.blocked[self.after[turn]] -= 1
        self.left -= len(ready)
        return bool(len(ready))

    def _count(self, qubits: Sequence[int]) -> None:
        self.cost += 1
        self.depths[qubits] = self.depths[qubits].max() + 1

    def approach(self) -> None:
        """Take the gate that helps most among those that shorten one of the shortest strings."""
        free = self._free()
        weights = self.columns.weights[free]
        scale = np.zeros(len(self.layers), dtype=np.float32)
        living = np.concatenate([np.flatnonzero(self.waiting), self.rows])
        layers = self.layers[living]
        scale[living] = self.taste.discount ** (layers - layers.min())
        self._best(self.columns.shortening(free[weights == weights.min()]), scale)

    def _best(self, rows: tuple[Array, Array], scale: Array) -> None:
        """Apply the gate with the lowest cost among pairs of rows of `columns`."""
        first, second = rows
        cost = self.columns.changes(rows, scale)
        cost += self.taste.depth * np.maximum(self.depths[first // 3], self.depths[second // 3])
        best = int(np.argmin(np.round(cost, 4)))
        one, two = int(first[best]), int(second[best])
        self._apply(Entangle(one // 3, one % 3, two // 3, two % 3))

    def _apply(self, gate: Entangle) -> None:
        self.columns.apply(gate)
        self.steps.append(gate)
        self._count([gate.first, gate.second])

    def finish(self, budget: int) -> Synthesis | None:
        """Shorten the rows until each is one letter."""
        scale = np.zeros(len(self.layers), dtype=np.float32)
        scale[self.rows] = 1
        usable = np.ones(self.size, dtype=bool)
        while (weights := self.columns.weights[self.rows]).max(initial=1) > 1:
            if self.cost >= budget:
                return None
            rows = self._pairs(usable)
            changes = self.columns.changes(rows, scale)
            if changes.min(initial=0) < 0:
                falling = changes < 0
                self._best((rows[0][falling], rows[1][falling]), scale)
            else:
                usable[self._sweep(weights, scale)] = False
        found = []
        for row in self.rows.tolist():
            ((place, letter),) = self.columns.letters(row)
            found.append((-1 if self.columns.negative[row] else 1, place, letter))
        depth = int(self.depths.max(initial=0))
        return Synthesis(tuple(self.steps), tuple(found), self.cost, depth)

    def _pairs(self, usable: Array) -> tuple[Array, Array]:
        """All rows of two different qubits, the lower first."""
        first, second = np.triu_indices(3 * self.size)
        kept = (first // 3 != second // 3) & usable[first // 3] & usable[second // 3]
        return first[kept], second[kept]

    def _sweep(self, weights: Array, scale: Array) -> int:
        """Bring the two rows of one qubit down to one place, the number of which comes back."""
        pairs = weights[: self.size] + weights[self.size :]
        pair = int(np.argmin(np.where(pairs == 2, 1 << 30, pairs)))
        x, z = int(self.rows[pair]), int(self.rows[pair + self.size])
        while self.columns.weights[z] > 1:
            self._best(self.columns.shortening(np.array([z])), scale)
        ((place, letter),) = self.columns.letters(z)
        for other, held in self.columns.letters(x):
            if other != place:
                self._apply(Entangle(place, letter, other, held))
        return place


def _anticommuting(columns: PauliColumns, count: int) -> Array:
    """Which of the first strings anticommute with which."""
    x, z = (part[:, :count].astype(np.float32) for part in (columns.x, columns.z))
    product = x.T @ z
    return (product + product.T) % 2 == 1


def _layers(after: Sequence[Array]) -> Array:
    """The earliest layer of each rotation, those of one layer commuting."""
    layers = np.zeros(len(after), dtype=int)
    for turn, later in enumerate(after):
        layers[later] = np.maximum(layers[later], layers[turn] + 1)
    return layers
