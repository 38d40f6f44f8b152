"""What it costs to run circuits on a device, by the vendor's published formula."""

from __future__ import annotations

from collections.abc import Sequence

from qmlc.backends.qasm.transpile_circuit import DeviceCircuit

NOT_GATES = ("barrier", "delay", "if_else", "measure", "reset")
PER_TIME = "minute"
"""What is paid by time cannot be told before it has run."""


def estimate_price(circuits: Sequence[DeviceCircuit], shots: int) -> float | None:
    """That of `shots` of each circuit, in the `price_unit` of their device; None if not known."""
    prices = dict(circuits[0].target.price) if circuits else {}
    if not prices or PER_TIME in prices:
        return None
    return sum(_price(circuit, prices, shots) for circuit in circuits)


def _price(made: DeviceCircuit, prices: dict[str, float], shots: int) -> float:
    names = made.circuit.count_ops()
    measured = names.get("measure", 0)
    used = {bit for item in made.circuit.data for bit in item.qubits}
    gates = sum(count for name, count in names.items() if name not in NOT_GATES)
    counts = {
        "shot": 1,
        "one_qubit_gate": gates - made.two_qubit_gates,
        "two_qubit_gate": made.two_qubit_gates,
        "spam": len(used) + measured + names.get("reset", 0),
    }
    each = sum(prices.get(unit, 0.0) * count for unit, count in counts.items())
    total: float = prices.get("task", 0.0) + shots * each
    return total
