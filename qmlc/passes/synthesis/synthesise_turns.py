"""Rotations and a Clifford gate as gates on one and two qubits, greedily.

Each C(P, Q) costs one entangling gate, and takes all strings that are still to come with it. The
strings left, and the rows of the Clifford gate, are to lose letters; a string of one letter is a
rotation of one qubit. As in Paykin et al., "PCOAST", arXiv:2305.10966, and pytket's greedy passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from qmlc.passes.synthesis.collect_turns import Signed
from qmlc.passes.synthesis.pauli_columns import Array, Entangle, PauliColumns
from qmlc.passes.synthesis.pauli_turns import Pauli
from qmlc.passes.synthesis.shorten_group import shorten_group


class Row(NamedTuple):
    """A string that the Clifford gate must turn into `letter` on `qubit`, with its sign."""

    string: Signed
    letter: str
    qubit: int


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be made: rotations about `strings` in this order, and then a Clifford gate C.

    `rows` say of C what matters: C† P C for letters P; two of one qubit stand side by side.
    As a `group`, they only say which state C† makes of |0…0>: any products of theirs say so, too.
    """

    strings: tuple[Pauli, ...]
    rows: tuple[Row, ...]
    num_qubits: int
    group: bool = False


@dataclass(frozen=True, slots=True)
class Emit:
    """The rotation number `turn`, about the letters (qubit, letter), with this sign."""

    turn: int
    letters: tuple[tuple[int, int], ...]
    sign: int


@dataclass(frozen=True, slots=True)
class Synthesis:
    """What was found: the steps, and the rows, each of one letter, that are left of C."""

    steps: tuple[Entangle | Emit, ...]
    rows: tuple[Row, ...]
    cost: int
    depth: int


@dataclass(frozen=True, slots=True)
class Taste:
    """What a greedy choice weighs."""

    discount: float
    """By how much letters count less a layer later."""
    depth: float
    """How many letters it is worth to stand a gate earlier."""


def synthesise_turns(task: Task, widest: int, taste: Taste, budget: int) -> Synthesis | None:
    """Steps for `task`, or None where they would take more than `budget` gates on two qubits.

    Rotations about strings of up to `widest` letters (1 or 2) are gates of the device.
    """
    work = _Work(task, widest, taste)
    while work.left:
        if not work.emit():
            if work.cost >= budget:
                return None
            work.approach()
    return work.finish(budget)


class _Work:
    def __init__(self, task: Task, widest: int, taste: Taste) -> None:
        self.task, self.left, self.widest, self.taste = task, len(task.strings), widest, taste
        strings = [(1, string) for string in task.strings] + [row.string for row in task.rows]
        self.columns = PauliColumns(strings, task.num_qubits)
        self.rows = np.arange(self.left, len(strings))
        before = _anticommuting(self.columns, self.left)
        self.after = [np.flatnonzero(row) for row in np.triu(before)]
        """Of each rotation the later ones that cannot pass it."""
        self.blocked = np.tril(before).sum(1)
        self.waiting = np.ones(self.left, dtype=bool)
        layers = _layers(self.after)
        last = np.full(len(task.rows), layers.max(initial=0) + 1)
        self.layers = np.concatenate([layers, last])
        self.steps: list[Entangle | Emit] = []
        self.cost = 0
        self.depths = np.zeros(task.num_qubits, dtype=int)

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
        self._keep([self.columns.string(row) for row in self.rows.tolist()])
        scale = np.ones(len(self.rows), dtype=np.float32)
        usable = np.ones(self.task.num_qubits, dtype=bool)
        while self.columns.weights.max(initial=1) > 1:
            if self.cost >= budget:
                return None
            rows = self._pairs(usable)
            changes = self.columns.changes(rows, scale)
            if changes.min(initial=0) < 0:
                falling = changes < 0
                self._best((rows[0][falling], rows[1][falling]), scale)
            else:
                self._sweep(usable, scale)
            if self.task.group:
                self._keep([self.columns.string(row) for row in self.rows.tolist()])
        depth = int(self.depths.max(initial=0))
        return Synthesis(tuple(self.steps), tuple(self._readings()), self.cost, depth)

    def _keep(self, rows: Sequence[Signed]) -> None:
        """Go on with rows alone, short generators where only their group matters."""
        kept = shorten_group(rows) if self.task.group else rows
        self.columns = PauliColumns(kept, self.task.num_qubits)
        self.rows = np.arange(len(kept))

    def _readings(self) -> Sequence[Row]:
        strings = [self.columns.string(row) for row in self.rows.tolist()]
        if self.task.group:
            return [Row(string, "Z", string[1].support.bit_length() - 1) for string in strings]
        return [row._replace(string=s) for s, row in zip(strings, self.task.rows, strict=True)]

    def _pairs(self, usable: Array) -> tuple[Array, Array]:
        """All rows of two different qubits, the lower first."""
        first, second = np.triu_indices(3 * self.task.num_qubits)
        kept = (first // 3 != second // 3) & usable[first // 3] & usable[second // 3]
        return first[kept], second[kept]

    def _sweep(self, usable: Array, scale: Array) -> None:
        """Bring the rows of one qubit down to one place, which is not usable then."""
        weights = self.columns.weights
        row = int(np.argmin(np.where(weights > 1, weights, 1 << 30)))
        qubit = self.task.rows[row].qubit
        partners = [
            other
            for other, read in enumerate(self.task.rows)
            if read.qubit == qubit and other != row and not self.task.group
        ]
        self._clear(row, usable)
        while self.columns.weights[row] > 1:
            self._best(self.columns.shortening(np.array([row])), scale)
        ((place, letter),) = self.columns.letters(row)
        for partner in partners:
            for other, held in self.columns.letters(partner):
                if other != place:
                    self._apply(Entangle(place, letter, other, held))
        usable[place] = False

    def _clear(self, row: int, usable: Array) -> None:
        """Take away the letters of a row where others were brought down to the same letter."""
        letters = self.columns.letters(row)
        rest, held = next((q, letter) for q, letter in letters if usable[q])
        for place, letter in letters:
            if not usable[place]:
                self._apply(Entangle(place, letter, rest, (held + 1) % 3))


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
