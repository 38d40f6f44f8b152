"""Exchanges of qubits are names exchanged: they go to the end, where they cost nothing."""

from __future__ import annotations

from collections.abc import Iterable

from qmlc.ir.circuit import Instruction


def push_swaps(
    instructions: Iterable[Instruction], num_qubits: int
) -> tuple[list[Instruction], list[int]]:
    """The instructions without exchanges, and where each qubit is at their end."""
    at = list(range(num_qubits))
    found = []
    for instruction in instructions:
        if instruction.name == "swap" and instruction.unitary and not instruction.controls:
            one, two = instruction.qubits
            at[one], at[two] = at[two], at[one]
        else:
            found.append(instruction.on(tuple([at[q] for q in instruction.qubits])))
    return found, at
