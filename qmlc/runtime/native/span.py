"""Spaces of bit masks over GF(2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Span:
    """A space that grows: by its pivot bit each vector of a basis, the only one with that bit."""

    basis: dict[int, int] = field(default_factory=dict)

    @staticmethod
    def of(vectors: Iterable[int]) -> Span:
        """The space of all sums of `vectors`."""
        span = Span()
        for vector in vectors:
            span.add(vector)
        return span

    def __len__(self) -> int:
        return len(self.basis)

    def reduce(self, vector: int) -> int:
        """`vector` less what of it is in the space: 0 for what is in it."""
        for pivot, other in self.basis.items():
            if vector >> pivot & 1:
                vector ^= other
        return vector

    def add(self, vector: int) -> bool:
        """Grow by `vector`; False where that is in the space already."""
        vector = self.reduce(vector)
        if not vector:
            return False
        pivot = vector.bit_length() - 1
        for known, other in self.basis.items():
            if other >> pivot & 1:
                self.basis[known] = other ^ vector
        self.basis[pivot] = vector
        return True

    def annihilator(self, width: int) -> list[int]:
        """A basis of the masks that share an even number of bits with every vector."""
        return [
            1 << bit | sum(1 << pivot for pivot, v in self.basis.items() if v >> bit & 1)
            for bit in range(width)
            if bit not in self.basis
        ]
