"""Twelve families of circuits on devices whose qubits are all connected, with symbols.

No more gates on two qubits than the best of Qiskit 2.6's level 3 and pytket 2.18's two pipelines
(FullPeepholeOptimise; GreedyPauliSimp before it), and no more depth in them than the best of these
has (measured with the settings of `benchmarks/transpile_pytket.py`).
"""

import numpy as np
import pytest
from qiskit.quantum_info import Statevector

from benchmarks.families import FAMILIES
from qmlc.backends.qasm.build_qiskit import to_qiskit
from qmlc.backends.qasm.read_qiskit import read_qiskit
from qmlc.backends.qasm.transpile_circuit import transpile_circuit
from qmlc.passes.optimise_for_device import optimise_for_device
from qmlc.targets.read_target import Target

OTHERS = {
    "strongly entangling, 8 qubits": ((24, 15), (24, 15)),
    "efficient SU(2), reverse linear, 12": ((33, 15), (33, 15)),
    "efficient SU(2), full, 10": ((18, 11), (18, 11)),
    "hardware efficient, ring of 16": ((64, 20), (64, 20)),
    "ZZ feature map, full, 8": ((69, 35), (56, 21)),
    "IQP, 10": ((112, 61), (90, 27)),
    "QAOA, 3-regular graph of 16": ((144, 38), (72, 19)),
    "QAOA, complete graph of 8": ((76, 36), (56, 21)),
    "unitary coupled cluster, 6": ((81, 56), (81, 56)),
    "convolutional network, 8": ((54, 22), (54, 22)),
    "Heisenberg chain, 20": ((228, 24), (228, 24)),
    "Fourier transform, 12": ((118, 83), (66, 21)),
}
"""(gates, depth) with cx, and with rzz."""

BASES = (("cx", "rz", "sx", "x"), ("rzz", "rz", "rx", "ry"))


@pytest.mark.parametrize("family", FAMILIES)
def test_no_more_than_others(family):
    circuit = read_qiskit(FAMILIES[family]())
    for basis, (gates, depth) in zip(BASES, OTHERS[family], strict=True):
        target = Target("all", "all connected", "nobody", 25, basis)
        (device,) = transpile_circuit(circuit, target, measure=False, level=2)
        assert device.two_qubit_gates <= gates
        assert device.circuit.depth(lambda item: len(item.qubits) == 2) <= depth


@pytest.mark.parametrize("family", [f for f in FAMILIES if "20" not in f and "16" not in f])
def test_the_state_is_the_same_with_its_phase(family):
    """Also where circuits are too wide for their unitary."""
    circuit = read_qiskit(FAMILIES[family]())
    found = optimise_for_device(circuit, ("cx",))
    random = np.random.default_rng(3)
    values = {v.name: random.uniform(-3, 3, v.shape) for v in circuit.parameters}
    before, after = (Statevector(to_qiskit(c, values)).data for c in (circuit, found))
    np.testing.assert_allclose(after, before, atol=1e-8)
