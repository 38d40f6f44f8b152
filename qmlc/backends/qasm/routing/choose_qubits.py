"""Where on a device a compiled circuit goes: on the qubits that fail least."""

from __future__ import annotations

from collections.abc import Sequence

from qiskit import QuantumCircuit, QuantumRegister
from qiskit.converters import circuit_to_dag
from qiskit.transpiler import Target as QiskitTarget
from qiskit.transpiler.passes import VF2PostLayout

MOST_STEPS = 300_000
"""Of the search, which is a matter of milliseconds then."""


def choose_qubits(circuit: QuantumCircuit, target: QiskitTarget) -> list[int]:
    """For each qubit of a circuit in the gates of `target`, the one to take instead.

    Of all ways to lay out the same gates, that with the greatest probability that none goes wrong,
    by VF2 (Nation and Treinish, arXiv:2209.15512). The same circuit gives the same list.
    """
    search = VF2PostLayout(target, seed=-1, call_limit=MOST_STEPS)
    dag = circuit_to_dag(circuit, copy_operations=False)
    search.run(dag)
    layout = search.property_set["post_layout"]
    if layout is None:
        return list(range(circuit.num_qubits))
    found = {dag.find_bit(bit).index: place for bit, place in layout.get_virtual_bits().items()}
    # what no gate touches may lie anywhere
    taken = set(found.values())
    free = iter([place for place in range(circuit.num_qubits) if place not in taken])
    return [found[q] if q in found else next(free) for q in range(circuit.num_qubits)]


def rename_qubits(circuit: QuantumCircuit, at: Sequence[int], width: int) -> QuantumCircuit:
    """A circuit on `width` qubits, of which `at` has one for each of its own."""
    result = QuantumCircuit(QuantumRegister(width, "q"), *circuit.cregs, name=circuit.name)
    result.compose(circuit, at, circuit.clbits, inplace=True)
    result.metadata = circuit.metadata
    return result
