"""The encodings and layers that Qiskit's library does not have, against circuits of its gates."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from library_units import angles, unitary_of
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator, Statevector


def matrix(circuit):
    return Operator(circuit).data


@pytest.mark.parametrize("rotation", ["rx", "ry", "rz"])
def test_angle_encoding_turns_each_qubit(rotation):
    x, circuit = angles(3), QuantumCircuit(3)
    for i in range(3):
        getattr(circuit, rotation)(x[i], i)
    assert np.allclose(unitary_of(f"angle(x, rotation={rotation}) q", 3, x=x), matrix(circuit))


def test_dense_angle_encoding_is_the_published_state():
    """LaRose and Coyle: cos(x / 2) |0> + exp(iy) sin(x / 2) |1>, up to the phase of each qubit."""
    x = angles(4)
    state = unitary_of("dense_angle(x) q", 2, x=x)[:, 0]
    qubits = [[np.cos(a / 2), np.exp(1j * b) * np.sin(a / 2)] for a, b in x.reshape(2, 2)]
    assert abs(np.vdot(state, np.kron(qubits[1], qubits[0]))) == pytest.approx(1)


@pytest.mark.parametrize("bits", range(8))
def test_basis_encoding_is_the_basis_state(bits):
    x = [bits >> i & 1 for i in range(3)]
    state = unitary_of("basis(x) q", 3, x=np.array(x, dtype=float))[:, 0]
    assert abs(np.vdot(state, Statevector.from_int(bits, 8).data)) == pytest.approx(1)


@pytest.mark.parametrize("reps", [1, 2])
def test_the_iqp_encoding_is_diagonal_between_hadamards(reps):
    x, circuit = angles(3), QuantumCircuit(3)
    for _ in range(reps):
        circuit.h(range(3))
        for i in range(3):
            circuit.rz(x[i], i)
        for i, j in combinations(range(3), 2):
            circuit.rzz(x[i] * x[j], i, j)
    found = unitary_of(f"iqp(x, reps={reps}) q", 3, x=x)
    assert np.allclose(found, matrix(circuit))


def test_strongly_entangling_layers_reach_further_layer_by_layer():
    w, circuit = angles(4, 4, 3), QuantumCircuit(4)
    for layer, reach in zip(w, [1, 2, 3, 1], strict=True):
        for i, (a, b, c) in enumerate(layer):
            circuit.rz(a, i)
            circuit.ry(b, i)
            circuit.rz(c, i)
        for i in range(4):
            circuit.cx(i, (i + reach) % 4)
    assert np.allclose(unitary_of("strongly_entangling(w) q", 4, w=w), matrix(circuit))


@pytest.mark.parametrize(("n", "ring"), [(1, []), (2, [(0, 1)]), (3, [(0, 1), (1, 2), (2, 0)])])
def test_basic_entangler_layers(n, ring):
    w, circuit = angles(2, n), QuantumCircuit(n)
    for layer in w:
        for i, a in enumerate(layer):
            circuit.rx(a, i)
        for pair in ring:
            circuit.cx(*pair)
    assert np.allclose(unitary_of("basic_entangler(w) q", n, w=w), matrix(circuit))


def test_hardware_efficient_layers():
    w, circuit = angles(2, 3, 2), QuantumCircuit(3)
    for layer in w:
        for i, (a, b) in enumerate(layer):
            circuit.ry(a, i)
            circuit.rz(b, i)
        circuit.cz(0, 1)
        circuit.cz(1, 2)
    assert np.allclose(unitary_of("hardware_efficient(w) q", 3, w=w), matrix(circuit))
