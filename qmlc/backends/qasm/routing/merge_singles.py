"""Gates on one qubit between others, as few as can be: rz, sx and x."""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterable
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction
from qiskit.circuit.library import CZGate, RZGate, SXGate, XGate

from qmlc.backends.qasm.print_gates import is_symbolic
from qmlc.backends.qasm.routing.write_blocks import DeviceGate

Matrix = tuple[complex, complex, complex, complex]
"""Two by two, row by row."""

ONE: Matrix = (1, 0, 0, 1)
R = math.sqrt(0.5)
H: Matrix = (R, R, R, -R)
S: Matrix = (1, 0, 0, 1j)
FROM_Z: dict[str, Matrix] = {"z": ONE, "x": H, "y": (R, R, 1j * R, -1j * R)}
"""What takes Z to a letter: K with K Z K^-1 = P."""
TO_Z: dict[str, Matrix] = {"z": ONE, "x": H, "y": (R, -1j * R, R, 1j * R)}
TOLERANCE = 1e-12
CZ, RZ, SX, X = (gate._standard_gate for gate in (CZGate, RZGate, SXGate, XGate))


def multiply(a: Matrix, b: Matrix) -> Matrix:
    """The product of two matrices."""
    return (
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
    )


def turn_matrix(letter: str, angle: float) -> Matrix:
    """exp(-i angle/2 P)."""
    c, s = math.cos(angle / 2), math.sin(angle / 2)
    if letter == "z":
        return complex(c, -s), 0, 0, complex(c, s)
    return (c, -1j * s, -1j * s, c) if letter == "x" else (c, -s, s, c)


def gate_matrix(gate: DeviceGate) -> Matrix:
    """The matrix of a gate on one qubit whose angle is a number."""
    if gate.name == "u":
        (a, b), (c, d) = gate.angle.tolist()
        return a, b, c, d
    return {"h": H, "s": S}.get(gate.name) or turn_matrix(gate.name, float(gate.angle))


class SingleGates:
    """The gates on one qubit that were not written yet: numbers, then turns about Z and numbers."""

    def __init__(self) -> None:
        self.matrix: Matrix = ONE
        self.turns: list[tuple[Matrix, Any]] = []
        """What precedes each symbolic turn about Z, and its angle."""

    def add(self, gate: DeviceGate) -> None:
        """Take a gate more."""
        if gate.name in FROM_Z and is_symbolic(gate.angle):
            before = multiply(TO_Z[gate.name], self.matrix)
            if self.turns and _is_diagonal(before):
                first, angle = self.turns.pop()
                self.turns.append((multiply(before, first), angle + gate.angle))
            else:
                self.turns.append((before, gate.angle))
            self.matrix = FROM_Z[gate.name]
        else:
            self.matrix = multiply(gate_matrix(gate), self.matrix)

    def write(self, writer: GateWriter, place: int) -> Any:
        """Write what was taken, up to its phase and a last turn about Z, whose angle is returned.

        Nothing else is left.
        """
        pending: Any = 0.0
        for matrix, angle in self.turns:
            pending = _write_matrix(writer, place, matrix, pending) + angle
        pending = _write_matrix(writer, place, self.matrix, pending)
        self.matrix, self.turns = ONE, []
        return pending

    def keep(self, angle: Any) -> None:
        """Take a turn about Z that comes before all that was not written."""
        if is_symbolic(angle):
            self.turns = [(ONE, angle)]
        else:
            self.matrix = turn_matrix("z", math.remainder(float(angle), 2 * math.pi))


class GateWriter:
    """Appends gates to a circuit, and knows its depth.

    By the way that takes a twentieth of the time of Qiskit's methods for each gate. With `zeros`,
    every qubit begins in |0>, where a turn about Z does nothing.
    """

    def __init__(self, circuit: QuantumCircuit, zeros: bool = False) -> None:
        self._append = circuit._append
        self.zeros = set(range(circuit.num_qubits)) if zeros else set()
        """The places that are still in |0>."""
        self._qubits = circuit.qubits
        self._depths = [0] * circuit.num_qubits

    def write(self, gate: Any, angles: tuple[Any, ...], *places: int) -> None:
        """Append one of Qiskit's standard gates."""
        qubits = tuple(self._qubits[place] for place in places)
        self._append(CircuitInstruction.from_standard(gate, qubits, angles))
        self.zeros.difference_update(places)
        self.deepen(*places)

    def deepen(self, *places: int) -> None:
        """Count a step on these places."""
        depths = self._depths
        depth = 1 + (depths[places[0]] if len(places) == 1 else max(depths[p] for p in places))
        for place in places:
            depths[place] = depth

    @property
    def depth(self) -> int:
        """Of all that was written."""
        return max(self._depths, default=0)


def _is_diagonal(matrix: Matrix) -> bool:
    return abs(matrix[1]) < TOLERANCE and abs(matrix[2]) < TOLERANCE


def _write_turn(writer: GateWriter, place: int, angle: Any) -> None:
    if place in writer.zeros:
        return
    if is_symbolic(angle):
        writer.write(RZ, (angle,), place)
    else:
        angle = math.remainder(float(angle), 2 * math.pi)
        if abs(angle) > TOLERANCE:
            writer.write(RZ, (angle,), place)


def _write_matrix(writer: GateWriter, place: int, matrix: Matrix, pending: Any) -> Any:
    """Write a matrix after a turn about Z that is pending; the turn that is pending then."""
    a, b, c, d = matrix
    if _is_diagonal(matrix):
        return pending + (cmath.phase(d) - cmath.phase(a))
    if abs(a) < TOLERANCE and abs(d) < TOLERANCE:
        _write_turn(writer, place, pending)
        writer.write(X, (), place)
        return cmath.phase(c) - cmath.phase(b)
    # rz(high) ry(theta) rz(low)
    theta = 2 * math.atan2(abs(c), abs(a))
    high, low = cmath.phase(c) - cmath.phase(a), cmath.phase(d) - cmath.phase(c)
    if abs(theta - math.pi / 2) < TOLERANCE:
        # ry(pi/2) = rz(pi/2) sx rz(-pi/2), up to a phase
        _write_turn(writer, place, pending + (low - math.pi / 2))
        writer.write(SX, (), place)
        return high + math.pi / 2
    # ry(theta) = sx rz(theta + pi) sx rz(pi), up to a phase
    _write_turn(writer, place, pending + low)
    writer.write(SX, (), place)
    _write_turn(writer, place, theta + math.pi)
    writer.write(SX, (), place)
    return high + math.pi


class GateMerger:
    """Writes gates as cz, rz, sx and x, up to a global phase.

    A turn about Z waits until something comes that it does not commute with.
    """

    def __init__(self, writer: GateWriter) -> None:
        self._writer = writer
        self._waiting: dict[int, SingleGates] = {}

    def add(self, gates: Iterable[DeviceGate]) -> None:
        """Write gates, those on one qubit when something else comes."""
        for gate in gates:
            if gate.name == "cz":
                for place in gate.places:
                    if single := self._waiting.get(place):
                        single.keep(single.write(self._writer, place))
                self._writer.write(CZ, (), *gate.places)
            else:
                self._waiting.setdefault(gate.places[0], SingleGates()).add(gate)

    def flush(self, places: Iterable[int]) -> None:
        """Write all that waits on these places."""
        for place in places:
            if single := self._waiting.get(place):
                _write_turn(self._writer, place, single.write(self._writer, place))

    def finish(self) -> None:
        """Write all that waits."""
        self.flush(self._waiting)


def merge_singles(gates: Iterable[DeviceGate], writer: GateWriter) -> None:
    """Write gates as cz, rz, sx and x, up to a global phase."""
    merger = GateMerger(writer)
    merger.add(gates)
    merger.finish()
