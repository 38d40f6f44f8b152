"""Whether two sequences of gates have one matrix, tried on random angles in complex128 numpy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from qmlc.ir.circuit import Instruction
from qmlc.ir.dense import instructions_matrix
from qmlc.ir.rules import GateRule
from qmlc.ops.matrices import ComplexMatrix
from qmlc.types.polynomial import Polynomial, Symbol, Value, lift

ROUNDS = 5
STEP = 1e-4
TOLERANCE = 1e-9


Trial = tuple[dict[Symbol, float], ComplexMatrix, ComplexMatrix]


def compare_gates(rule: GateRule) -> tuple[str, str]:
    """Where the matrices of the two sides differ, and a proposal; empty texts where they do not."""
    trial = _first_difference(rule)
    return ("", "") if trial is None else _difference(rule, *trial)


def _first_difference(rule: GateRule) -> Trial | None:
    """The first random angles for which the two sides differ, and their matrices."""
    random = np.random.default_rng(0)
    for _ in range(ROUNDS):
        angles = {s: float(random.uniform(-2 * np.pi, 2 * np.pi)) for s in rule.symbols}
        before, after = matrices(rule, angles)
        if abs(before - after).max() > TOLERANCE:
            return angles, before, after
    return None


def matrices(rule: GateRule, angles: Mapping[Symbol, float]) -> tuple[ComplexMatrix, ComplexMatrix]:
    """The matrices of both sides, 2**n by 2**n, for angles in radians."""
    left, right = (
        instructions_matrix([bind(i, angles) for i in side], range(rule.num_qubits))
        for side in (rule.before, rule.after)
    )
    return left, right


def bind(instruction: Instruction, angles: Mapping[Symbol, Value]) -> Instruction:
    """An instruction with values in the place of symbols."""
    bound = tuple(lift(a).substitute(angles) for a in instruction.angles)
    return replace(instruction, angles=bound)


def _difference(
    rule: GateRule, angles: dict[Symbol, float], before: ComplexMatrix, after: ComplexMatrix
) -> tuple[str, str]:
    given = ", ".join(f"{s} = {v:.4f}" for s, v in angles.items())
    where = f"with {given}, " if given else ""
    phase = _phase(before, after)
    if phase is None:
        row, column = (int(i) for i in np.argwhere(abs(before - after) > TOLERANCE)[0])
        left, right = (_number(complex(m[row, column])) for m in (before, after))
        entry = f"entry [{row}, {column}] of the matrix"
        return f"{where}{entry} is {left} on the left, {right} on the right", ""
    text = f"{where}they differ by the global phase exp({_number(phase)}i), and by nothing else"
    missing = _phase_polynomial(rule)
    proposal = "a global phase counts under a control"
    if missing is not None:
        proposal = f"add `gphase({lift(missing)})` to the right side: {proposal}"
    return text, proposal


def _phase(before: ComplexMatrix, after: ComplexMatrix) -> float | None:
    """The angle by which the left side is ahead of the right, or None where more differs."""
    overlap = np.vdot(after, before) / len(before)
    ahead = abs(abs(overlap) - 1) < TOLERANCE and np.allclose(after * overlap, before)
    return float(np.angle(overlap)) if ahead else None


def _phase_polynomial(rule: GateRule) -> Value | None:
    """The missing phase as an expression with simple coefficients, or None."""
    zero = dict.fromkeys(rule.symbols, 0.0)
    start = _phase(*matrices(rule, zero))
    if start is None:
        return None
    eighths = start / np.pi * 8
    total: Value = round(eighths) * np.pi / 8 if abs(eighths - round(eighths)) < STEP else start
    for symbol in rule.symbols:
        moved = _phase(*matrices(rule, {**zero, symbol: STEP}))
        if moved is None:
            return None
        quarters = round((moved - start) / STEP * 4)
        total = total + Polynomial.symbol(symbol.name, symbol.index) * (quarters / 4)
    completed = replace(rule, after=(*rule.after, Instruction("gphase", (), (total,))))
    return total if _first_difference(completed) is None else None


def _number(value: complex | float) -> str:
    value = complex(value)
    if abs(value.imag) < TOLERANCE:
        return f"{round(value.real, 4) + 0.0:g}"
    return f"{value.real:.4f}{value.imag:+.4f}i"
