"""From an instruction to gates in the engine's normal form."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np

from qmlc.ir.circuit import Instruction
from qmlc.ir.dense import operator_matrix
from qmlc.ir.modify_gates import expand_composite
from qmlc.ir.operator import Operator, PauliString, commute
from qmlc.ops.gates import GATES, Composite, Constant, Matrix, Phase, Rotation, phase_angle
from qmlc.ops.matrices import PAULI
from qmlc.runtime.normal_form import (
    Action,
    Array,
    Controls,
    Dense,
    Exponential,
    Measure,
    PauliTurn,
    Permute,
    Phases,
    PhaseTerm,
    Prepare,
    Reset,
    Spectrum,
    Turn,
    mask_of,
)
from qmlc.types.polynomial import Value, lift

MAX_EVOLVE_QUBITS = 10
"""The widest set of terms that do not commute whose exact evolution is worked out as a matrix."""

_ZERO = np.zeros((2, 2), dtype=np.complex128)


def normalise(instruction: Instruction) -> Iterator[Action]:
    """The gates that `instruction` is, in order; its condition is left to the caller."""
    places = instruction.qubits[: len(instruction.controls)]
    controls = Controls.of(places, instruction.controls)
    targets, angles, payload = instruction.targets, instruction.angles, instruction.payload
    match instruction.name:
        case "barrier" | "delay":
            return
        case "measure":
            yield Measure(targets[0], instruction.bits[0])
        case "reset":
            yield from (Reset(qubit) for qubit in targets)
        case "prepare":
            yield Prepare(targets, angles)
        case "gphase":
            yield Phases((PhaseTerm(angles[0], 0, controls),))
        case "rotation":
            yield pauli_rotation(cast(str, payload), targets, angles[0], controls)
        case "unitary":
            yield constant_gate(np.array(cast(Matrix, payload), dtype=complex), targets, controls)
        case "evolve":
            yield from _evolve(cast(Operator, payload), targets, angles[0], controls)
        case _:
            yield from _row(instruction, controls)


def _row(instruction: Instruction, controls: Controls) -> Iterator[Action]:
    targets, angles = instruction.targets, instruction.angles
    row = GATES[instruction.name]
    match row:
        case Rotation():
            yield pauli_rotation(row.pauli, targets, angles[0], controls)
        case Phase():
            yield _phase(angles[0], targets[0], controls)
        case Constant():
            angle = phase_angle(instruction.name)
            if angle is not None:
                yield _phase(angle, targets[0], controls)
            else:
                yield constant_gate(np.array(row.matrix, dtype=complex), targets, controls)
        case Composite():
            for step in expand_composite(instruction):
                yield from normalise(step)
        case _:
            raise ValueError(f"`{instruction.name}` stands for a gate under control")


def _phase(angle: Value, qubit: int, controls: Controls) -> Phases:
    bit = 1 << qubit
    where = Controls(controls.mask | bit, controls.value | bit)
    return Phases((PhaseTerm(angle, 0, where),))


def pauli_rotation(
    letters: str, targets: Sequence[int], angle: Value, controls: Controls
) -> Turn | Phases | PauliTurn:
    """exp(-i angle/2 P), a letter of P for each target."""
    named = list(zip(targets, letters, strict=True))
    flips = mask_of([q for q, letter in named if letter in "XY"])
    signs = mask_of([q for q, letter in named if letter in "YZ"])
    if not flips:
        return Phases((PhaseTerm(angle * -0.5, signs, controls),))
    if not controls.mask and (flips | signs).bit_count() == 1:
        letter, qubit = next((letter, q) for q, letter in named if letter != "I")
        return Turn(qubit, angle * 0.5, _ZERO, PAULI["I"], -1j * PAULI[letter])
    return PauliTurn(angle * 0.5, flips, signs, controls)


def constant_gate(
    matrix: Array, targets: tuple[int, ...], controls: Controls
) -> Turn | Permute | Dense:
    """A gate of numbers alone: as a permutation, a turn, or a dense matrix."""
    images = _permutation(matrix)
    if images is not None:
        return controlled_permutation(images, targets, controls)
    if len(targets) == 1 and not controls.mask:
        return Turn(targets[0], 0, matrix, _ZERO, _ZERO)
    return Dense(targets, matrix, controls)


def _permutation(matrix: Array) -> tuple[int, ...] | None:
    if not np.all((matrix == 0) | (matrix == 1)):
        return None
    return tuple(int(np.argmax(column)) for column in matrix.T)


def controlled_permutation(
    images: Sequence[int], targets: tuple[int, ...], controls: Controls
) -> Permute:
    """The permutation `images` of the basis states of `targets`, where the controls hold."""
    places = [q for q in range(controls.mask.bit_length()) if controls.mask >> q & 1]
    low = sum((controls.value >> q & 1) << i for i, q in enumerate(places))
    table = list(range(len(images) << len(places)))
    for j, image in enumerate(images):
        table[j << len(places) | low] = image << len(places) | low
    return Permute((*places, *targets), tuple(table))


def turn_matrix(turn: Turn) -> Array | None:
    """The matrix of a turn by a number, or None where the angle is symbolic."""
    angle = lift(turn.angle).constant
    if angle is None:
        return None
    real = float(angle.real)
    return turn.constant + math.cos(real) * turn.cosine + math.sin(real) * turn.sine


def phase_turn(term: PhaseTerm) -> Turn | None:
    """A diagonal term on one qubit as a turn; None where it acts on several."""
    controls, qubits = term.controls, term.mask | term.controls.mask
    if qubits.bit_count() != 1:
        return None
    qubit = qubits.bit_length() - 1
    acts = [controls.value >> qubit & 1 == b if controls.mask else True for b in (0, 1)]
    signs = [-1 if term.mask and b else 1 for b in (0, 1)]
    rest = np.diag([0.0 if a else 1.0 for a in acts]).astype(complex)
    cosine = np.diag([1.0 if a else 0.0 for a in acts]).astype(complex)
    sine = np.diag([1j * s if a else 0 for a, s in zip(acts, signs, strict=True)])
    return Turn(qubit, term.angle, rest, cosine, sine)


def _evolve(
    operator: Operator, targets: tuple[int, ...], time: Value, controls: Controls
) -> Iterator[Action]:
    if not operator.hermitian:
        raise ValueError("the operator of an evolution must be Hermitian")
    for terms in anticommuting_parts([string for string, _ in operator.terms]):
        part = Operator(tuple(operator.terms[i] for i in terms))
        if len(terms) == 1:
            string, coefficient = part.terms[0]
            letters = "".join(letter for _, letter in string)
            qubits = [targets[q] for q, _ in string]
            yield pauli_rotation(letters, qubits, lift(coefficient) * time * 2, controls)
        else:
            yield _exponential(part, targets, time, controls)


def anticommuting_parts(strings: Sequence[PauliString]) -> list[list[int]]:
    """Positions of strings, parted so that strings of different parts commute.

    The exponential of a sum is the product of the exponentials of its parts.
    """
    parts: list[list[int]] = []
    for position, string in enumerate(strings):
        joined = [position]
        apart = []
        for part in parts:
            if all(commute(string, strings[other]) for other in part):
                apart.append(part)
            else:
                joined = part + joined
        parts = [*apart, joined]
    return sorted((sorted(part) for part in parts), key=lambda part: part[0])


def _exponential(
    operator: Operator, targets: tuple[int, ...], time: Value, controls: Controls
) -> Dense:
    used = operator.qubits
    if len(used) > MAX_EVOLVE_QUBITS:
        raise ValueError(
            f"the exact evolution under terms that do not commute on {len(used)} qubits is out of"
            f" reach (at most {MAX_EVOLVE_QUBITS}); write a method, such as"
            " `trotter(order=2, steps=10)`"
        )
    inner = operator.place({q: i for i, q in enumerate(used)})
    places = tuple(targets[q] for q in used)
    if all(lift(c).constant is not None for _, c in inner.terms):
        values, vectors = np.linalg.eigh(operator_matrix(inner, len(used)))
        duration = lift(time).constant
        if duration is None:
            return Dense(places, Spectrum(time, values, vectors), controls)
        phases = np.exp(-1j * float(duration.real) * values)
        return Dense(places, (vectors * phases) @ vectors.conj().T, controls)
    angles = tuple(lift(c) * time for _, c in inner.terms)
    strings = tuple(pauli_masks(string) for string, _ in inner.terms)
    return Dense(places, Exponential(angles, strings), controls)


def pauli_masks(string: PauliString) -> tuple[int, int]:
    """(flips, signs) of a Pauli string P = i**ys X**flips Z**signs."""
    flips = mask_of([q for q, letter in string if letter in "XY"])
    return flips, mask_of([q for q, letter in string if letter in "YZ"])
