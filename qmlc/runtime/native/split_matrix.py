"""Constant matrices as products of simpler ones, in complex128."""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass

import numpy as np

from qmlc.runtime.normal_form import Array

TOLERANCE = 1e-15
"""Entries and angles of gates that are nearer to a round number are that number."""


@dataclass(frozen=True, slots=True)
class Euler:
    """exp(i phase) exp(i after Z) exp(-i turn Y) exp(i before Z), first X where `flip`."""

    phase: float
    after: float
    turn: float
    before: float
    flip: bool


def round_angle(angle: float) -> float:
    """The multiple of pi/8 that `angle` nearly is, or itself."""
    nearest = round(angle * 8 / math.pi) * math.pi / 8
    return nearest if abs(angle - nearest) < TOLERANCE else angle


def split_qubit(matrix: Array) -> Euler:
    """The Euler angles of a unitary on one qubit."""
    (a, b), (c, d) = ((complex(entry) for entry in row) for row in matrix)
    turn = round_angle(math.atan2(abs(c), abs(a)))
    if turn == 0:
        first, second = cmath.phase(a), cmath.phase(d)
    elif turn == math.pi / 2:
        first, second = cmath.phase(b), cmath.phase(c)
    else:
        first, second, opposite = cmath.phase(a), cmath.phase(c), cmath.phase(-b)
        after, before = (first - second) / 2, (first - opposite) / 2
        phase = (second + opposite) / 2
        return Euler(round_angle(phase), round_angle(after), turn, round_angle(before), False)
    phase, after = round_angle((first + second) / 2), round_angle((first - second) / 2)
    return Euler(phase, after, 0.0, 0.0, turn != 0)


def split_monomial(matrix: Array) -> tuple[tuple[int, ...], list[float]] | None:
    """(images, angles) of a permutation x -> images[x] and then phases; None where it is none."""
    large = np.abs(matrix) > TOLERANCE
    if not (np.all(large.sum(0) == 1) and np.all(large.sum(1) == 1)):
        return None
    images = tuple(int(row) for row in np.argmax(large, axis=0))
    angles = [0.0] * len(images)
    for column, row in enumerate(images):
        angles[row] = round_angle(cmath.phase(complex(matrix[row, column])))
    return images, angles


def split_spectrum(matrix: Array) -> tuple[Array, Array]:
    """(angles, vectors) with matrix = vectors diag(exp(i angles)) vectors^H, for a unitary."""
    hermitian = (matrix + matrix.conj().T) / 2
    skew = (matrix - matrix.conj().T) / 2j
    best = None
    # a generic combination of these has their common eigenvectors; one may happen to be degenerate
    for weight in (0.6180339887498949, 1.7320508075688772, -0.7390851332151607):
        _, vectors = np.linalg.eigh(hermitian + weight * skew)
        inner = vectors.conj().T @ matrix @ vectors
        rest = float(np.abs(inner - np.diag(np.diag(inner))).max())
        if best is None or rest < best[0]:
            best = rest, np.angle(np.diag(inner)), vectors
    assert best is not None
    return best[1], best[2]


def walsh_coefficients(values: Array) -> list[float]:
    """Numbers c with values[x] = sum over k of c[k] (-1)**parity(x & k)."""
    result = np.array(values, dtype=np.float64)
    step = 1
    while step < len(result):
        split = result.reshape(-1, 2, step)
        result = np.stack([split[:, 0] + split[:, 1], split[:, 0] - split[:, 1]], 1).reshape(-1)
        step *= 2
    return [float(c) for c in result / len(result)]
