"""A circuit as a device runs it, back in the IR: its own gates, its own layout, still symbolic."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from qmlc.backends.qasm.errors import NotExpressible
from qmlc.backends.qasm.expand_evolution import expand_evolution
from qmlc.backends.qasm.transpile_circuit import DeviceCircuit, transpile_circuit
from qmlc.ir.circuit import Circuit, Instruction, Result, Variable
from qmlc.ir.modify_gates import gate_instruction
from qmlc.ir.operator import Operator
from qmlc.targets.read_target import Target
from qmlc.types.polynomial import Polynomial, Value, lift

SLOT = "slot"
"""Stands for each symbolic angle while Qiskit works, which sees sums of these alone."""


def physical_circuit(circuit: Circuit, target: Target, *, level: int = 3, seed: int = 0) -> Circuit:
    """`circuit` in the gates of `target` on those of its qubits that are used, in one register.

    Parameters, inputs and results are those of `circuit`, up to a global phase. Errors are those
    of `transpile_circuit`; NotExpressible for feed-forward.
    """
    if any(instruction.condition is not None for instruction in circuit.instructions):
        raise NotExpressible(
            "the noise of feed-forward is not simulated yet", "measure at the end instead"
        )
    plain = [step for instruction in circuit.instructions for step in _expand(instruction)]
    slotted, angles = _slot(plain)
    outline = replace(
        circuit,
        inputs=(Variable(SLOT, (len(angles),)),),
        parameters=(),
        instructions=slotted,
        results=(),
    )
    (device,) = transpile_circuit(outline, target, measure=False, level=level, seed=seed)
    touched = {device.circuit.find_bit(q).index for item in device.circuit for q in item.qubits}
    place = {q: i for i, q in enumerate(sorted(touched | set(device.final_layout)))}
    ends = {logical: place[q] for logical, q in enumerate(device.final_layout)}
    return replace(
        circuit,
        registers=(("device", len(place)),),
        instructions=tuple(_read(device, place, angles)),
        results=tuple(_move(result, ends) for result in circuit.results),
    )


def _expand(instruction: Instruction) -> Iterator[Instruction]:
    """Rotations in the place of an evolution under terms that commute; NeedsMethod for others."""
    if isinstance(instruction.payload, Operator):
        yield from expand_evolution(instruction)
    else:
        yield instruction


def _slot(instructions: Sequence[Instruction]) -> tuple[tuple[Instruction, ...], list[Value]]:
    """The instructions with a symbol in the place of each symbolic angle, and these angles."""
    angles: list[Value] = []

    def slot(angle: Value) -> Value:
        if lift(angle).constant is not None:
            return angle
        angles.append(angle)
        return Polynomial.symbol(SLOT, (len(angles) - 1,))

    slotted = tuple(replace(i, angles=tuple(map(slot, i.angles))) for i in instructions)
    return slotted, angles


def _read(
    device: DeviceCircuit, place: Mapping[int, int], angles: Sequence[Value]
) -> Iterator[Instruction]:
    find = device.circuit.find_bit
    for item in device.circuit:
        name, operation = item.operation.name, item.operation
        qubits = tuple(place[find(qubit).index] for qubit in item.qubits)
        if name == "measure":
            bits = tuple(find(bit).index for bit in item.clbits)
            yield Instruction(name, qubits, bits=bits)
        elif name == "reset":
            yield Instruction(name, qubits)
        elif name not in ("barrier", "delay"):
            yield gate_instruction(name, qubits, [_angle(a, angles) for a in operation.params])


def _angle(angle: Any, angles: Sequence[Value]) -> Value:
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


def _move(result: Result, ends: Mapping[int, int]) -> Result:
    """A result on the qubits where the circuit's end up."""
    return replace(
        result,
        operators=tuple(operator.place(ends) for operator in result.operators),
        qubits=tuple(ends[q] for q in result.qubits),
    )
