"""Run steps on statevectors in complex128 numpy, branch by branch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qmlc.ops.matrices import PAULI, ComplexMatrix
from qmlc.verify.steps import Branch, Gate, Measure, Reset, Rotation, Step, Steps

State: TypeAlias = NDArray[np.complex128]
"""Amplitudes, an axis of two for each qubit, the last axis for the first qubit; unnormalised."""

Mixture: TypeAlias = dict[tuple[int, ...], list[State]]
"""The states of all branches by the values of the classical bits."""

NEGLIGIBLE = 1e-24
"""Branches that are less probable are none."""


def product_state(vectors: Sequence[Any]) -> State:
    """The state in which each qubit is in its own of `vectors`."""
    total: Any = np.ones((), dtype=np.complex128)
    for vector in vectors:
        total = np.multiply.outer(np.asarray(vector, dtype=np.complex128), total)
    return np.asarray(total)


def zero_state(num_qubits: int) -> State:
    """|0…0>."""
    return product_state([[1, 0]] * num_qubits)


def run_steps(steps: Steps, start: State, num_bits: int) -> Mixture:
    """What becomes of `start`, all bits being 0 before."""
    mixture: Mixture = {(0,) * num_bits: [start]}
    for step in steps:
        mixture = _apply(step, mixture)
    return mixture


def _apply(step: Step, mixture: Mixture) -> Mixture:
    after: Mixture = {}
    for record, states in mixture.items():
        match step:
            case Gate() | Rotation():
                after.setdefault(record, []).extend(apply_gate(step, s) for s in states)
            case Branch():
                number = sum(record[bit] << i for i, bit in enumerate(step.bits))
                inner: Mixture = {record: states}
                for part in step.then if number in step.values else step.otherwise:
                    inner = _apply(part, inner)
                for key, found in inner.items():
                    after.setdefault(key, []).extend(found)
            case Measure() | Reset():
                _collapse(step, record, states, after)
    return after


def _collapse(
    step: Measure | Reset, record: tuple[int, ...], states: list[State], after: Mixture
) -> None:
    axis = -1 - step.qubits[0]
    for state in states:
        for outcome in (0, 1):
            kept = np.moveaxis(state, axis, 0)[outcome]
            if np.vdot(kept, kept).real < NEGLIGIBLE:
                continue
            new = np.zeros_like(state)
            is_reset = isinstance(step, Reset)
            np.moveaxis(new, axis, 0)[0 if is_reset else outcome] = kept
            key = record
            if isinstance(step, Measure):
                key = tuple(outcome if b == step.bit else v for b, v in enumerate(record))
            after.setdefault(key, []).append(new)


def apply_gate(step: Gate | Rotation, state: State) -> State:
    """The state after a gate; the one before is left as it is."""
    count = len(step.controls)
    axes = [-1 - q for q in reversed(step.qubits[count:])]
    if not count:
        return _turn(step, state, axes)
    held: list[int | slice] = [slice(None)] * state.ndim
    for qubit, wanted in zip(step.qubits, step.controls, strict=False):
        held[-1 - qubit] = slice(int(wanted), int(wanted) + 1)
    after = state.copy()
    after[tuple(held)] = _turn(step, state[tuple(held)], axes)
    return after


def _turn(step: Gate | Rotation, state: State, axes: list[int]) -> State:
    if isinstance(step, Rotation):
        cosine, sine = np.cos(step.angle / 2), np.sin(step.angle / 2)
        return np.asarray(cosine * state - 1j * sine * apply_pauli(step.letters, axes, state))
    return _multiply(step.matrix, state, axes)


def apply_pauli(letters: str, axes: list[int], state: State) -> State:
    """A Pauli string, its last letter on the first of `axes`."""
    for letter, axis in zip(reversed(letters), axes, strict=True):
        if letter != "I":
            state = _multiply(PAULI[letter], state, [axis])
    return state


def _multiply(matrix: ComplexMatrix, state: State, axes: list[int]) -> State:
    there, back = _orders(state.ndim, tuple(axes))
    front = state.transpose(there)
    return (matrix @ front.reshape(len(matrix), -1)).reshape(front.shape).transpose(back)


@cache
def _orders(count: int, axes: tuple[int, ...]) -> tuple[list[int], list[int]]:
    """The order in which `axes` come first, and the one that undoes it."""
    first = [axis % count for axis in axes]
    there = first + [axis for axis in range(count) if axis not in first]
    return there, [there.index(axis) for axis in range(count)]


def reduce_state(state: State, places: Sequence[int]) -> State:
    """The amplitudes of the qubits at `places`, in this order, where all others are in |0>."""
    others = [q for q in range(state.ndim) if q not in places]
    order = [-1 - q for q in (*others, *reversed(places))]
    moved = np.transpose(state, [axis % state.ndim for axis in order])
    return np.asarray(moved[(0,) * len(others)])
