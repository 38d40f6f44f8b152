"""Passes on circuits, one for all: each takes a tuple of instructions and gives a shorter one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from qmlc.ir.circuit import Instruction
from qmlc.ir.program import Program

Rewrite = Callable[[tuple[Instruction, ...]], tuple[Instruction, ...]]


def rewrite_circuits(rewrite: Rewrite, program: Program) -> Program:
    """`program` with `rewrite` applied to the instructions of each circuit."""
    units = []
    for unit in program.units:
        if unit.circuit is not None:
            circuit = replace(unit.circuit, instructions=rewrite(unit.circuit.instructions))
            unit = replace(unit, circuit=circuit)
        units.append(unit)
    return replace(program, units=tuple(units))
