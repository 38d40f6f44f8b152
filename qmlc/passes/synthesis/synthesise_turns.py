"""Rotations and a Clifford gate as gates on one and two qubits, greedily.

Each C(P, Q) costs one entangling gate, and takes all strings that are still to come with it. The
strings left, and the rows of the Clifford gate, are to lose letters; a string of one letter is a
rotation of one qubit. Of the gates that shorten one of the shortest strings that are next, the one
is taken that makes all strings shortest, letters counting half as much a layer later; at the end,
any gate that makes the rows shorter, and where there is none, the rows of one qubit are brought
down to one place. As in Paykin et al., "PCOAST", arXiv:2305.10966, and pytket's greedy passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from qmlc.kernels import synthesis_tables as tables
from qmlc.kernels.load_library import load_compiling
from qmlc.passes.synthesis.collect_turns import Signed
from qmlc.passes.synthesis.pauli_turns import Pauli


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


Step = tuple[int, int, int, int]
"""A rotation: its number, one or two letters (each 3 * qubit + 0, 1, 2 for X, Y, Z; else -1), and 1
where it turns the other way. Or C(P, Q): -1, P, Q and 0; it is 1 where P is 1 and Q where P is -1,
its own inverse, and takes a string R to C R C; CX is C(Z, X), CZ C(Z, Z)."""


@dataclass(frozen=True, slots=True)
class Synthesis:
    """What was found: the steps, and the rows, each of one letter, that are left of C."""

    steps: tuple[Step, ...]
    rows: tuple[Row, ...]
    cost: int
    depth: int


def synthesise_turns(task: Task, widest: int, taste: int, budget: int) -> Synthesis | None:
    """Steps for `task`, or None where they would take more than `budget` gates on two qubits.

    Rotations about strings of up to `widest` letters (1 or 2) are gates of the device. `taste` is
    how many tenths of a letter it is worth that a gate stands one layer of gates earlier.
    """
    turns, rows, qubits = len(task.strings), len(task.rows), task.num_qubits
    wide = (qubits + 63) // 64
    counts = (qubits, turns, rows, wide, widest, taste, int(task.group), budget)
    strings = [*task.strings, *(row.string[1] for row in task.rows)]
    work = _Work(counts)
    work[tables.STRING] = _masks(strings, wide)
    work[tables.SIGN] = [0] * turns + [int(row.string[0] < 0) for row in task.rows]
    work[tables.GOAL] = [row.qubit for row in task.rows]
    load_compiling().synthesise_strings(work.numbers.ctypes.data)
    if not work.numbers[tables.DONE]:
        return None
    steps = work[tables.STEP][: 4 * work.numbers[tables.STEPS]].reshape(-1, 4).tolist()
    signs, masks = work[tables.SIGN][turns:].tolist(), work[tables.STRING][2 * turns * wide :]
    left = [(-1 if sign else 1, p) for sign, p in zip(signs, _paulis(masks, wide), strict=True)]
    depth = int(work[tables.DEPTH].max(initial=0))
    cost = int(work.numbers[tables.COST])
    return Synthesis(tuple(map(tuple, steps)), tuple(_readings(task, left)), cost, depth)


class _Work:
    """What the kernel works on; tables are found by their numbers."""

    def __init__(self, counts: Sequence[int]) -> None:
        self.sizes = _sizes(*counts)
        head = len(tables.COUNTS) + len(tables.TABLES)
        ends = np.cumsum([head, *self.sizes])
        self.numbers = np.zeros(ends[-1], dtype=np.int64)
        self.numbers[: len(counts)] = counts
        self.numbers[len(tables.COUNTS) : head] = ends[:-1]

    def __getitem__(self, number: int) -> Any:
        start = self.numbers[number]
        return self.numbers[start : start + self.sizes[number - len(tables.COUNTS)]]

    def __setitem__(self, number: int, values: Any) -> None:
        self[number][:] = values


def _sizes(
    qubits: int, turns: int, rows: int, wide: int, _widest: int, _taste: int, _: int, budget: int
) -> list[int]:
    """Of each of `TABLES`."""
    strings, width = turns + rows, (turns + 63) // 64
    # at most one layer for each rotation, and one for the rows
    words = turns + (rows + 63) // 64
    # what was begun below the budget is brought to its end
    steps = turns + budget + 5 * qubits + 1
    sizes = dict.fromkeys(("slot", "layer", "sign"), strings)
    sizes |= {"string": 2 * wide * strings, "goal": rows, "after": turns * width}
    sizes |= {"blocked": turns, "free": width, "ready": width, "step": 4 * steps}
    sizes |= dict.fromkeys(("x", "z", "none"), qubits * words)
    sizes |= dict.fromkeys(("against", "has"), 3 * qubits * words)
    sizes |= dict.fromkeys(("negative", "live", "layer_of"), words)
    sizes |= {"weight": 64 * words, "mark": 9 * qubits**2}
    sizes |= dict.fromkeys(("depth", "usable"), qubits)
    return [sizes[name] for name in tables.TABLES]


def _masks(strings: Sequence[Pauli], wide: int) -> Any:
    """The masks of strings, as words."""
    found = b"".join(part.to_bytes(8 * wide, "little") for string in strings for part in string)
    return np.frombuffer(found, dtype=np.int64)


def _paulis(words: Any, wide: int) -> list[Pauli]:
    """The strings that such words stand for."""
    found, size = words.tobytes(), 8 * wide
    parts = [
        int.from_bytes(found[at : at + size], "little") for at in range(0, len(found), max(size, 1))
    ]
    return [Pauli(x, z) for x, z in zip(parts[::2], parts[1::2], strict=True)]


def _readings(task: Task, left: Sequence[Signed]) -> Sequence[Row]:
    """What each row that is left says."""
    if task.group:
        return [Row(row, "Z", row[1].support.bit_length() - 1) for row in left]
    return [row._replace(string=s) for s, row in zip(left, task.rows, strict=True)]
