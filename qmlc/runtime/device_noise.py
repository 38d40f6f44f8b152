"""What a device's gates and readout do wrong, as superoperators, from the medians of its file.

A superoperator acts on the vector of a density matrix with the entry <i|rho|j> at i + 2**n j.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from qmlc.runtime.normal_form import Array
from qmlc.targets.read_target import Target


@cache
def gate_noise(target: Target, qubits: int) -> Array:
    """What follows a gate on one or two qubits: depolarization, then relaxation of each.

    Relaxation is that of T1 and T2 over the gate's time; depolarization is as strong as it takes
    for the gate's error to be the one measured. The model of Qiskit Aer's
    `basic_device_gate_errors`.
    """
    noise, dimension = dict(target.noise), 1 << qubits
    kind = "one" if qubits == 1 else "two"
    relaxation = _relaxation(noise, noise.get(f"{kind}_qubit_time", 0.0))
    if qubits == 2:
        relaxation = _side_by_side(relaxation, relaxation)
    fidelity = _average_fidelity(relaxation, dimension)
    error = min(noise.get(f"{kind}_qubit_error", 0.0), dimension / (dimension + 1))
    strength = dimension * (error - (1 - fidelity)) / (dimension * fidelity - 1)
    strength = min(max(strength, 0.0), dimension**2 / (dimension**2 - 1))
    return relaxation @ _depolarization(strength, dimension)


def readout_error(target: Target) -> float:
    """The probability that a qubit reads as the other value."""
    return dict(target.noise).get("readout_error", 0.0)


def superoperator(matrix: Array) -> Array:
    """What a gate does to the vector of a density matrix."""
    return np.kron(matrix.conj(), matrix)


RESET = np.array([[1, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]], dtype=np.complex128)
"""Into |0>, whatever the state was."""

DEPHASE = np.diag([1, 0, 0, 1]).astype(np.complex128)
"""A measurement whose outcome nobody reads."""


def _relaxation(noise: dict[str, float], time: float) -> Array:
    if not time or "t1" not in noise:
        return np.eye(4, dtype=np.complex128)
    stays = math.exp(-time / noise["t1"])
    coherent = math.exp(-time / min(noise["t2"], 2 * noise["t1"]))
    result = np.diag([1, coherent, coherent, stays]).astype(np.complex128)
    result[0, 3] = 1 - stays
    return result


def _depolarization(strength: float, dimension: int) -> Array:
    identity = np.eye(dimension).reshape(-1)
    mixing = np.outer(identity, identity) / dimension
    return (1 - strength) * np.eye(dimension**2) + strength * mixing.astype(np.complex128)


def _average_fidelity(channel: Array, dimension: int) -> float:
    """Nielsen, Phys. Lett. A 303, 249 (2002)."""
    process = float(np.trace(channel).real) / dimension**2
    return (dimension * process + 1) / (dimension + 1)


def _side_by_side(low: Array, high: Array) -> Array:
    """Two channels of one qubit as one of two."""
    product = np.kron(high, low).reshape(2, 2, 2, 2, 2, 2, 2, 2)
    # from (row, column) of high, then of low, to rows, then columns
    axes = (0, 2, 1, 3)
    return product.transpose(*axes, *(4 + a for a in axes)).reshape(16, 16)
