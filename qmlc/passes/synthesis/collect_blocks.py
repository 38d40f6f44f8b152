"""Circuits cut into blocks of few qubits, each a circuit of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from qmlc.ir.circuit import Instruction


@dataclass(eq=False)
class _Block:
    qubits: set[int]
    instructions: list[Instruction]


def collect_blocks(
    instructions: Iterable[Instruction], width: int, length: int = 1 << 30
) -> list[list[Instruction]]:
    """The gates in blocks of up to `length` on up to `width` qubits, in an order as good as theirs.

    A block grows while what comes fits; what does not fit closes the blocks on its qubits.
    """
    closed: list[_Block] = []
    last: dict[int, _Block] = {}
    """Of each qubit the block that still grows."""
    for instruction in instructions:
        touched = list(dict.fromkeys(last[q] for q in instruction.qubits if q in last))
        union = set(instruction.qubits).union(*(block.qubits for block in touched))
        full = sum(len(block.instructions) for block in touched) >= length
        if len(union) > width or full:
            closed += touched
            for other in touched:
                for qubit in other.qubits:
                    del last[qubit]
            block = _Block(set(instruction.qubits), [])
        elif len(touched) == 1:
            # it grows in place: copies would take longer the longer it is
            (block,) = touched
            block.qubits = union
        else:
            block = _Block(union, [i for other in touched for i in other.instructions])
        block.instructions.append(instruction)
        if not block.qubits:
            closed.append(block)
        for qubit in block.qubits:
            last[qubit] = block
    return [block.instructions for block in (*closed, *dict.fromkeys(last.values()))]
