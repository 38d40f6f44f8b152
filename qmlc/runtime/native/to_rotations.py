"""From gates in the engine's normal form to Pauli rotations in storage coordinates.

Besides the frames of the qubits a sign frame is kept: Pauli Z that are still to be done. They pass
all later turns, whose angles they negate, so that h is one turn and x, y, z are nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import assert_never

import numpy as np

from qmlc.ops.matrices import PAULI
from qmlc.runtime import normal_form
from qmlc.runtime.native.recognise_permutation import Affine, recognise_permutation
from qmlc.runtime.native.rotations import (
    Frame,
    Gather,
    Held,
    Item,
    Matrix,
    NotNative,
    Phase,
    Place,
    Prepare,
    Rotated,
    Turn,
    odd,
    place_pauli,
)
from qmlc.runtime.native.split_matrix import (
    round_angle,
    split_monomial,
    split_qubit,
    split_spectrum,
    walsh_coefficients,
)
from qmlc.runtime.normal_form import NO_CONTROLS, Array, Controls, bits_of, parity
from qmlc.runtime.normalise import controlled_permutation
from qmlc.runtime.schedule import Conditional
from qmlc.types.polynomial import Polynomial, Value, total

MAX_EXPANDED_CONTROLS = 6
"""A phase under so many controls is 2**controls parities; under more it stays one term."""

_QUARTER = math.pi / 4
_X, _Y = -1j * PAULI["X"], -1j * PAULI["Y"]


def to_rotations(actions: Sequence[Conditional], num_qubits: int) -> Rotated:
    """The rotations that `actions` on |0...0> are; NotNative for what is no fixed sequence."""
    rotator = _Rotator([Frame(1 << q, 1 << q, 0) for q in range(num_qubits)])
    for action, condition in actions:
        if condition is not None:
            raise NotNative("a gate depends on a measurement")
        rotator.add(action)
    rotator.flush_signs()
    angle = total(rotator.global_angles)
    last = [] if half_turns(angle) in (0, 4, -4) else [Phase(angle, 0)]
    return Rotated((*rotator.prepared, *rotator.items, *last), tuple(rotator.frames))


def scaled(value: Value, factor: float) -> Value:
    """`value` times a number that is not 0."""
    if factor == 1:
        return value
    if isinstance(value, Polynomial):
        return Polynomial(tuple((monomial, c * factor) for monomial, c in value.terms))
    return value * factor


def constant(value: Value) -> float | None:
    """The real number that `value` is, or None where it holds a symbol."""
    number = value.constant if isinstance(value, Polynomial) else value
    return None if number is None else float(number.real)


def half_turns(angle: Value) -> int | None:
    """How many times pi/2 an angle is, where that is a small whole number."""
    number = constant(angle)
    if number is None or not abs(number) < 16:
        return None
    count = round(number * 2 / math.pi)
    return count if round_angle(number) == count * math.pi / 2 else None


@dataclass
class _Rotator:
    frames: list[Frame]
    items: list[Item] = field(default_factory=list)
    prepared: list[Prepare] = field(default_factory=list)
    global_angles: list[Value] = field(default_factory=list)
    touched: int = 0
    negated: int = 0
    """The mask of the Pauli Z that are still to be done."""

    def add(self, action: normal_form.Action) -> None:
        match action:
            case normal_form.Measure():
                raise NotNative("it measures between gates")
            case normal_form.Reset():
                raise NotNative("it resets a qubit")
            case normal_form.Prepare():
                self.add_prepare(action)
            case normal_form.Turn():
                self.add_turn(action)
            case normal_form.PauliTurn(angle, flips, signs, controls):
                self.add_pauli(angle, flips, signs, controls)
            case normal_form.Phases(terms):
                for term in terms:
                    self.add_phase(term.angle, term.mask, term.controls)
            case normal_form.Permute(places, images):
                self.add_permutation(places, images)
            case normal_form.Dense():
                self.add_dense(action)
            case _:
                assert_never(action)
        self.touched |= action.qubits

    def add_prepare(self, action: normal_form.Prepare) -> None:
        if action.qubits & self.touched:
            raise NotNative("it prepares amplitudes on qubits that gates have acted on")
        places = tuple(Place(1 << q, 1 << q) for q in action.targets)
        self.prepared.append(Prepare(places, action.amplitudes))

    def add_turn(self, turn: normal_form.Turn) -> None:
        bit = 1 << turn.qubit
        if not turn.constant.any() and np.array_equal(turn.cosine, PAULI["I"]):
            for sine, signs in ((_X, 0), (_Y, bit)):
                if np.array_equal(turn.sine, sine):
                    return self.add_pauli(turn.angle, bit, signs)
        angle = constant(turn.angle)
        if angle is None:
            raise NotNative("a gate on one qubit is neither fixed nor a rotation")
        matrix = turn.constant + math.cos(angle) * turn.cosine + math.sin(angle) * turn.sine
        return self.add_fixed(matrix, turn.qubit)

    def add_fixed(self, matrix: Array, qubit: int) -> None:
        """A constant gate on one qubit."""
        euler = split_qubit(matrix)
        if euler.flip:
            self.add_permutation((qubit,), (1, 0))
        flips, reads, offset = self.frames[qubit]
        sign = -1 if offset else 1
        self.phase(euler.before * sign, reads)
        self.turn(euler.turn * sign, flips, reads)
        self.phase(euler.after * sign, reads)
        self.phase(euler.phase, 0)

    def add_pauli(
        self, angle: Value, flips: int, signs: int, controls: Controls = NO_CONTROLS
    ) -> None:
        """exp(-i angle P) of a Pauli string of qubits, where the controls hold."""
        places = bits_of(controls.mask)
        if not flips:
            self.add_phase(scaled(angle, -1), signs, controls)
        elif not places:
            self.pauli(angle, flips, signs)
        elif len(places) == 1:
            self.pauli(scaled(angle, 0.5), flips, signs)
            half = -0.5 if controls.value else 0.5
            self.pauli(scaled(angle, half), flips, signs ^ controls.mask)
        else:
            self.held_pauli(angle, flips, signs, controls)

    def pauli(self, angle: Value, flips: int, signs: int) -> None:
        count = half_turns(angle)
        if count is not None:
            return self.fixed_pauli(count, flips, signs)
        ys = (flips & signs).bit_count()
        to_flips, to_signs, negative = place_pauli(self.frames, flips, signs)
        angle = scaled(angle, -1 if (ys & 2 != 0) != negative else 1)
        if ys & 1:
            return self.turn(angle, to_flips, to_signs)
        # exp(i pi/4 Z) Y exp(-i pi/4 Z) = X
        mask = self.read_across(flips)
        self.phase(-_QUARTER, mask)
        self.turn(angle, to_flips, to_signs ^ mask)
        return self.phase(_QUARTER, mask)

    def fixed_pauli(self, count: int, flips: int, signs: int) -> None:
        """(-i P)**count: nothing but frames and a global phase."""
        self.phase(-count * math.pi / 2, 0)
        if count & 1:
            _, mask, negative = place_pauli(self.frames, 0, signs)
            self.negated ^= mask
            self.phase(((flips & signs).bit_count() / 2 + negative) * math.pi, 0)
            for qubit in bits_of(flips):
                self.flip_value(qubit)

    def held_pauli(self, angle: Value, flips: int, signs: int, controls: Controls) -> None:
        """A constant change of basis in which P is diagonal, a phase, and the change back."""
        ys = (flips & signs).bit_count()
        to_flips, to_signs, negative = place_pauli(self.frames, flips, signs)
        sign = 1 if (ys & 2 != 0) != negative else -1
        mask = self.read_across(flips)
        if ys & 1:
            self.phase(_QUARTER, mask)
        else:
            to_signs ^= mask
        self.turn(-_QUARTER, to_flips, to_signs)
        self.held(scaled(angle, sign), mask, self.place_controls(controls))
        self.turn(_QUARTER, to_flips, to_signs)
        if ys & 1:
            self.phase(-_QUARTER, mask)

    def add_phase(self, angle: Value, signs: int, controls: Controls) -> None:
        """exp(i angle (-1)**parity(index & signs)) of qubits, where the controls hold."""
        _, mask, negative = place_pauli(self.frames, 0, signs)
        angle = scaled(angle, -1 if negative else 1)
        self.held(angle, mask, self.place_controls(controls))

    def add_permutation(self, places: Sequence[int], images: tuple[int, ...]) -> None:
        known = recognise_permutation(images)
        if isinstance(known, Affine):
            frames = [self.frames[q] for q in places]
            for i, qubit in enumerate(places):
                _, reads, offset = place_pauli(frames, 0, known.reads[i])
                flips, _, _ = place_pauli(frames, known.flips[i], 0)
                self.frames[qubit] = Frame(flips, reads, offset ^ known.offset >> i & 1)
        elif known is not None:
            frames = [self.frames[q] for q in places]
            flips, _, _ = place_pauli(frames, known.flips, 0)
            controls = []
            for local, bit in known.controls:
                _, reads, offset = place_pauli(frames, 0, local)
                controls.append((reads, bit ^ offset))
            # a flip is a change of sign between two turns by pi/4
            mask = self.read_across(sum(1 << places[bit] for bit in bits_of(known.flips)))
            self.turn(-_QUARTER, flips, mask)
            self.held(math.pi, 0, [*controls, (mask, 1)])
            self.turn(_QUARTER, flips, mask)
        else:
            offset = self.local_offset(places)
            source = [0] * len(images)
            for x, image in enumerate(images):
                source[image ^ offset] = x ^ offset
            if self.local_signs(places):
                self.flush_signs()
            self.items.append(Gather(self.place_bits(places), tuple(source)))

    def add_dense(self, gate: normal_form.Dense) -> None:
        targets, matrix, controls = gate.targets, gate.matrix, gate.controls
        if isinstance(matrix, normal_form.Exponential):
            raise NotNative("it evolves under terms that do not commute, with open coefficients")
        if isinstance(matrix, normal_form.Spectrum):
            self.add_spectrum(targets, matrix.time, -matrix.values, matrix.vectors, controls)
            return
        monomial = split_monomial(matrix)
        if monomial is not None:
            permute = controlled_permutation(monomial[0], targets, controls)
            self.add_permutation(permute.places, permute.images)
            self.add_diagonal(targets, 1, monomial[1], controls)
        elif controls.mask:
            angles, vectors = split_spectrum(matrix)
            self.add_spectrum(targets, 1, angles, vectors, controls)
        else:
            self.add_matrix(targets, matrix)

    def add_spectrum(
        self, targets: Sequence[int], time: Value, values: Array, vectors: Array, controls: Controls
    ) -> None:
        """The matrix V exp(i time values) V^H of vectors V, where the controls hold."""
        self.add_matrix(targets, vectors.conj().T)
        self.add_diagonal(targets, time, values, controls)
        self.add_matrix(targets, vectors)

    def add_diagonal(
        self, targets: Sequence[int], time: Value, values: Sequence[float], controls: Controls
    ) -> None:
        for local, coefficient in enumerate(walsh_coefficients(np.array(values))):
            coefficient = round_angle(coefficient)
            if coefficient:
                signs = sum(1 << targets[bit] for bit in bits_of(local))
                self.add_phase(scaled(time, coefficient), signs, controls)

    def add_matrix(self, targets: Sequence[int], matrix: Array) -> None:
        if len(targets) == 1:
            return self.add_fixed(matrix, targets[0])
        order = np.arange(len(matrix)) ^ self.local_offset(targets)
        signs = 1 - 2 * parity(order & self.local_signs(targets))
        matrix = matrix[np.ix_(order, order)] * np.outer(signs, signs)
        self.items.append(Matrix(self.place_bits(targets), matrix))
        return None

    def place_bits(self, qubits: Sequence[int]) -> tuple[Place, ...]:
        return tuple(Place(self.frames[q].flips, self.frames[q].reads) for q in qubits)

    def local_offset(self, qubits: Sequence[int]) -> int:
        return sum(self.frames[q].offset << i for i, q in enumerate(qubits))

    def local_signs(self, qubits: Sequence[int]) -> int:
        """The Pauli Z still to be done that do not commute with flips of `qubits`."""
        return sum(odd(self.frames[q].flips & self.negated) << i for i, q in enumerate(qubits))

    def place_controls(self, controls: Controls) -> list[tuple[int, int]]:
        placed = []
        for qubit in bits_of(controls.mask):
            _, reads, offset = self.frames[qubit]
            placed.append((reads, controls.value >> qubit & 1 ^ offset))
        return placed

    def read_across(self, flips: int) -> int:
        """A mask whose parity changes where all qubits of `flips` are flipped."""
        return self.frames[(flips & -flips).bit_length() - 1].reads

    def flip_value(self, qubit: int) -> None:
        flips, reads, offset = self.frames[qubit]
        self.frames[qubit] = Frame(flips, reads, offset ^ 1)

    def held(self, angle: Value, mask: int, controls: Sequence[tuple[int, int]]) -> None:
        """A phase of storage where the controls hold: as parities, or as one term."""
        if len(controls) > MAX_EXPANDED_CONTROLS:
            self.items.append(Held(angle, mask, tuple(sorted(controls))))
            return
        parities = [(mask, 0)]
        for reads, bit in controls:
            parities += [(other ^ reads, negative ^ bit) for other, negative in parities]
        size = 1 / len(parities)
        for other, negative in parities:
            self.phase(scaled(angle, -size if negative else size), other)

    def phase(self, angle: Value, mask: int) -> None:
        count = half_turns(angle) if mask else None
        if count is not None:
            self.negated ^= mask if count & 1 else 0
            angle, mask = count * math.pi / 2, 0
        if not mask:
            self.global_angles.append(angle)
        elif constant(angle) != 0:
            self.items.append(Phase(angle, mask))

    def turn(self, angle: Value, flips: int, signs: int) -> None:
        if constant(angle) != 0:
            negative = odd(flips & self.negated)
            self.items.append(Turn(scaled(angle, -1 if negative else 1), flips, signs))

    def flush_signs(self) -> None:
        """Do the Pauli Z that are still to be done."""
        if self.negated:
            self.items.append(Phase(-math.pi / 2, self.negated))
            self.global_angles.append(math.pi / 2)
            self.negated = 0
