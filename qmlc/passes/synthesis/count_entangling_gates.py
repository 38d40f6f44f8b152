"""What a gate costs on a device, in gates on two qubits."""

from __future__ import annotations

from collections.abc import Iterable

from qmlc.ir.circuit import Instruction
from qmlc.ops.gates import GATES, Rotation
from qmlc.passes.synthesis.lower_to_turns import lower_to_turns
from qmlc.passes.synthesis.pauli_turns import quarters

KNOWN = {
    ("swap", 0): 0, ("iswap", 0): 2, ("ecr", 0): 1, ("xx_plus_yy", 0): 2, ("xx_minus_yy", 0): 2,
    ("x", 1): 1, ("y", 1): 1, ("z", 1): 1, ("h", 1): 1, ("sx", 1): 2,
    ("x", 2): 6, ("y", 2): 6, ("z", 2): 6, ("swap", 1): 7,
}  # fmt: skip
"""By gate and number of controls. An exchange is but another name for the qubits."""

CONTROLLED = frozenset({"rx", "ry", "rz", "p", "s", "sdg", "t", "tdg", "u", "sx", "sxdg"})
"""Gates that cost two under one control, or one where the device turns about two letters."""


def count_entangling_gates(instructions: Iterable[Instruction], widest: int = 1) -> tuple[int, int]:
    """(gates on two qubits, their depth) of what a device makes of each gate by itself.

    `widest` is 2 where it turns about strings of two letters by any angle, in one gate, else 1.
    """
    total, depths = 0, dict[int, int]()
    for instruction in instructions:
        cost = entangling_cost(instruction, widest)
        if instruction.name == "swap" and instruction.unitary and not cost:
            one, two = instruction.qubits
            depths[one], depths[two] = depths.get(two, 0), depths.get(one, 0)
        if cost:
            total += cost
            deepest = max(depths.get(q, 0) for q in instruction.qubits)
            depths.update(dict.fromkeys(instruction.qubits, deepest + cost))
    return total, max(depths.values(), default=0)


def entangling_cost(instruction: Instruction, widest: int) -> int:
    """How many gates on two qubits one instruction costs by itself."""
    if len(instruction.qubits) < 2 or not instruction.unitary:
        return 0
    name, controls = instruction.name, len(instruction.controls)
    if (name, controls) in KNOWN:
        return KNOWN[name, controls]
    if len(instruction.qubits) == 2 and name in CONTROLLED:
        return 3 - widest
    row = GATES.get(name)
    if not controls and (isinstance(row, Rotation) or isinstance(instruction.payload, str)):
        letters = row.pauli if isinstance(row, Rotation) else str(instruction.payload)
        return _rotation_cost(len(letters) - letters.count("I"), widest)
    lowered = lower_to_turns(instruction)
    if lowered is None:
        return 1 << 2 * (len(instruction.qubits) - 1)
    costs = (
        _rotation_cost(pauli.support.bit_count(), 1 if quarters(angle) is None else widest)
        for pauli, angle in lowered.turns
    )
    return sum(costs)


def _rotation_cost(width: int, widest: int) -> int:
    """Two ladders with the rotation of a qubit between them, or of the last two qubits."""
    return max(0, 2 * (width - 1) - (widest - 1))
