"""Rotations and a Clifford gate as gates on one and two qubits, greedily.

A gate C(P, Q) on two qubits (1 where P is 1, Q where P is -1; CX is C(Z, X)) costs one entangling
gate and takes every later string R to C R C. The strings left, and the rows of the Clifford gate,
are changed so that their letters grow fewer; a string with one letter left is a rotation of one
qubit. As in Paykin et al., "PCOAST", arXiv:2305.10966, and the greedy synthesis of pytket.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmlc.passes.collect_turns import PauliForm
from qmlc.passes.pauli_turns import Pauli

Bits = Any
"""A numpy array."""

LETTERS = ((1, 0), (1, 1), (0, 1))
"""X, Y, Z as (x, z)."""


@dataclass(frozen=True, slots=True)
class Entangle:
    """C(P, Q) on two qubits, the letters as numbers into `LETTERS`."""

    first: int
    first_letter: int
    second: int
    second_letter: int


@dataclass(frozen=True, slots=True)
class Emit:
    """The rotation `turn` of the form, about the letters (qubit, number) and with this sign."""

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


def synthesise_turns(
    form: PauliForm, num_qubits: int, widest: int = 1, discount: float = 0.7, budget: int = 1 << 30
) -> Synthesis | None:
    """Steps that are `form`, or None where they would take more than `budget` gates on two qubits.

    Rotations about strings of up to `widest` letters (1 or 2) are gates of the device.
    """
    work = _Work(form, num_qubits, widest, discount)
    while work.left:
        if not work.emit() and not (work.cost < budget and work.approach()):
            return None
    return work.finish(budget)


class _Work:
    def __init__(self, form: PauliForm, num_qubits: int, widest: int, discount: float) -> None:
        self.size, self.count, self.widest = num_qubits, len(form.turns), widest
        strings = [t.pauli for t in form.turns] + [p for _, p in form.rows]
        self.x, self.z = _columns(strings, num_qubits)
        self.signs = np.array([0] * self.count + [s < 0 for s, _ in form.rows], dtype=bool)
        before = _anticommuting(self.x[:, : self.count], self.z[:, : self.count])
        self.before = np.tril(before, -1)
        """Of each rotation the earlier ones that it cannot pass."""
        self.blocked = self.before.sum(1)
        layer = _layers(self.before)
        self.alive = np.ones(self.count, dtype=bool)
        last = int(layer.max(initial=0)) + 1
        self.layer = np.concatenate([layer, np.full(2 * num_qubits, last)])
        self.discount = discount
        self.left = self.count
        self.steps: list[Entangle | Emit] = []
        self.cost = 0
        self.depths = np.zeros(num_qubits, dtype=int)

    def emit(self) -> bool:
        """Whether rotations stand free that are gates of the device; they become steps."""
        weights = (self.x | self.z)[:, : self.count].sum(0)
        free = np.flatnonzero(self.alive & (self.blocked == 0) & (weights <= self.widest))
        for turn in free:
            self._emit(int(turn))
        return bool(len(free))

    def _emit(self, turn: int) -> None:
        qubits = np.flatnonzero(self.x[:, turn] | self.z[:, turn])
        letters = tuple((int(q), _letter(self.x[q, turn], self.z[q, turn])) for q in qubits)
        self.steps.append(Emit(turn, letters, -1 if self.signs[turn] else 1))
        if len(qubits) > 1:
            self._count(qubits)
        self.alive[turn] = False
        self.blocked = self.blocked - self.before[:, turn]
        self.left -= 1

    def _count(self, qubits: Sequence[int] | Bits) -> None:
        self.cost += 1
        self.depths[qubits] = self.depths[qubits].max() + 1

    def approach(self) -> bool:
        """Take the gate that helps most among those that shorten one of the shortest strings."""
        free = np.flatnonzero(self.alive & (self.blocked == 0))
        weights = (self.x | self.z)[:, free].sum(0)
        shortest = free[weights == weights.min()]
        scale = np.zeros(self.count + 2 * self.size)
        living = np.concatenate([self.alive, np.ones(2 * self.size, dtype=bool)])
        first = self.layer[living].min()
        scale[living] = self.discount ** (self.layer[living] - first)
        self._step(self._change(scale), self._shortens(shortest))
        return True

    def _masks(self) -> tuple[Bits, Bits, Bits]:
        """For each qubit and letter, and each string: whether they anticommute, are equal; rest."""
        x, z = self.x, self.z
        y = x & z
        anti = np.stack([z, x ^ z, x], 1).reshape(3 * self.size, -1)
        same = np.stack([x & ~z, y, z & ~x], 1).reshape(3 * self.size, -1)
        none = np.repeat(~(x | z), 3, 0)
        return anti, same, none

    def _change(self, scale: Bits) -> Bits:
        """By how much each C(P, Q) changes the weighted number of letters."""
        anti, same, none = self._masks()
        half = (anti * scale) @ (none.astype(float) - same).T
        return half + half.T

    def _shortens(self, strings: Bits) -> Bits:
        anti, same, _ = self._masks()
        found = anti[:, strings].astype(float) @ same[:, strings].astype(float).T > 0
        return found | found.T

    def _step(self, change: Bits, allowed: Bits) -> None:
        deep = np.repeat(self.depths, 3)
        cost = change + 1e-3 * np.maximum(deep[:, None], deep[None, :])
        cost = np.where(allowed & ~_one_qubit(self.size), cost, np.inf)
        first, second = divmod(int(np.argmin(np.round(cost, 9))), 3 * self.size)
        self.apply(Entangle(first // 3, first % 3, second // 3, second % 3))

    def apply(self, gate: Entangle) -> None:
        """Take all strings through a gate, which becomes a step."""
        a, p, b, q = gate.first, gate.first_letter, gate.second, gate.second_letter
        one, sign_one = _against(self.x[a], self.z[a], p)
        two, sign_two = _against(self.x[b], self.z[b], q)
        self.signs ^= one & two & (sign_one ^ sign_two)
        for qubit, letter, where in ((a, p, two), (b, q, one)):
            if LETTERS[letter][0]:
                self.x[qubit] ^= where
            if LETTERS[letter][1]:
                self.z[qubit] ^= where
        self.steps.append(gate)
        self._count([a, b])

    def finish(self, budget: int) -> Synthesis | None:
        """Shorten the rows until each is one letter."""
        scale = np.concatenate([np.zeros(self.count), np.ones(2 * self.size)])
        done = np.zeros(self.size, dtype=bool)
        while True:
            rows = slice(self.count, None)
            weights = (self.x | self.z)[:, rows].sum(0)
            if weights.max(initial=1) == 1:
                break
            if self.cost >= budget:
                return None
            change = self._change(scale)
            idle = np.repeat(done, 3)
            allowed = ~(idle[:, None] | idle[None, :] | _one_qubit(self.size))
            if change[allowed].min() < -1e-9:
                self._step(change, allowed)
            else:
                self._sweep(weights, done)
        return Synthesis(
            tuple(self.steps), self._rows(), self.cost, int(self.depths.max(initial=0))
        )

    def _sweep(self, weights: Bits, done: Bits) -> None:
        """Bring the two rows of one qubit down to one place."""
        pairs = weights[: self.size] + weights[self.size :]
        pairs = np.where(pairs == 2, 1 << 30, pairs)
        pair = int(np.argmin(pairs))
        scale = np.concatenate([np.zeros(self.count), np.ones(2 * self.size)])
        row = self.count + self.size + pair
        while (self.x | self.z)[:, row].sum() > 1:
            self._step(self._change(scale), self._shortens(np.array([row])))
        place = int(np.argmax((self.x | self.z)[:, row]))
        letter = _letter(self.x[place, row], self.z[place, row])
        row -= self.size
        for other in np.flatnonzero(self.x[:, row] | self.z[:, row]):
            if other != place:
                held = _letter(self.x[other, row], self.z[other, row])
                self.apply(Entangle(place, letter, int(other), held))
        done[place] = True

    def _rows(self) -> tuple[tuple[int, int, int], ...]:
        found = []
        for row in range(self.count, self.count + 2 * self.size):
            place = int(np.argmax((self.x | self.z)[:, row]))
            letter = _letter(self.x[place, row], self.z[place, row])
            found.append((-1 if self.signs[row] else 1, place, letter))
        return tuple(found)


def _columns(strings: Sequence[Pauli], size: int) -> tuple[Bits, Bits]:
    places = np.arange(size)[:, None]
    x = np.array([p.x for p in strings], dtype=object if size > 62 else np.int64)
    z = np.array([p.z for p in strings], dtype=object if size > 62 else np.int64)
    return (x >> places & 1).astype(bool), (z >> places & 1).astype(bool)


def _anticommuting(x: Bits, z: Bits) -> Bits:
    left, right = x.astype(float), z.astype(float)
    product = left.T @ right
    return ((product + product.T) % 2).astype(bool)


def _layers(before: Bits) -> Bits:
    """The earliest layer of each rotation, those of one layer commuting."""
    layers = np.zeros(len(before), dtype=int)
    for turn, row in enumerate(before):
        earlier = layers[row]
        layers[turn] = earlier.max() + 1 if len(earlier) else 0
    return layers


def _against(x: Bits, z: Bits, letter: int) -> tuple[Bits, Bits]:
    """Which letters anticommute with `letter`, and whether their product with it is -i."""
    if letter == 0:
        return z, ~x
    if letter == 1:
        return x ^ z, x
    return x, z


def _letter(x: Any, z: Any) -> int:
    return LETTERS.index((int(x), int(z)))


def _one_qubit(size: int) -> Bits:
    return np.kron(np.eye(size), np.ones((3, 3))).astype(bool)
