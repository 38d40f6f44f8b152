"""Values and gradients in complex128, by numpy alone: what every system is held against.

Each gate is a constant matrix, or exp(-i angle G) of a constant Hermitian G; gradients are by the
adjoint method.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.circuits import Angle, Case, Gate, measurement_tables

X = np.array([[0, 1], [1, 0]], complex)
Y = np.array([[0, -1j], [1j, 0]])
Z = np.diag([1, -1]).astype(complex)
ZERO, ONE = np.diag([1, 0]), np.diag([0, 1])


def control(matrix: np.ndarray) -> np.ndarray:
    """The matrix under one more control, in front."""
    return np.kron(ZERO, np.eye(len(matrix))) + np.kron(ONE, matrix)


CONSTANT = {
    "h": (X + Z) / np.sqrt(2),
    "t": np.diag([1, np.exp(0.25j * np.pi)]),
    "cx": control(X),
    "cz": control(Z),
    "ccx": control(control(X)),
    "swap": (np.eye(4) + np.kron(X, X) + np.kron(Y, Y) + np.kron(Z, Z)) / 2,
}
GENERATORS = {
    "rx": X / 2, "ry": Y / 2, "rz": Z / 2, "p": -ONE,
    "rxx": np.kron(X, X) / 2, "ryy": np.kron(Y, Y) / 2, "rzz": np.kron(Z, Z) / 2,
    "crx": np.kron(ONE, X) / 2, "crz": np.kron(ONE, Z) / 2,
}  # fmt: skip


class Answer(NamedTuple):
    """What is computed, and the gradients of its product with the case's cotangent."""

    values: np.ndarray
    d_inputs: np.ndarray
    d_weights: np.ndarray


class Step(NamedTuple):
    """A gate with one matrix for each sample or one for all, and its generator if it turns."""

    qubits: tuple[int, ...]
    matrix: np.ndarray
    generator: np.ndarray | None
    angle: Angle


def steps(gate: Gate, features: np.ndarray, weights: np.ndarray) -> list[Step]:
    """The gate as steps; U up to its global phase."""
    if gate.name == "u":
        theta, phi, lam = gate.angles
        turns = (("rz", lam), ("ry", theta), ("rz", phi))
        parts = (Gate(name, gate.qubits, (angle,)) for name, angle in turns)
        return [step for part in parts for step in steps(part, features, weights)]
    if gate.name in CONSTANT:
        return [Step(gate.qubits, CONSTANT[gate.name][None], None, Angle())]
    generator, (angle,) = GENERATORS[gate.name], gate.angles
    energies, states = np.linalg.eigh(generator)
    phases = np.exp(
        -1j * np.multiply.outer(np.atleast_1d(angle.value(features, weights)), energies)
    )
    matrix = (states * phases[:, None]) @ states.conj().T
    return [Step(gate.qubits, matrix, generator[None], angle)]


def apply(matrix: np.ndarray, qubits: tuple[int, ...], states: np.ndarray) -> np.ndarray:
    """`[batch or 1, 2**k, 2**k]` on k qubits of `[batch, 2**n]`."""
    batch, front = len(states), range(1, len(qubits) + 1)
    axes = [q + 1 for q in qubits]
    n = states.shape[1].bit_length() - 1
    moved = np.moveaxis(states.reshape(batch, *[2] * n), axes, front)
    done = matrix @ moved.reshape(batch, matrix.shape[-1], -1)
    return np.moveaxis(done.reshape(moved.shape), front, axes).reshape(batch, -1)


def inner(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """<left|right> of each sample."""
    return np.einsum("bj,bj->b", left.conj(), right)


def measure(case: Case, states: np.ndarray, cotangent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is computed, and half its derivative by the conjugate states."""
    if case.kind == "overlaps":
        overlaps = states.conj() @ states.T
        return np.abs(overlaps) ** 2, ((cotangent + cotangent.T) * overlaps.T) @ states
    values, weighted = np.zeros(cotangent.shape), np.zeros_like(states)
    index = np.arange(states.shape[1])
    for flip, table in measurement_tables(case).items():
        flipped = states[:, index ^ flip]
        table = np.broadcast_to(table, (len(index), table.shape[1]))
        values += ((states.conj() * flipped) @ table).real
        weighted += (cotangent @ table.T) * flipped
    return values, weighted


def run(case: Case, inputs: np.ndarray, weights: np.ndarray, cotangent: np.ndarray) -> Answer:
    """The answer for some of the samples, or all."""
    features = case.features(inputs, np.concatenate)
    norms = np.linalg.norm(inputs, axis=1, keepdims=True)
    if case.start == "amplitudes":
        first = (inputs / norms).astype(complex)
    else:
        first = np.zeros((len(inputs), 1 << case.num_qubits), complex)
        first[:, 0] = 1
    plan = [step for gate in case.gates for step in steps(gate, features, weights)]
    states = first
    for step in plan:
        states = apply(step.matrix, step.qubits, states)
    values, adjoint = measure(case, states, cotangent)
    d_features, d_weights = np.zeros_like(features), np.zeros_like(weights)
    for step in reversed(plan):
        if step.generator is not None:
            slope = 2 * inner(adjoint, apply(step.generator, step.qubits, states)).imag
            add_gradient(step.angle, slope, features, weights, d_features, d_weights)
        back = step.matrix.conj().transpose(0, 2, 1)
        states, adjoint = (apply(back, step.qubits, v) for v in (states, adjoint))
    if case.start == "amplitudes":
        slope = 2 * adjoint.real
        d_inputs = (slope - first.real * inner(slope, first).real[:, None]) / norms
    else:
        d_inputs = pull_back(case, inputs, d_features)
    return Answer(values, d_inputs, d_weights)


def add_gradient(
    angle: Angle,
    slope: np.ndarray,
    features: np.ndarray,
    weights: np.ndarray,
    d_features: np.ndarray,
    d_weights: np.ndarray,
) -> None:
    """Adds what a derivative by the angle means for the feature and the weight it is made of."""
    if angle.feature is not None:
        rest = angle._replace(feature=None)
        d_features[:, angle.feature] += slope * rest.value(features, weights)
    if angle.weight is not None:
        rest = angle._replace(weight=None)
        d_weights[angle.weight] += (slope * rest.value(features, weights)).sum()


def pull_back(case: Case, inputs: np.ndarray, d_features: np.ndarray) -> np.ndarray:
    """The derivative by the inputs."""
    d_inputs = d_features[:, : case.num_inputs].copy()
    for column, (i, j) in enumerate(case.pairs, start=case.num_inputs):
        d_inputs[:, i] -= d_features[:, column] * (np.pi - inputs[:, j])
        d_inputs[:, j] -= d_features[:, column] * (np.pi - inputs[:, i])
    return d_inputs


def compute(case: Case) -> Answer:
    """The answer, a few samples at a time where they are large."""
    inputs, weights, cotangent = case.inputs(), case.weights(), case.cotangent()
    size = case.batch if case.kind == "overlaps" else max(1, (1 << 18) >> case.num_qubits)
    parts = [slice(i, i + size) for i in range(0, case.batch, size)]
    answers = [run(case, inputs[part], weights, cotangent[part]) for part in parts]
    values, d_inputs, d_weights = zip(*answers, strict=True)
    return Answer(np.concatenate(values), np.concatenate(d_inputs), sum(d_weights))


def answer(case: Case, folder: Path) -> Answer:
    """The answer, from the folder where it has been computed before."""
    key = hashlib.sha256(repr(case).encode()).hexdigest()[:16]
    path = folder / f"{case.name}_{key}.npz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}.npz")
        np.savez(unfinished, **compute(case)._asdict())
        unfinished.replace(path)
    return Answer(**np.load(path))
