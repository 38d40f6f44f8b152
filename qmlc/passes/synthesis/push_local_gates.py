"""Clifford gates on one qubit go through all that follows as far as they can.

A rotation R after such a gate F is another one before it: R F = F (F† R F). A gate C(P, Q) on two
qubits becomes one about other letters, for which at most one gate is needed on each of them.
"""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from qmlc.ir.circuit import Instruction
from qmlc.ops.gates import GATES, Matrix, Rotation, phase_angle
from qmlc.passes.synthesis.local_frames import (
    GENERATORS,
    Frame,
    adjoint,
    find_frame,
    gate,
    quarter_turn,
    times,
    wrap,
)
from qmlc.passes.synthesis.pauli_turns import QUARTER, quarters
from qmlc.types.polynomial import Value

CHANGES = {
    ("X", "Z"): "h", ("Z", "X"): "h", ("Y", "Z"): "sx", ("Z", "Y"): "sx", ("X", "Y"): "s",
    ("Y", "X"): "s",
}  # fmt: skip
"""A gate G that turns one letter into another, up to its sign: G P G†."""

ENTANGLERS = (("cx", ("Z", "X")), ("cx", ("X", "Z")), ("cz", ("Z", "Z")))
"""The letters for which C(P, Q) has a name, the cx one way and the other."""

EQUAL = ("X", "Y", "Z", "XX", "YY", "ZZ")


def push_local_gates(
    instructions: Iterable[Instruction], native: Collection[str] = ()
) -> list[Instruction]:
    """The same unitary, phase included, with few Clifford gates on one qubit.

    Gates on two qubits become those that are next to the `native` ones of a device.
    """
    line = _Line(native)
    for instruction in instructions:
        line.add(instruction)
    line.flush(sorted(line.frames))
    phase = line.phase if not isinstance(line.phase, float) else wrap(line.phase)
    return line.kept + ([Instruction("gphase", (), (phase,))] if phase != 0 else [])


class _Line:
    """The instructions so far, and for each qubit the gate that is still to come after them."""

    def __init__(self, native: Collection[str]) -> None:
        named = [letters for name, letters in ENTANGLERS if name in native]
        self.entanglers = named or [letters for _, letters in ENTANGLERS]
        self.turning = ("X", "X") if "rxx" in native and "rzz" not in native else ("Z", "Z")
        self.kept: list[Instruction] = []
        self.frames: dict[int, Frame] = {}
        self.phase: Value = 0.0

    def frame(self, qubit: int) -> Frame:
        return self.frames.get(qubit) or find_frame(((1, 0), (0, 1)))[0]

    def add(self, instruction: Instruction) -> None:
        name, qubits, controls = instruction.name, instruction.qubits, len(instruction.controls)
        if not instruction.unitary:
            self.flush(qubits or sorted(self.frames))
            self.kept.append(instruction)
        elif name == "gphase" and not qubits:
            self.phase = self.phase + instruction.angles[0]
        elif name in GENERATORS and not controls:
            self._compose(qubits[0], gate(name))
        elif name in ("x", "y", "z") and controls == 1:
            self._entangle(instruction)
        elif not controls and (letters := _letters(instruction)):
            self._turn(instruction, letters)
        elif not controls and (angle := _phase(instruction)) is not None:
            self.phase = self.phase + angle * 0.5
            self._turn(Instruction("rz", qubits, (angle,)), "Z")
        else:
            self.flush(qubits)
            self.kept.append(instruction)

    def _set(self, qubit: int, matrix: Matrix) -> None:
        self.frames[qubit], phase = find_frame(matrix)
        self.phase = self.phase + phase

    def _compose(self, qubit: int, matrix: Matrix) -> None:
        """A gate after all that is there."""
        self._set(qubit, times(matrix, self.frame(qubit).matrix))

    def _change(self, qubit: int, name: str) -> None:
        """A gate before the frame, which undoes it."""
        self.kept.append(Instruction(name, (qubit,)))
        self._set(qubit, times(self.frame(qubit).matrix, adjoint(gate(name))))

    def _turn(self, instruction: Instruction, letters: str) -> None:
        """A rotation about one or two equal letters."""
        qubits, (angle,) = instruction.qubits, instruction.angles
        count = quarters(angle) if len(qubits) == 1 else None
        if count is not None:
            for _ in range(count):
                self._compose(qubits[0], quarter_turn(letters))
            return
        images = [self.frame(q).image(name) for q, name in zip(qubits, letters, strict=True)]
        if len(qubits) == 2:
            images = self._turn_to(qubits, letters, self.turning)
        sign = 1
        for each, _ in images:
            sign *= each
        name = "r" + "".join(letter for _, letter in images).lower()
        self.kept.append(
            replace(instruction, name=name, angles=(angle if sign > 0 else -angle,), payload=None)
        )

    def _turn_to(
        self, qubits: Sequence[int], letters: str, wanted: Sequence[str]
    ) -> list[tuple[int, str]]:
        """What the frames make of letters, after the changes that make them those wanted."""
        images = []
        for qubit, name, goal in zip(qubits, letters, wanted, strict=True):
            _, found = self.frame(qubit).image(name)
            if found != goal:
                self._change(qubit, CHANGES[found, goal])
            images.append(self.frame(qubit).image(name))
        return images

    def _entangle(self, instruction: Instruction) -> None:
        """C(P, Q); C(-P, Q) is it and Q, C(P, -Q) it and P, C(-P, -Q) it and -P Q."""
        qubits = one, two = instruction.qubits
        letters = "Z" + instruction.name.upper()
        held = [self.frame(q).image(name)[1] for q, name in zip(qubits, letters, strict=True)]
        wanted = min(self.entanglers, key=lambda each: sum(map(operator.ne, each, held)))
        (first, _), (second, _) = self._turn_to(qubits, letters, wanted)
        if wanted == ("X", "Z"):
            self.kept.append(Instruction("x", (two, one), (), "1"))
        else:
            self.kept.append(Instruction("x" if wanted[1] == "X" else "z", qubits, (), "1"))
        if instruction.controls == "0":
            first = -first
        if first < 0:
            self._change_after(two, wanted[1])
        if second < 0:
            self._change_after(one, wanted[0])
        if first < 0 and second < 0:
            self.phase = self.phase + 2 * QUARTER

    def _change_after(self, qubit: int, letter: str) -> None:
        """A letter between what is there and the frame."""
        self._set(qubit, times(self.frame(qubit).matrix, gate(letter.lower())))

    def flush(self, qubits: Iterable[int]) -> None:
        """Write what is still to come on some qubits."""
        for qubit in qubits:
            if qubit in self.frames:
                for name in self.frames.pop(qubit).gates:
                    self.kept.append(Instruction(name, (qubit,)))


def _letters(instruction: Instruction) -> str:
    """The letters of a rotation about one letter, or about two that are equal; else none."""
    row = GATES.get(instruction.name)
    letters = row.pauli if isinstance(row, Rotation) else instruction.payload
    return letters if isinstance(letters, str) and letters in EQUAL else ""


def _phase(instruction: Instruction) -> Value | None:
    """The angle of a phase on |1>."""
    if instruction.name == "p":
        return instruction.angles[0]
    return phase_angle(instruction.name) if instruction.name in ("t", "tdg") else None
