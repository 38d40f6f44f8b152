"""Every gate, as rows of data; what can be derived from a row (inverse, control, power) is derived.

Conventions are Qiskit's: matrices, phases, names, and bit order (the first operand is the least
significant bit of a matrix index). Four kinds of row say all there is:

* `Rotation`: exp(-i angle/2 P) of a Pauli string P, the first letter on the first operand;
* `Constant`: a fixed matrix;
* `Controlled`: a row under control, the controls being the first operands;
* `Composite`: other gates in a row, with angles that are affine in its own.

and `p`, the phase on |1>, stands alone as `Phase`.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass
from functools import cache

Matrix = tuple[tuple[complex, ...], ...]


@dataclass(frozen=True, slots=True)
class Rotation:
    """exp(-i angle/2 P)."""

    pauli: str
    angles: tuple[str, ...] = ("theta",)

    @property
    def qubits(self) -> int:
        """How many operands the gate takes."""
        return len(self.pauli)


@dataclass(frozen=True, slots=True)
class Phase:
    """diag(1, exp(i angle))."""

    angles: tuple[str, ...] = ("theta",)
    qubits: int = 1


@dataclass(frozen=True, slots=True)
class Constant:
    """A matrix without angles; `inverse` is found among the other rows."""

    matrix: Matrix
    angles: tuple[str, ...] = ()

    @property
    def qubits(self) -> int:
        """How many operands the gate takes."""
        return len(self.matrix).bit_length() - 1


@dataclass(frozen=True, slots=True)
class Controlled:
    """The gate `base` under `controls` controls."""

    base: str
    controls: int = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One gate of a composite: its angles are `offset + sum(coefficient * angle)`."""

    gate: str
    qubits: tuple[int, ...]
    angles: tuple[tuple[float, ...], ...] = ()
    """One row an angle: the offset, then a coefficient for each angle of the composite."""


@dataclass(frozen=True, slots=True)
class Composite:
    """Other gates, in the order in which they act."""

    qubits: int
    angles: tuple[str, ...]
    steps: tuple[Step, ...]


Gate = Rotation | Phase | Constant | Controlled | Composite

_R = math.sqrt(0.5)
_W = cmath.exp(0.25j * math.pi)
_PI = math.pi

GATES: dict[str, Gate] = {
    # one qubit
    "id": Constant(((1, 0), (0, 1))),
    "x": Constant(((0, 1), (1, 0))),
    "y": Constant(((0, -1j), (1j, 0))),
    "z": Constant(((1, 0), (0, -1))),
    "h": Constant(((_R, _R), (_R, -_R))),
    "s": Constant(((1, 0), (0, 1j))),
    "sdg": Constant(((1, 0), (0, -1j))),
    "t": Constant(((1, 0), (0, _W))),
    "tdg": Constant(((1, 0), (0, _W.conjugate()))),
    "sx": Constant(((0.5 + 0.5j, 0.5 - 0.5j), (0.5 - 0.5j, 0.5 + 0.5j))),
    "sxdg": Constant(((0.5 - 0.5j, 0.5 + 0.5j), (0.5 + 0.5j, 0.5 - 0.5j))),
    "p": Phase(),
    "rx": Rotation("X"),
    "ry": Rotation("Y"),
    "rz": Rotation("Z"),
    "u": Composite(1, ("theta", "phi", "lambda"), (
        Step("p", (0,), ((0, 0, 0, 1),)),
        Step("ry", (0,), ((0, 1, 0, 0),)),
        Step("p", (0,), ((0, 0, 1, 0),)),
    )),
    "u2": Composite(1, ("phi", "lambda"), (
        Step("u", (0,), ((_PI / 2, 0, 0), (0, 1, 0), (0, 0, 1))),
    )),
    "r": Composite(1, ("theta", "phi"), (
        Step("rz", (0,), ((0, 0, -1),)),
        Step("rx", (0,), ((0, 1, 0),)),
        Step("rz", (0,), ((0, 0, 1),)),
    )),
    # two qubits
    "swap": Constant(((1, 0, 0, 0), (0, 0, 1, 0), (0, 1, 0, 0), (0, 0, 0, 1))),
    "iswap": Composite(2, (), (
        Step("rxx", (0, 1), ((-_PI / 2,),)),
        Step("ryy", (0, 1), ((-_PI / 2,),)),
    )),
    "ecr": Constant((
        (0, _R, 0, _R * 1j), (_R, 0, -_R * 1j, 0), (0, _R * 1j, 0, _R), (-_R * 1j, 0, _R, 0),
    )),
    "rxx": Rotation("XX"),
    "ryy": Rotation("YY"),
    "rzz": Rotation("ZZ"),
    "rzx": Rotation("ZX"),
    "xx_plus_yy": Composite(2, ("theta", "beta"), (
        Step("rz", (0,), ((0, 0, 1),)),
        Step("rxx", (0, 1), ((0, 0.5, 0),)),
        Step("ryy", (0, 1), ((0, 0.5, 0),)),
        Step("rz", (0,), ((0, 0, -1),)),
    )),
    "xx_minus_yy": Composite(2, ("theta", "beta"), (
        Step("rz", (1,), ((0, 0, -1),)),
        Step("rxx", (0, 1), ((0, 0.5, 0),)),
        Step("ryy", (0, 1), ((0, -0.5, 0),)),
        Step("rz", (1,), ((0, 0, 1),)),
    )),
    # under control
    "cx": Controlled("x"),
    "cy": Controlled("y"),
    "cz": Controlled("z"),
    "ch": Controlled("h"),
    "cs": Controlled("s"),
    "csdg": Controlled("sdg"),
    "csx": Controlled("sx"),
    "cp": Controlled("p"),
    "crx": Controlled("rx"),
    "cry": Controlled("ry"),
    "crz": Controlled("rz"),
    "cswap": Controlled("swap"),
    "ccx": Controlled("x", 2),
    "ccz": Controlled("z", 2),
    "cu": Composite(2, ("theta", "phi", "lambda", "gamma"), (
        Step("p", (0,), ((0, 0, 0, 0, 1),)),
        Step("cp", (0, 1), ((0, 0, 0, 1, 0),)),
        Step("cry", (0, 1), ((0, 1, 0, 0, 0),)),
        Step("cp", (0, 1), ((0, 0, 1, 0, 0),)),
    )),
    # vendors' natives (angles in radians)
    "prx": Composite(1, ("theta", "phi"), (Step("r", (0,), ((0, 1, 0), (0, 0, 1))),)),
    "gpi": Composite(1, ("phi",), (
        Step("rz", (0,), ((0, -1),)), Step("x", (0,)), Step("rz", (0,), ((0, 1),)),
    )),
    "gpi2": Composite(1, ("phi",), (Step("r", (0,), ((_PI / 2, 0), (0, 1))),)),
    "ms": Composite(2, ("phi0", "phi1", "theta"), (
        Step("rz", (0,), ((0, -1, 0, 0),)),
        Step("rz", (1,), ((0, 0, -1, 0),)),
        Step("rxx", (0, 1), ((0, 0, 0, 1),)),
        Step("rz", (0,), ((0, 1, 0, 0),)),
        Step("rz", (1,), ((0, 0, 1, 0),)),
    )),
}  # fmt: skip

ALIASES = {
    "phase": "p", "u1": "p", "u3": "u", "U": "u", "CX": "cx", "cnot": "cx", "cphase": "cp",
    "cu1": "cp", "i": "id", "toffoli": "ccx", "ccnot": "ccx", "fredkin": "cswap", "zz": "rzz",
    "xx": "rxx", "yy": "ryy", "zzphase": "rzz", "u1q": "r",
}  # fmt: skip
"""Other names that OpenQASM 3 and the vendors give to the same matrix."""


def canonical_name(name: str) -> str:
    """The row's name for `name`, which may be an alias."""
    return ALIASES.get(name, name)


@cache
def gate_arity(name: str) -> tuple[int, int]:
    """(angles, qubits) that the gate `name` takes; KeyError where there is no such gate."""
    row = GATES[canonical_name(name)]
    if isinstance(row, Controlled):
        angles, qubits = gate_arity(row.base)
        return angles, qubits + row.controls
    return len(row.angles), row.qubits


def angle_names(name: str) -> tuple[str, ...]:
    """The names of the angles of the gate `name`."""
    row = GATES[canonical_name(name)]
    return angle_names(row.base) if isinstance(row, Controlled) else row.angles


@cache
def constant_inverse(name: str) -> str | None:
    """The row whose matrix is the inverse of the constant gate `name`, or None."""
    row = GATES[name]
    if not isinstance(row, Constant):
        return None
    wanted = tuple(
        tuple(complex(row.matrix[j][i]).conjugate() for j in range(len(row.matrix)))
        for i in range(len(row.matrix))
    )
    for other, candidate in GATES.items():
        if isinstance(candidate, Constant) and _same(candidate.matrix, wanted):
            return other
    return None


@cache
def phase_angle(name: str) -> float | None:
    """The angle for which `p` is the constant gate `name` (z, s, t, …), or None."""
    row = GATES[name]
    if isinstance(row, Constant) and row.qubits == 1:
        (a, b), (c, d) = row.matrix
        if a == 1 and b == 0 and c == 0:
            return cmath.phase(complex(d))
    return None


@cache
def controlled_name(base: str, controls: int) -> str | None:
    """The row that is `base` under `controls` controls, or None."""
    for name, row in GATES.items():
        if isinstance(row, Controlled) and row.base == base and row.controls == controls:
            return name
    return None


def _same(left: Matrix, right: Matrix) -> bool:
    return len(left) == len(right) and all(
        abs(a - b) < 1e-12
        for row, other in zip(left, right, strict=True)
        for a, b in zip(row, other, strict=True)
    )
