"""The page of a gate: its call, its matrix, what it is made of."""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial

from qmlc.ops.gates import (
    ALIASES,
    GATES,
    Composite,
    Constant,
    Controlled,
    Phase,
    Rotation,
    angle_names,
    constant_inverse,
    gate_arity,
)
from qmlc.reference.entry import Entry
from qmlc.source.count_noun import count_noun

Texts = list[list[str]]
PAULI = {"I": (0, (1, 1)), "X": (1, (1, 1)), "Y": (1, (1j, -1j)), "Z": (0, (1, -1))}
"""Of each Pauli matrix: whether it flips the bit, and the factor of a column."""
ROOTS = {0.0: "0", 0.5: "1/2", 1.0: "1", math.sqrt(0.5): "√½"}


def describe_gate(name: str) -> Entry:
    """The entry of a gate."""
    aliases = tuple(alias for alias, row in ALIASES.items() if row == name)
    qubits = count_noun(gate_arity(name)[1], "qubit")
    summary = f"{_call(name)}: {qubits}, {count_noun(len(angle_names(name)), 'angle')}"
    return Entry("gate", name, summary, partial(_page, name, aliases), aliases)


def _call(name: str) -> str:
    angles = angle_names(name)
    return f"{name}({', '.join(angles)})" if angles else name


def _page(name: str, aliases: Sequence[str]) -> str:
    angles, qubits, call = angle_names(name), gate_arity(name)[1], _call(name)
    operands = ", ".join("abcdefgh"[:qubits])
    parts = [f"```text\n{call} {operands}\n```"]
    row = GATES[name]
    if isinstance(row, Controlled):
        parts.append(
            f"`{row.base}` under {count_noun(row.controls, 'control')}, the first operands."
        )
    elif isinstance(row, Rotation):
        parts.append(f"exp(-i {row.angles[0]}/2 {row.pauli}).")
    inverse = constant_inverse(name)
    if inverse:
        parts.append(
            "It is its own inverse." if inverse == name else f"Its inverse is `{inverse}`."
        )
    if aliases:
        parts.append("Other names: " + ", ".join(f"`{alias}`" for alias in aliases) + ".")
    if matrix := _matrix(name):
        order = f"Its matrix; `{operands[0]}` is the least significant bit:" if qubits > 1 else (
            "Its matrix:")  # fmt: skip
        parts.append(f"{order}\n\n```text\n{_table(matrix)}\n```")
    if isinstance(row, Composite):
        steps = "\n".join(f"    {step}" for step in _steps(row, operands.split(", ")))
        header = f"gate {name}_({', '.join(f'{angle}: real' for angle in angles)}) {operands}"
        parts.append(f"The same as this gate:\n\n```hqm\n{header} {{\n{steps}\n}}\n```")
    return "\n\n".join(parts)


def _matrix(name: str) -> Texts | None:
    """The entries as texts; None where they do not fit a page or are better said by steps."""
    row = GATES[name]
    match row:
        case Constant():
            return [[_number(entry) for entry in line] for line in row.matrix]
        case Phase():
            return [["1", "0"], ["0", f"e^(i {row.angles[0]})"]]
        case Rotation():
            return _rotation(row.pauli, row.angles[0])
        case Controlled() if gate_arity(name)[1] <= 3 and (base := _matrix(row.base)):
            return _controlled(base, row.controls)
        case Composite() if not row.angles and row.qubits <= 3:
            from qmlc.ops.matrices import gate_matrix  # numpy: other pages need none

            return [[_number(complex(entry)) for entry in line] for line in gate_matrix(name)]
    return None


def _rotation(pauli: str, angle: str) -> Texts:
    """cos(angle/2) I - i sin(angle/2) P."""
    size = 2 ** len(pauli)
    table = [["0"] * size for _ in range(size)]
    for column in range(size):
        flips, factor = 0, complex(1)
        for bit, letter in enumerate(pauli):
            flip, factors = PAULI[letter]
            flips |= flip << bit
            factor *= factors[column >> bit & 1]
        if flips:
            table[column][column] = f"cos({angle}/2)"
            times = {-1j: "-i ", 1j: "i ", 1: "", -1: "-"}[-1j * factor]
            table[column ^ flips][column] = f"{times}sin({angle}/2)"
        else:
            table[column][column] = f"e^({'-' if factor.real > 0 else ''}i {angle}/2)"
    return table


def _controlled(base: Texts, controls: int) -> Texts:
    """The base acts where all of the low bits, the controls, are 1."""
    size = len(base) << controls
    ones = (1 << controls) - 1
    table = [["1" if row == column else "0" for column in range(size)] for row in range(size)]
    for i, line in enumerate(base):
        for j, entry in enumerate(line):
            table[(i << controls) | ones][(j << controls) | ones] = entry
    return table


def _number(value: complex) -> str:
    """A matrix entry in exact form where it has a simple one."""
    real, imaginary = (_real(abs(part)) for part in (value.real, value.imag))
    signs = ["-" if part < 0 else "" for part in (value.real, value.imag)]
    if imaginary == "0":
        return "0" if real == "0" else signs[0] + real
    times_i = signs[1] + ("i" if imaginary == "1" else f"{imaginary} i")
    if real == "0":
        return times_i
    return f"{signs[0]}{real} {'-' if signs[1] else '+'} {times_i.removeprefix('-')}"


def _real(value: float) -> str:
    for known, text in ROOTS.items():
        if cmath.isclose(value, known, abs_tol=1e-12):
            return text
    return f"{value:.4g}"


def _table(entries: Texts) -> str:
    widths = [max(map(len, column)) for column in zip(*entries, strict=True)]
    return "\n".join(
        "  ".join(e.ljust(w) for e, w in zip(line, widths, strict=True)).rstrip()
        for line in entries
    )


def _steps(row: Composite, operands: Sequence[str]) -> Iterator[str]:
    for step in row.steps:
        angles = ", ".join(_affine(line, row.angles) for line in step.angles)
        qubits = ", ".join(operands[q] for q in step.qubits)
        if step.gate == "gphase" or not step.qubits:
            qubits = ""
        yield f"{step.gate}{f'({angles})' if angles else ''} {qubits}".rstrip()


def _affine(line: Sequence[float], angles: Sequence[str]) -> str:
    """`offset + sum(coefficient * angle)` as the language writes it."""
    offset, *coefficients = line
    terms = [_times_pi(offset)] if offset else []
    for coefficient, angle in zip(coefficients, angles, strict=True):
        if coefficient:
            size = abs(coefficient)
            sign = "-" if coefficient < 0 else ""
            terms.append(sign + (angle if size == 1 else f"{_short(size)} * {angle}"))
    return " + ".join(terms).replace("+ -", "- ") or "0"


def _times_pi(value: float) -> str:
    share = Fraction(value / math.pi).limit_denominator(64)
    if not math.isclose(share * math.pi, value):
        return _short(value)
    sign = "-" if share < 0 else ""
    top = "pi" if abs(share.numerator) == 1 else f"{abs(share.numerator)} * pi"
    return f"{sign}{top}" + (f" / {share.denominator}" if share.denominator > 1 else "")


def _short(value: float) -> str:
    return f"{value:.12g}"
