"""Gates as rotations about Pauli strings and a global phase, whatever their angles.

A gate under controls is exp(i A) for a sum A of commuting strings: a control in |1> is the
projector (1 - Z)/2, one in |0> is (1 + Z)/2, and the product is multiplied out. So a gate with k
controls becomes up to 2**k rotations, or 2**(k+1) where it is itself a phase.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from qmlc.ir.circuit import Instruction
from qmlc.ir.modify_gates import expand_composite
from qmlc.ir.operator import Operator, commute
from qmlc.ops.gates import GATES, Composite, Matrix, Phase, Rotation, phase_angle
from qmlc.passes.synthesis.pauli_turns import LETTERS, QUARTER, Pauli, Turn, letter, multiply
from qmlc.types.polynomial import Value, lift

MAX_PROJECTORS = 3
"""More give more rotations than the gates that Qiskit knows for them are worth."""

PHASES: dict[str, tuple[str, float]] = {
    "x": ("X", math.pi), "y": ("Y", math.pi), "sx": ("X", QUARTER), "sxdg": ("X", -QUARTER),
}  # fmt: skip
"""Gates that are exp(i angle (1 - P)/2), beside those that `phase_angle` knows."""


@dataclass
class Turns:
    """The rotations so far, in the order in which they act, and the global phase beside them."""

    turns: list[Turn] = field(default_factory=list)
    phase: Value = 0

    def rotate(self, pauli: Pauli, angle: Value) -> None:
        """exp(-i angle/2 P); where P is the identity, a phase."""
        if pauli.support:
            self.turns.append(Turn(pauli, angle))
        else:
            self.phase = self.phase + angle * -0.5

    def rotate_within(self, pauli: Pauli, angle: Value, projectors: Sequence[Signed]) -> None:
        """exp(-i angle/2 P) where each of the commuting `projectors` holds."""
        if not projectors:
            return self.rotate(pauli, angle)
        share = angle * (1 / 2 ** len(projectors))
        for sign, string in _products(projectors):
            power, product = multiply(pauli, string)
            self.rotate(product, share * sign * (1 if power == 0 else -1))


Signed = tuple[int, Pauli]
"""(1 - s P)/2 for s = ±1 and a string P."""


def _products(projectors: Sequence[Signed]) -> Iterable[Signed]:
    """The signed strings that add up to 2**n times the product of n projectors."""
    terms: list[Signed] = [(1, Pauli(0, 0))]
    for sign, pauli in projectors:
        more = []
        for other, string in terms:
            power, product = multiply(string, pauli)
            more.append((-other * sign * (1 if power == 0 else -1), product))
        terms += more
    return terms


def lower_to_turns(instruction: Instruction) -> Turns | None:
    """The rotations that a gate is, exactly; None where it has no short form of this kind.

    What comes back is kept, and not to be changed.
    """
    return _kept(instruction) if not instruction.angles else _fresh(instruction)


def is_turns(instruction: Instruction) -> bool:
    """Whether `lower_to_turns` finds rotations."""
    if isinstance(GATES.get(instruction.name), Rotation | Phase) and not instruction.controls:
        return instruction.unitary
    return lower_to_turns(instruction) is not None


def _fresh(instruction: Instruction) -> Turns | None:
    found = Turns()
    return found if instruction.unitary and _lower(instruction, found) else None


_kept = lru_cache(maxsize=4096)(_fresh)
"""For gates without angles, which come again and again."""


def _lower(instruction: Instruction, found: Turns) -> bool:
    """Whether `instruction` could be added to `found`."""
    name, row = instruction.name, GATES.get(instruction.name)
    if isinstance(row, Composite):
        return all(_lower(step, found) for step in expand_composite(instruction))
    if len(instruction.controls) > MAX_PROJECTORS:
        return False
    outer = _controls(instruction)
    if name == "gphase":
        found.rotate_within(Pauli(0, 0), instruction.angles[0] * -2, outer)
    elif isinstance(row, Rotation) or isinstance(instruction.payload, str):
        letters = row.pauli if isinstance(row, Rotation) else instruction.payload
        assert isinstance(letters, str)
        string = _string(letters, instruction.targets)
        found.rotate_within(string, instruction.angles[0], outer)
    elif (phase := _as_phase(instruction)) is not None:
        string, angle = phase
        if len(outer) == MAX_PROJECTORS:
            return False
        found.rotate_within(Pauli(0, 0), angle * -2, [*outer, (1, string)])
    elif isinstance(instruction.payload, Operator):
        return _lower_evolution(instruction, instruction.payload, outer, found)
    else:
        return _lower_constant(instruction, found)
    return True


def _controls(instruction: Instruction) -> list[Signed]:
    states = zip(instruction.qubits, instruction.controls, strict=False)
    return [(1 if state == "1" else -1, letter("Z", qubit)) for qubit, state in states]


def _string(letters: str, targets: Sequence[int]) -> Pauli:
    x = z = 0
    for name, qubit in zip(letters, targets, strict=True):
        x |= LETTERS[name][0] << qubit
        z |= LETTERS[name][1] << qubit
    return Pauli(x, z)


def _as_phase(instruction: Instruction) -> tuple[Pauli, Value] | None:
    """(P, angle) where the gate on the target is exp(i angle (1 - P)/2)."""
    name = instruction.name
    if isinstance(GATES.get(name), Phase):
        return letter("Z", instruction.targets[0]), instruction.angles[0]
    if name in PHASES:
        axis, angle = PHASES[name]
        return letter(axis, instruction.targets[0]), angle
    if name in GATES and (known := phase_angle(name)) is not None:
        return letter("Z", instruction.targets[0]), known
    return None


def _lower_evolution(
    instruction: Instruction, operator: Operator, outer: Sequence[Signed], found: Turns
) -> bool:
    """The factors of an evolution under terms that commute."""
    strings = [string for string, _ in operator.terms]
    apart = all(commute(a, b) for i, a in enumerate(strings) for b in strings[:i])
    if not apart or not operator.hermitian:
        return False
    for string, coefficient in operator.terms:
        letters = "".join(name for _, name in string)
        pauli = _string(letters, [instruction.targets[place] for place, _ in string])
        found.rotate_within(pauli, lift(coefficient) * instruction.angles[0] * 2, outer)
    return True


def _lower_constant(instruction: Instruction, found: Turns) -> bool:
    """h, swap, ecr, and any matrix on one qubit."""
    targets, outer = instruction.targets, instruction.qubits[: len(instruction.controls)]
    steps: list[Instruction]
    match instruction.name:
        case "h" if not outer:
            (a,) = targets
            found.phase = found.phase + QUARTER
            for axis in "ZXZ":
                found.rotate(letter(axis, a), QUARTER)
            return True
        case "h":
            # the axis between X and Z, turned onto Z
            (a,) = targets
            steps = [
                Instruction("ry", (a,), (-math.pi / 4,)),
                Instruction("z", instruction.qubits, (), instruction.controls),
                Instruction("ry", (a,), (math.pi / 4,)),
            ]
        case "swap":
            a, b = targets
            steps = [
                Instruction("x", (b, a), (), "1"),
                Instruction("x", (*outer, a, b), (), instruction.controls + "1"),
                Instruction("x", (b, a), (), "1"),
            ]
        case "ecr" if not outer:
            a, b = targets
            steps = [Instruction("rzx", (a, b), (QUARTER,)), Instruction("x", (a,))]
        case "unitary" if len(targets) == 1:
            assert isinstance(instruction.payload, tuple)
            steps = _euler_steps(instruction, instruction.payload)
        case _:
            return False
    return all(_lower(step, found) for step in steps)


def _euler_steps(instruction: Instruction, matrix: Matrix) -> list[Instruction]:
    """A matrix on one qubit, under any controls, as rotations about Z, Y, Z and a phase."""
    first, half, last, phase = euler_angles(matrix)
    outer = instruction.qubits[: len(instruction.controls)]
    bare = replace(instruction, payload=None)
    return [
        replace(bare, name="rz", angles=(first,)),
        replace(bare, name="ry", angles=(half,)),
        replace(bare, name="rz", angles=(last,)),
        replace(bare, name="gphase", qubits=outer, angles=(phase,)),
    ]


def euler_angles(matrix: Matrix) -> tuple[float, float, float, float]:
    """(a, b, c, d) such that a unitary on one qubit is exp(i d) rz(c) ry(b) rz(a), rz(a) first."""
    (m00, m01), (m10, m11) = matrix
    phase = cmath.phase(m00 * m11 - m01 * m10) / 2
    turn = cmath.exp(-1j * phase)
    cosine, sine = m00 * turn, m10 * turn
    half = 2 * math.atan2(abs(sine), abs(cosine))
    plus = -2 * cmath.phase(cosine) if abs(cosine) > 1e-15 else 0.0
    minus = 2 * cmath.phase(sine) if abs(sine) > 1e-15 else 0.0
    return (plus - minus) / 2, half, (plus + minus) / 2, phase
