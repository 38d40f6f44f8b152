"""The derivative by an angle, from values of the circuit with the angle shifted.

By an angle of exp(-i angle G) the expectation of a circuit is a sum of sines whose frequencies are
the differences of the eigenvalues of G, so that a few values tell its derivative exactly: two for
one frequency, four for two (Wierichs, Izaac, Wang and Lin 2022, arXiv:2107.12390).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import cast

import numpy as np

from qmlc.ir.circuit import Instruction
from qmlc.ir.dense import operator_matrix
from qmlc.ir.operator import Operator
from qmlc.ops.gates import GATES, Phase

ShiftRule = tuple[tuple[float, float], ...]
"""Shifts, and what each weighs: f' = sum(weight * (f(angle + shift) - f(angle - shift)))."""

STRAIGHT: ShiftRule = ((1.0, 0.5),)
"""The rule for a number in which the result is linear, as the coefficient of an observable."""

MAX_FREQUENCIES = 64

SPACINGS = np.linspace(1, 0.1, 19)
"""How far apart shifts are tried, in the distance that is best for evenly spaced frequencies."""


def find_shift_rule(instruction: Instruction) -> ShiftRule:
    """The rule for the one angle of a gate that is not composite; ValueError where it has none."""
    eigenvalues = {*_eigenvalues(instruction), *([0.0] if instruction.controls else [])}
    distances = sorted(abs(a - b) for a, b in combinations(eigenvalues, 2))
    frequencies: list[float] = []
    for distance in distances:
        if distance > 1e-9 and (not frequencies or distance - frequencies[-1] > 1e-9):
            frequencies.append(distance)
    if len(frequencies) > MAX_FREQUENCIES:
        raise ValueError(
            f"the angle of `{instruction.name}` has {len(frequencies)} frequencies: at most"
            f" {MAX_FREQUENCIES} have a shift rule"
        )
    return shift_rule(frequencies)


def shift_rule(frequencies: Sequence[float]) -> ShiftRule:
    """The rule for ascending frequencies; of several that with the smallest weights.

    Evenly spaced ones get the known best shifts: pi/2 for one, pi/2 and 3 pi/2 for 1/2 and 1.
    """
    if not frequencies:
        return ()
    omega, count = np.array(frequencies), len(frequencies)
    best = None
    for spacing in SPACINGS * np.pi / (count * omega[0]):
        shifts = (np.arange(count) + 0.5) * spacing
        sines = 2 * np.sin(np.outer(omega, shifts))
        if np.linalg.cond(sines) > 1e6:
            continue
        weights = np.linalg.solve(sines, omega)
        if best is None or abs(weights).sum() < abs(best[1]).sum() * (1 - 1e-6):
            best = shifts, weights
    if best is None:
        raise ValueError("frequencies that lie so close have no shift rule")
    return tuple((float(s), float(w)) for s, w in zip(*best, strict=True))


def _eigenvalues(instruction: Instruction) -> tuple[float, ...]:
    """Those of G, for exp(-i angle G) up to a sign."""
    if instruction.name == "evolve":
        operator = cast(Operator, instruction.payload)
        matrix = operator_matrix(operator, len(instruction.targets))
        return tuple(map(float, np.linalg.eigvalsh(matrix)))
    if instruction.name == "gphase":
        return (1.0,)
    if isinstance(GATES.get(instruction.name), Phase):
        return (0.0, 1.0)
    return (-0.5, 0.5)  # a rotation by a string of Pauli operators
