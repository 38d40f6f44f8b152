"""A circuit in rotations as one in IonQ's own gates: gpi, gpi2, and ms or zz.

Ions have no rotation about Z: what one does is to turn the axis of every later pulse on that qubit
(https://docs.ionq.com/guides/getting-started-with-native-gates). So the angles of rz are added up,
and subtracted from the phases of what follows; before a measurement they are forgotten. Symbols are
not added up, since sums of all that came before would fill the file: they turn by two half turns.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import Gate

from qmlc.backends.qasm.errors import NotExpressible
from qmlc.backends.qasm.print_gates import is_symbolic

TURNS = {"rx": 0.0, "ry": math.pi / 2}
"""The axis of each rotation, as an angle from X."""


def lower_to_ions(circuit: QuantumCircuit) -> QuantumCircuit:
    """`circuit` of rx, ry, rz, rxx, rzz and measurements in IonQ's gates, up to phases.

    The phases are those of |0> and |1> at the end, which no measurement sees. Angles of ms and zz
    that are numbers lie within [-pi/2, pi/2]. NotExpressible for other instructions.
    """
    result = circuit.copy_empty_like()
    frames: dict[Any, float] = dict.fromkeys(circuit.qubits, 0.0)
    for item in circuit.data:
        angle = item.params[0] if item.params else 0.0
        match item.name:
            case "rz" if is_symbolic(angle):
                _pulse(result, frames, "gpi", 0.0, item.qubits[0])
                _pulse(result, frames, "gpi", 0.5 * angle, item.qubits[0])
            case "rz":
                frames[item.qubits[0]] += angle
            case "rx" | "ry":
                _rotate(result, frames, item.qubits[0], angle, TURNS[item.name])
            case "rxx" | "rzz":
                _entangle(result, frames, item.name, angle, item.qubits)
            case "measure" | "barrier" | "delay":
                result.append(item)
            case _:
                raise NotExpressible(f"ions have no `{item.name}`", "measure at the end")
    return result


def _pulse(
    result: QuantumCircuit, frames: dict[Any, float], name: str, axis: Any, qubit: Any
) -> None:
    """Add a half or quarter turn about an axis in the plane of X and Y."""
    result.append(Gate(name, 1, [_wrapped(axis - frames[qubit])]), [qubit])


def _rotate(
    result: QuantumCircuit, frames: dict[Any, float], qubit: Any, angle: Any, axis: float
) -> None:
    """Add exp(-i angle/2 (cos(axis) X + sin(axis) Y))."""
    if is_symbolic(angle):
        for name, phase in (("gpi2", 0.0), ("gpi", 0.5 * angle), ("gpi2", 0.0)):
            _pulse(result, frames, name, phase + (axis + math.pi / 2), qubit)
        return
    turn = math.remainder(float(angle), 2 * math.pi)
    if abs(turn) < 1e-12:
        return
    if abs(abs(turn) - math.pi) < 1e-12:
        _pulse(result, frames, "gpi", axis, qubit)
    elif abs(abs(turn) - math.pi / 2) < 1e-12:
        _pulse(result, frames, "gpi2", axis if turn > 0 else axis + math.pi, qubit)
    else:
        # rx(a) is rz(pi/2) sx rz(a + pi) sx rz(pi/2), and sx is gpi2(0)
        for before in (math.pi / 2 - axis, turn + math.pi):
            frames[qubit] += before
            _pulse(result, frames, "gpi2", 0.0, qubit)
        frames[qubit] += math.pi / 2 + axis


def _entangle(
    result: QuantumCircuit, frames: dict[Any, float], name: str, angle: Any, qubits: Sequence[Any]
) -> None:
    """Add rxx as ms, or rzz as zz; beyond a quarter turn, with a half turn of both qubits."""
    if not is_symbolic(angle):
        angle = math.remainder(float(angle), 2 * math.pi)
        if abs(angle) > math.pi / 2 + 1e-12:
            angle = math.remainder(angle - math.pi, 2 * math.pi)
            for qubit in qubits:
                if name == "rxx":
                    _pulse(result, frames, "gpi", 0.0, qubit)
                else:
                    frames[qubit] += math.pi
    if name == "rzz":
        result.rzz(angle, *qubits)
    else:
        phases = [_wrapped(-frames[qubit]) for qubit in qubits]
        result.append(Gate("ms", 2, [*phases, angle]), qubits)


def _wrapped(angle: Any) -> Any:
    """A number within [-pi, pi]; of a sum of symbols, the number in it likewise."""
    if not is_symbolic(angle):
        return math.remainder(float(angle), 2 * math.pi)
    slopes = {symbol: angle.gradient(symbol) for symbol in angle.parameters}
    if any(map(is_symbolic, slopes.values())):
        return angle
    total = math.remainder(float(angle.bind(dict.fromkeys(slopes, 0.0))), 2 * math.pi)
    for symbol in sorted(slopes, key=lambda each: each.name):
        slope = complex(slopes[symbol]).real
        total += symbol if slope == 1 else slope * symbol
    return total
