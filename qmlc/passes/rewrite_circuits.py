"""Passes on circuits, one for all: each takes a tuple of instructions and gives a shorter one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from operator import is_not

from qmlc.ir.circuit import Instruction
from qmlc.ir.program import Program

Rewrite = Callable[[tuple[Instruction, ...]], tuple[Instruction, ...]]


def rewrite_circuits(rewrite: Rewrite, program: Program) -> Program:
    """`program` with `rewrite` applied to the instructions of each circuit."""
    units = []
    for unit in program.units:
        if unit.circuit is not None:
            before = unit.circuit.instructions
            after = rewrite(before)
            if len(after) != len(before) or any(map(is_not, after, before)):
                unit = replace(unit, circuit=replace(unit.circuit, instructions=after))
        units.append(unit)
    return replace(program, units=tuple(units))
