"""The few kinds of gate that the engine knows; every instruction is a sequence of these.

Qubit sets are bit masks (qubit 0 is bit 0), so that all questions about them are integer
arithmetic. `moved` are the qubits whose basis states a gate changes: on the others it is diagonal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmlc.types.polynomial import Value

Array = Any
"""A numpy array."""

def mask_of(qubits: Sequence[int]) -> int:
    """The bit mask of a set of qubits."""
    return sum(1 << q for q in set(qubits))


def bits_of(mask: int) -> list[int]:
    """The qubits of a bit mask, ascending."""
    return [q for q in range(mask.bit_length()) if mask >> q & 1]


def parity(numbers: Array) -> Array:
    """The parity of the bits of each non-negative integer."""
    numbers = np.array(numbers, dtype=np.int64)
    for shift in (32, 16, 8, 4, 2, 1):
        numbers ^= numbers >> shift
    return numbers & 1


@dataclass(frozen=True, slots=True)
class Controls:
    """The states in which controls must be: `index & mask == value`."""

    mask: int = 0
    value: int = 0

    @staticmethod
    def of(qubits: Sequence[int], states: str) -> Controls:
        """`qubits` in the states given by a string of "0" and "1"."""
        value = mask_of([q for q, s in zip(qubits, states, strict=True) if s == "1"])
        return Controls(mask_of(qubits), value)


NO_CONTROLS = Controls()


@dataclass(frozen=True, eq=False, slots=True)
class Turn:
    """constant + cos(angle) cosine + sin(angle) sine on one qubit; all three are 2x2 matrices."""

    qubit: int
    angle: Value
    constant: Array
    cosine: Array
    sine: Array

    @property
    def qubits(self) -> int:
        """The qubits acted on."""
        return 1 << self.qubit

    @property
    def moved(self) -> int:
        """The qubits whose basis states change."""
        return 1 << self.qubit


@dataclass(frozen=True, slots=True)
class PhaseTerm:
    """exp(i angle (-1)**parity(index & mask)) where the controls hold."""

    angle: Value
    mask: int = 0
    controls: Controls = NO_CONTROLS


@dataclass(frozen=True, slots=True)
class Phases:
    """A diagonal gate: the product of its terms."""

    terms: tuple[PhaseTerm, ...]

    @property
    def qubits(self) -> int:
        """The qubits acted on."""
        total = 0
        for term in self.terms:
            total |= term.mask | term.controls.mask
        return total

    @property
    def moved(self) -> int:
        """The qubits whose basis states change: none."""
        return 0


@dataclass(frozen=True, slots=True)
class Permute:
    """Basis state j of `places` (the first the least significant bit) becomes `images[j]`."""

    places: tuple[int, ...]
    images: tuple[int, ...]

    @property
    def qubits(self) -> int:
        """The qubits acted on."""
        return mask_of(self.places)

    @property
    def moved(self) -> int:
        """The qubits whose basis states change."""
        changes = 0
        for j, image in enumerate(self.images):
            changes |= j ^ image
        return mask_of([self.places[bit] for bit in bits_of(changes)])


@dataclass(frozen=True, slots=True)
class PauliTurn:
    """cos(angle) - i sin(angle) P with P = i**ys X**flips Z**signs, where the controls hold."""

    angle: Value
    flips: int
    signs: int
    controls: Controls = NO_CONTROLS

    @property
    def ys(self) -> int:
        """How many letters are Y."""
        return (self.flips & self.signs).bit_count()

    @property
    def qubits(self) -> int:
        """The qubits acted on."""
        return self.flips | self.signs | self.controls.mask

    @property
    def moved(self) -> int:
        """The qubits whose basis states change."""
        return self.flips


@dataclass(frozen=True, eq=False, slots=True)
class Spectrum:
    """exp(-i time H) of a fixed H, by its eigenvalues and eigenvectors."""

    time: Value
    values: Array
    vectors: Array


@dataclass(frozen=True, eq=False, slots=True)
class Exponential:
    """exp(-i sum(angle P)); `strings` holds (flips, signs) of each P, over target positions."""

    angles: tuple[Value, ...]
    strings: tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False, slots=True)
class Dense:
    """A matrix on `targets` (the first the least significant bit), where the controls hold."""

    targets: tuple[int, ...]
    matrix: Array | Spectrum | Exponential
    controls: Controls = NO_CONTROLS

    @property
    def qubits(self) -> int:
        """The qubits acted on."""
        return mask_of(self.targets) | self.controls.mask

    @property
    def moved(self) -> int:
        """The qubits whose basis states change."""
        return mask_of(self.targets)


@dataclass(frozen=True, slots=True)
class Prepare:
    """Takes `targets` from |0...0> to the normalised vector of `amplitudes`."""

    targets: tuple[int, ...]
    amplitudes: tuple[Value, ...]

    @property
    def qubits(self) -> int:
        """The qubits acted on."""
        return mask_of(self.targets)

    @property
    def moved(self) -> int:
        """The qubits whose basis states change."""
        return mask_of(self.targets)


@dataclass(frozen=True, slots=True)
class Measure:
    """Measures a qubit into a classical bit."""

    qubit: int
    bit: int


@dataclass(frozen=True, slots=True)
class Reset:
    """Puts a qubit back into |0>."""

    qubit: int


Gate = Turn | Phases | Permute | PauliTurn | Dense | Prepare
Action = Gate | Measure | Reset
