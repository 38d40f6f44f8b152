"""What memory a circuit needs to be simulated, before it is."""

from __future__ import annotations

from qmlc.ir.circuit import Circuit

AMPLITUDE = 8
"""Bytes of a complex number in float32."""

STATES = {"state": 1, "forward": 2, "gradient": 3}
"""How many states the engine holds at once: to be one, to compute values, and their gradients."""

MOST_RECORDS = 10
"""Measurements and resets between gates, of which each doubles the state, are at most so many."""


def memory_needs(circuit: Circuit) -> dict[str, int]:
    """Bytes that the states of one sample fill at most in float32, by what is computed.

    Tables come on top: what they are on a machine, `module.memory(samples)` tells. {} where the
    circuit measures or resets more often.
    """
    records = 0
    known = set(range(circuit.num_qubits))
    for instruction in circuit.instructions:
        if instruction.name in ("measure", "reset"):
            records += len({*instruction.qubits} - known)
            known.update(instruction.qubits)
        elif instruction.name != "barrier":
            known.difference_update(instruction.qubits)
    if records > MOST_RECORDS:
        return {}
    state = AMPLITUDE << circuit.num_qubits + records
    return {name: count * state for name, count in STATES.items()}
