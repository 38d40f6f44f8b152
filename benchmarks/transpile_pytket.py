"""Runs pytket's pipelines on the families of circuits; a process of pytket's own environment.

The argument holds the pairs of neighbours of each device as JSON; each line printed is a pair of a
family with a device, and what was measured there.
"""

from __future__ import annotations

import json
import math
import sys
import time
from typing import Any

import sympy
from pytket import Circuit, OpType
from pytket.architecture import Architecture
from pytket.passes import (
    AutoRebase,
    CliffordSimp,
    CXMappingPass,
    FullPeepholeOptimise,
    GreedyPauliSimp,
    KAKDecomposition,
    RemoveRedundancies,
    SynthesiseTket,
)
from pytket.placement import GraphPlacement
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter

from benchmarks.families import FAMILIES

NAMES = {
    "rx": "Rx", "ry": "Ry", "rz": "Rz", "p": "U1", "h": "H", "x": "X", "cx": "CX", "cz": "CZ",
    "rzz": "ZZPhase", "rxx": "XXPhase", "ryy": "YYPhase", "cp": "CU1", "swap": "SWAP",
}  # fmt: skip
DEVICE = {OpType.CZ, OpType.Rz, OpType.SX, OpType.X}


def to_pytket(circuit: QuantumCircuit) -> Circuit:
    """The circuit with its symbols: pytket's own reader takes no vectors of parameters."""
    plain = {p: Parameter(p.name.replace("[", "_").rstrip("]")) for p in circuit.parameters}
    basic = transpile(
        circuit.assign_parameters(plain), basis_gates=list(NAMES), optimization_level=0
    )
    result = Circuit(basic.num_qubits)
    for item in basic.data:
        angles = [
            a.sympify() / sympy.pi if hasattr(a, "sympify") else float(a) / math.pi
            for a in item.operation.params
        ]
        places = [basic.find_bit(q).index for q in item.qubits]
        result.add_gate(getattr(OpType, NAMES[item.operation.name]), angles, places)
    return result


def passes(kind: str, edges: list[tuple[int, int]] | None) -> list[Any]:
    """A pipeline: optimise, route, clean up, into the gates of the device."""
    pauli = [
        AutoRebase({OpType.CX, OpType.Rz, OpType.Rx, OpType.H}),
        GreedyPauliSimp(thread_timeout=100, only_reduce=True, trials=1),
    ]
    return [
        *(pauli if kind == "pytket Pauli" else []),
        FullPeepholeOptimise(allow_swaps=True),
        *(routing(edges) if edges else []),
        AutoRebase(DEVICE),
        RemoveRedundancies(),
    ]


def routing(edges: list[tuple[int, int]]) -> list[Any]:
    """Passes that bring qubits beside each other, and clean up behind that."""
    architecture = Architecture([tuple(edge) for edge in edges])
    placement = GraphPlacement(architecture, timeout=10000)
    return [
        CXMappingPass(architecture, placement, directed_cx=False, delay_measures=False),
        KAKDecomposition(allow_swaps=False),
        CliffordSimp(allow_swaps=False),
        SynthesiseTket(),
    ]


def main() -> None:
    """Each family, each device, each pipeline."""
    devices = json.loads(sys.argv[1])
    for family, make in FAMILIES.items():
        source = to_pytket(make())
        for device, edges in devices.items():
            found = {}
            for kind in ("pytket peephole", "pytket Pauli"):
                circuit, start = source.copy(), time.perf_counter()
                for step in passes(kind, edges):
                    step.apply(circuit)
                found[kind] = {
                    "gates": sum(len(c.qubits) == 2 for c in circuit.get_commands()),
                    "depth": circuit.depth_2q(),
                    "seconds": time.perf_counter() - start,
                }
            print(json.dumps([f"{family}/{device}", found]), flush=True)


if __name__ == "__main__":
    main()
