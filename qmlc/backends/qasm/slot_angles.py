"""Symbols in the place of symbolic angles while Qiskit works, which sees sums of these alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from qmlc.backends.qasm.errors import NotExpressible
from qmlc.backends.qasm.expand_evolution import expand_evolution
from qmlc.ir.circuit import Circuit, Instruction, Variable
from qmlc.ir.operator import Operator
from qmlc.types.polynomial import Polynomial, Value, lift

SLOT = "slot"


def slot_angles(circuit: Circuit) -> tuple[Circuit, list[Value]]:
    """`circuit` with an element of the input `slot` for each symbolic angle, and these angles.

    NeedsMethod for an evolution under terms that do not commute.
    """
    angles: dict[Value, int] = {}

    def slot(angle: Value) -> Value:
        if lift(angle).constant is not None:
            return angle
        return Polynomial.symbol(SLOT, (angles.setdefault(angle, len(angles)),))

    plain = [step for instruction in circuit.instructions for step in _expand(instruction)]
    slotted = tuple(replace(i, angles=tuple(map(slot, i.angles))) for i in plain)
    inputs = (Variable(SLOT, (len(angles),)),)
    return replace(circuit, inputs=inputs, parameters=(), instructions=slotted), list(angles)


def _expand(instruction: Instruction) -> Iterator[Instruction]:
    """Rotations in the place of an evolution under terms that commute; NeedsMethod for others."""
    if isinstance(instruction.payload, Operator):
        yield from expand_evolution(instruction)
    else:
        yield instruction


def read_angle(angle: Any, angles: Sequence[Value]) -> Value:
    """An angle of the device circuit, a sum of slots and a number, over the circuit's symbols."""
    symbols = sorted(getattr(angle, "parameters", ()), key=lambda p: p.name)
    total: Value = float(angle.bind(dict.fromkeys(symbols, 0.0))) if symbols else float(angle)
    for symbol in symbols:
        found = re.match(rf"{SLOT}_(\d+)", symbol.name)
        assert found is not None, symbol.name
        slope = angle.gradient(symbol)
        if getattr(slope, "parameters", ()):
            raise NotExpressible(f"the device's angle {angle} is no sum of the circuit's angles")
        total = total + float(slope) * lift(angles[int(found[1])])
    return total
