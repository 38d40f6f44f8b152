"""Fewer steps that do the same: gates on a pair of qubits as one matrix."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from qmlc.ops.matrices import ComplexMatrix, controlled_matrix, pauli_matrix
from qmlc.verify.steps import Branch, Gate, Rotation, Step, Steps, touched_qubits

SWAPPED = [0, 2, 1, 3]


@dataclass
class _Block:
    """A matrix that may still grow, on one or two qubits."""

    qubits: tuple[int, ...]
    matrix: ComplexMatrix


def fuse_steps(steps: Steps) -> Steps:
    """`steps` in which each run of gates on the same one or two qubits is one gate.

    Gates on more are left as they are, and so are those in branches.
    """
    found: list[Step] = []
    blocks: dict[int, _Block] = {}

    def close(qubit: int) -> None:
        block = blocks.get(qubit)
        if block is not None:
            found.append(Gate(block.qubits, block.matrix))
            for other in block.qubits:
                del blocks[other]

    for step in steps:
        if isinstance(step, Gate | Rotation) and 0 < len(step.qubits) < 3:
            _merge(step, blocks, close)
        else:
            for qubit in touched_qubits((step,)) if isinstance(step, Branch) else step.qubits:
                close(qubit)
            found.append(step)
    for qubit in list(blocks):
        close(qubit)
    return tuple(found)


def _merge(step: Gate | Rotation, blocks: dict[int, _Block], close: Callable[[int], None]) -> None:
    """Let a block take up a gate."""
    matrix = gate_matrix(step)
    first = blocks.get(step.qubits[0])
    if len(step.qubits) == 1:
        if first is None:
            blocks[step.qubits[0]] = _Block(step.qubits, matrix)
        else:
            first.matrix = _single(matrix, first.qubits.index(step.qubits[0]), first.matrix)
        return
    if first is not None and set(first.qubits) == set(step.qubits):
        if first.qubits != step.qubits:
            matrix = matrix[np.ix_(SWAPPED, SWAPPED)]
        first.matrix = matrix @ first.matrix
        return
    for place, qubit in enumerate(step.qubits):
        before = blocks.get(qubit)
        if before is not None and len(before.qubits) == 1:
            matrix = _single(before.matrix.T, place, matrix.T).T
        else:
            close(qubit)
    block = _Block(step.qubits, matrix)
    blocks.update(dict.fromkeys(step.qubits, block))


def _single(matrix: ComplexMatrix, place: int, after: ComplexMatrix) -> ComplexMatrix:
    """A matrix on one qubit, times one on one or two, of whose qubits it is that at `place`."""
    if len(after) == 2:
        return matrix @ after
    if place:
        return np.asarray((matrix @ after.reshape(2, 8)).reshape(4, 4))
    return np.asarray((matrix @ after.reshape(2, 2, 4)).reshape(4, 4))


def gate_matrix(step: Gate | Rotation) -> ComplexMatrix:
    """The matrix of a gate on all its qubits, the controls first."""
    if isinstance(step, Gate):
        matrix = step.matrix
    else:
        cosine, sine = math.cos(step.angle / 2), math.sin(step.angle / 2)
        pauli = _pauli(step.letters)
        matrix = cosine * _pauli("I" * len(step.letters)) - 1j * sine * pauli
    return controlled_matrix(matrix, step.controls) if step.controls else matrix


@cache
def _pauli(letters: str) -> ComplexMatrix:
    return pauli_matrix(letters)
