"""The 24 Clifford gates of one qubit, as values."""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass
from functools import cache

from qmlc.ops.gates import GATES, Constant, Matrix

GENERATORS = ("x", "y", "z", "h", "s", "sdg", "sx", "sxdg")

LETTERS = ("X", "Y", "Z")


@dataclass(frozen=True, slots=True)
class Frame:
    """A Clifford gate F of one qubit, the product of the `gates` in this order."""

    gates: tuple[str, ...]
    matrix: Matrix

    def image(self, name: str) -> tuple[int, str]:
        """(sign, letter) of F† P F."""
        return _image(self.matrix, name)


def gate(name: str) -> Matrix:
    """The matrix of a gate without angles on one qubit."""
    row = GATES[name]
    assert isinstance(row, Constant)
    return row.matrix


def quarter_turn(name: str) -> Matrix:
    """The matrix of exp(-i pi/4 P)."""
    (a, b), (c, d) = gate(name.lower())
    root = math.sqrt(0.5)
    return ((root * (1 - 1j * a), -1j * root * b), (-1j * root * c, root * (1 - 1j * d)))


def times(left: Matrix, right: Matrix) -> Matrix:
    """The product of two 2 x 2 matrices."""
    (a, b), (c, d) = left
    (e, f), (g, h) = right
    return ((a * e + b * g, a * f + b * h), (c * e + d * g, c * f + d * h))


def adjoint(matrix: Matrix) -> Matrix:
    """The conjugate transpose of a 2 x 2 matrix."""
    (a, b), (c, d) = ((complex(x).conjugate() for x in row) for row in matrix)
    return (a, c), (b, d)


@cache
def find_frame(matrix: Matrix) -> tuple[Frame, float]:
    """The frame that a Clifford matrix is, and the phase by which it differs."""
    frame = _frames()[_key(matrix)]
    return frame, _phase(matrix) - _phase(frame.matrix)


@cache
def _frames() -> dict[tuple[complex, ...], Frame]:
    """All frames, each with a shortest row of gates, by their matrices up to a phase."""
    start = Frame((), ((1, 0), (0, 1)))
    found = {_key(start.matrix): start}
    fresh = [start]
    while fresh:
        reached = []
        for frame in fresh:
            for name in GENERATORS:
                matrix = times(gate(name), frame.matrix)
                if _key(matrix) not in found:
                    found[_key(matrix)] = Frame((*frame.gates, name), matrix)
                    reached.append(found[_key(matrix)])
        fresh = reached
    return found


def _phase(matrix: Matrix) -> float:
    """The phase of the first element that is not 0."""
    first = matrix[0][0] if abs(matrix[0][0]) > 0.1 else matrix[0][1]
    return cmath.phase(first)


def _key(matrix: Matrix) -> tuple[complex, ...]:
    turn = cmath.exp(-1j * _phase(matrix))
    values = (complex(x) * turn for row in matrix for x in row)
    # adding 0 makes -0 into 0
    return tuple(complex(round(v.real, 3) + 0.0, round(v.imag, 3) + 0.0) for v in values)


@cache
def _image(matrix: Matrix, name: str) -> tuple[int, str]:
    turned = times(adjoint(matrix), times(gate(name.lower()), matrix))
    for letter in LETTERS:
        # half the trace of the product of two letters is 0 or ±1
        (a, _), (_, d) = times(turned, gate(letter.lower()))
        overlap = (complex(a) + complex(d)).real / 2
        if abs(overlap) > 0.5:
            return (1 if overlap > 0 else -1), letter
    raise AssertionError(f"{matrix} is no Clifford gate")


def wrap(phase: float) -> float:
    """A phase in (-pi, pi], 0 where it is a whole number of turns."""
    rest = math.remainder(phase, 2 * math.pi)
    return rest if abs(rest) > 1e-9 else 0.0
