"""Leave out of a device circuit what no measurement sees."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from qiskit import QuantumCircuit

DIAGONAL = frozenset("rz p z s sdg t tdg cz cp crz rzz".split())


class Seen(IntEnum):
    """What comes after a gate on its qubit, and so what of the qubit is seen there."""

    NOTHING = 0
    PROBABILITIES = 1
    ALL = 2


def drop_unseen(circuit: QuantumCircuit, results_only: bool) -> QuantumCircuit:
    """`circuit` without phases that a measurement follows; results and probabilities are the same.

    With `results_only`, what is measured is all that counts: no gates stay after the last
    measurement of a qubit, nor before a reset.
    """
    start = Seen.NOTHING if results_only else Seen.ALL
    seen: dict[Any, Seen] = dict.fromkeys(circuit.qubits, start)
    kept = [item for item in reversed(circuit.data) if _is_seen(item, seen)]
    if len(kept) == len(circuit.data):
        return circuit
    result = circuit.copy_empty_like()
    for item in reversed(kept):
        result._append(item)
    names = {parameter.name for parameter in result.parameters}
    known = circuit.metadata or {}
    scalars = {n: formula for n, formula in known.get("scalars", {}).items() if n in names}
    result.metadata = {**known, **({"scalars": scalars} if "scalars" in known else {})}
    return result


def _is_seen(item: Any, seen: dict[Any, Seen]) -> bool:
    """Whether an instruction matters; note what is seen before it."""
    if item.name in ("barrier", "delay"):
        return True
    if item.name in ("measure", "reset"):
        seen[item.qubits[0]] = Seen.PROBABILITIES if item.name == "measure" else Seen.NOTHING
        return True
    if not item.qubits:  # branches of which nothing is left, whose phases nobody sees
        return not item.is_control_flow() or any(block.data for block in item.operation.blocks)
    most = max(seen[qubit] for qubit in item.qubits)
    enough = Seen.PROBABILITIES if item.name in DIAGONAL else Seen.NOTHING
    if most <= enough and not item.is_control_flow():
        return False
    seen.update(dict.fromkeys(item.qubits, Seen.ALL))
    return True
