"""Circuits as Pauli rotations over storage coordinates: what moves data, and nothing else.

An amplitude stands at a storage index j. The value of qubit q is parity(j & reads) ^ offset of its
frame; x, cx and swap change frames and no amplitude. All masks here are over bits of j.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from qmlc.runtime.normal_form import Array, bits_of
from qmlc.types.polynomial import Value


class NotNative(Exception):
    """Why the native engine does not run a circuit, in words that follow "because"."""


class Place(NamedTuple):
    """A bit of storage: `flips` changes it, parity(j & reads) is its value."""

    flips: int
    reads: int

    def over(self, basis: Basis) -> Place:
        """The same bit in the new storage."""
        return Place(flips_over(self.flips, basis), reads_over(self.reads, basis))


Basis = Sequence[Place]
"""New storage: for each bit of the old index the place that it is now."""


class Frame(NamedTuple):
    """Where a qubit is: its value is parity(j & reads) ^ offset, and `flips` changes only it."""

    flips: int
    reads: int
    offset: int


Pauli = tuple[int, int]
"""X**flips Z**signs, up to a phase."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A rotation in each plane of amplitudes j and j ^ flips; parity(flips & signs) is odd.

    Amplitude j becomes cos(angle) psi[j] - (-1)**parity(j & signs) sin(angle) psi[j ^ flips]:
    exp(-i angle P) of a Pauli string P with an odd number of Y.
    """

    angle: Value
    flips: int
    signs: int

    @property
    def paulis(self) -> tuple[Pauli, ...]:
        """The strings that generate the item: what commutes with all of them commutes with it."""
        return ((self.flips, self.signs),)

    def over(self, basis: Basis) -> Turn:
        """What acts on the new storage as this on the old."""
        return Turn(self.angle, flips_over(self.flips, basis), reads_over(self.signs, basis))


@dataclass(frozen=True, slots=True)
class Phase:
    """exp(i angle (-1)**parity(j & mask)); the mask 0 is a global phase."""

    angle: Value
    mask: int

    @property
    def paulis(self) -> tuple[Pauli, ...]:
        """The strings that generate the item."""
        return ((0, self.mask),)

    def over(self, basis: Basis) -> Phase:
        """What acts on the new storage as this on the old."""
        return Phase(self.angle, reads_over(self.mask, basis))


@dataclass(frozen=True, slots=True)
class Held:
    """exp(i angle (-1)**parity(j & mask)) where parity(j & reads) == bit for all controls."""

    angle: Value
    mask: int
    controls: tuple[tuple[int, int], ...]
    """(reads, bit) pairs."""

    @property
    def paulis(self) -> tuple[Pauli, ...]:
        """The strings that generate the item."""
        return ((0, self.mask), *((0, reads) for reads, _ in self.controls))

    def over(self, basis: Basis) -> Held:
        """What acts on the new storage as this on the old."""
        controls = sorted((reads_over(reads, basis), bit) for reads, bit in self.controls)
        return Held(self.angle, reads_over(self.mask, basis), tuple(controls))


@dataclass(frozen=True, eq=False, slots=True)
class Matrix:
    """A matrix of numbers on the bits `places`, the first the least significant."""

    places: tuple[Place, ...]
    matrix: Array

    @property
    def paulis(self) -> tuple[Pauli, ...]:
        """The strings that generate the item."""
        return paulis_of(self.places)

    def over(self, basis: Basis) -> Matrix:
        """What acts on the new storage as this on the old."""
        return Matrix(tuple(place.over(basis) for place in self.places), self.matrix)


@dataclass(frozen=True, slots=True)
class Gather:
    """State l of the bits `places`, the first the least significant, becomes that of source[l]."""

    places: tuple[Place, ...]
    source: tuple[int, ...]

    @property
    def paulis(self) -> tuple[Pauli, ...]:
        """The strings that generate the item."""
        return paulis_of(self.places)

    def over(self, basis: Basis) -> Gather:
        """What acts on the new storage as this on the old."""
        return Gather(tuple(place.over(basis) for place in self.places), self.source)


@dataclass(frozen=True, slots=True)
class Prepare:
    """Takes `places` from |0...0> to the normalised vector of `amplitudes`."""

    places: tuple[Place, ...]
    amplitudes: tuple[Value, ...]

    @property
    def paulis(self) -> tuple[Pauli, ...]:
        """The strings that generate the item."""
        return paulis_of(self.places)

    def over(self, basis: Basis) -> Prepare:
        """What acts on the new storage as this on the old."""
        return Prepare(tuple(place.over(basis) for place in self.places), self.amplitudes)


Item = Turn | Phase | Held | Matrix | Gather | Prepare


@dataclass(frozen=True, eq=False, slots=True)
class Rotated:
    """What is done to the storage, in order, and where the qubits are in the end."""

    items: tuple[Item, ...]
    frames: tuple[Frame, ...]


def odd(mask: int) -> int:
    """The parity of the bits of a mask."""
    return mask.bit_count() & 1


def place_pauli(frames: Sequence[Frame], flips: int, signs: int) -> tuple[int, int, int]:
    """X**flips Z**signs of qubits as (flips, signs, negative) of storage bits."""
    to_flips = to_signs = negative = 0
    for qubit in bits_of(flips):
        to_flips ^= frames[qubit].flips
    for qubit in bits_of(signs):
        to_signs ^= frames[qubit].reads
        negative ^= frames[qubit].offset
    return to_flips, to_signs, negative


def paulis_of(places: Sequence[Place]) -> tuple[Pauli, ...]:
    """The flips and the reads of all places."""
    return tuple(pauli for place in places for pauli in ((place.flips, 0), (0, place.reads)))


def flips_over(flips: int, basis: Basis) -> int:
    """What flips in the new storage all that `flips` flips in the old."""
    result = 0
    for bit in bits_of(flips):
        result ^= basis[bit].flips
    return result


def reads_over(reads: int, basis: Basis) -> int:
    """The mask whose parity in the new storage is that of `reads` in the old."""
    result = 0
    for bit in bits_of(reads):
        result ^= basis[bit].reads
    return result
