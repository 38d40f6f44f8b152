"""Inverse, control and power of sequences of instructions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qmlc.ir.circuit import Instruction
from qmlc.ops.gates import (
    GATES,
    Composite,
    Controlled,
    Phase,
    Rotation,
    canonical_name,
    constant_inverse,
    phase_angle,
)
from qmlc.types.polynomial import Polynomial, Value, lift

MAX_DENSE_QUBITS = 8
"""The widest gate whose fractional power is worked out as a matrix."""


class NotUnitary(ValueError):
    """An instruction without an inverse stands where a gate is needed; holds its name."""


def gate_instruction(name: str, qubits: Sequence[int], angles: Sequence[Value]) -> Instruction:
    """The gate `name` of `ops.gates` as an instruction: a controlled row becomes its base."""
    row = GATES[canonical_name(name)]
    if isinstance(row, Controlled):
        return Instruction(row.base, tuple(qubits), tuple(angles), "1" * row.controls)
    return Instruction(canonical_name(name), tuple(qubits), tuple(angles))


def expand_composite(instruction: Instruction) -> list[Instruction]:
    """The steps of a composite gate, under the same controls and condition."""
    row = GATES[instruction.name]
    if not isinstance(row, Composite):
        return [instruction]
    steps = []
    for step in row.steps:
        angles = tuple(
            sum((c * a for c, a in zip(r[1:], instruction.angles, strict=True) if c), r[0])
            for r in step.angles
        )
        inner = gate_instruction(step.gate, [instruction.targets[q] for q in step.qubits], angles)
        outer = instruction.qubits[: len(instruction.controls)]
        for part in expand_composite(inner):
            steps.append(
                replace(
                    part,
                    qubits=outer + part.qubits,
                    controls=instruction.controls + part.controls,
                    condition=instruction.condition,
                )
            )
    return steps


def inverse(instructions: Sequence[Instruction]) -> list[Instruction]:
    """The inverse of a sequence of gates; NotUnitary where one has none."""
    result: list[Instruction] = []
    for instruction in instructions:
        if not instruction.unitary and instruction.name not in ("barrier", "delay"):
            raise NotUnitary(instruction.name)
    for instruction in reversed(instructions):
        result += _inverse(instruction)
    return result


def _inverse(instruction: Instruction) -> list[Instruction]:
    if instruction.name in ("barrier", "delay"):
        return [instruction]
    if _scales(instruction):
        return [replace(instruction, angles=tuple(-a for a in instruction.angles))]
    if instruction.name == "unitary":
        matrix = instruction.payload
        assert isinstance(matrix, tuple)
        adjoint = tuple(
            tuple(complex(row[i]).conjugate() for row in matrix) for i in range(len(matrix))
        )
        return [replace(instruction, payload=adjoint)]
    if isinstance(GATES[instruction.name], Composite):
        return inverse(expand_composite(instruction))
    name = constant_inverse(instruction.name)
    assert name is not None, f"no row is the inverse of {instruction.name}"
    return [replace(instruction, name=name)]


def control(
    instructions: Sequence[Instruction], qubits: tuple[int, ...], states: str
) -> list[Instruction]:
    """Each gate under further controls; NotUnitary where one is no gate."""
    result = []
    for instruction in instructions:
        if instruction.name == "barrier":
            result.append(instruction)
            continue
        if not instruction.unitary:
            raise NotUnitary(instruction.name)
        result.append(
            replace(
                instruction,
                qubits=qubits + instruction.qubits,
                controls=states + instruction.controls,
            )
        )
    return result


def power(instructions: Sequence[Instruction], exponent: Value) -> list[Instruction]:
    """A sequence of gates to a power: angles scale, whole powers repeat, else the principal root.

    ValueError for a fractional power of gates whose angles are not numbers; NotUnitary.
    """
    for instruction in instructions:
        if not instruction.unitary and instruction.name != "barrier":
            raise NotUnitary(instruction.name)
    if len(instructions) == 1:
        scaled = _scaled(instructions[0], exponent)
        if scaled is not None:
            return [scaled]
    whole = lift(exponent).constant
    if isinstance(whole, float) and whole.is_integer():
        whole = int(whole)
    if isinstance(whole, int):
        base = list(instructions) if whole >= 0 else inverse(instructions)
        return base * abs(whole)
    if whole is None:
        raise ValueError("the power of this gate must be a number: its angle cannot be scaled")
    assert not isinstance(whole, complex)
    return [_principal_power(instructions, whole)]


def _scales(instruction: Instruction) -> bool:
    if instruction.name in ("gphase", "rotation", "evolve"):
        return True
    return isinstance(GATES.get(instruction.name), (Rotation, Phase))


def _scaled(instruction: Instruction, exponent: Value) -> Instruction | None:
    if _scales(instruction):
        return replace(instruction, angles=tuple(a * exponent for a in instruction.angles))
    angle = phase_angle(instruction.name) if instruction.name in GATES else None
    if angle is not None and isinstance(exponent, (Polynomial, float)):
        return replace(instruction, name="p", angles=(exponent * angle,))
    return None


def _principal_power(instructions: Sequence[Instruction], exponent: float) -> Instruction:
    # numpy takes longer to import than a whole check, and few programs need it
    from qmlc.ir.dense import instructions_matrix, principal_power

    qubits = tuple(dict.fromkeys(q for i in instructions for q in i.qubits))
    if len(qubits) > MAX_DENSE_QUBITS:
        raise ValueError(f"a fractional power of a gate on more than {MAX_DENSE_QUBITS} qubits")
    root = principal_power(instructions_matrix(instructions, qubits), exponent)
    payload = tuple(tuple(complex(x) for x in row) for row in root)
    return Instruction("unitary", qubits, payload=payload)
