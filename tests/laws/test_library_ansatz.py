"""Encodings and ansätze of the library against Qiskit's circuit library and published formulas."""

from __future__ import annotations

import numpy as np
import pytest
from library_units import angles, same_up_to_phase, unitary_of
from qiskit import QuantumCircuit
from qiskit.circuit import library
from qiskit.quantum_info import Operator, SparsePauliOp

NO_BARRIERS = {"insert_barriers": False}


def bound(circuit, *values):
    """A circuit of Qiskit with numbers for its parameters, in their order, as a matrix."""
    flat = np.concatenate([np.ravel(v) for v in values]) if values else []
    return Operator(circuit.assign_parameters(flat)).data


def vectors(circuit, **values):
    """A circuit with numbers for its parameter vectors by name, as a matrix."""
    numbers = {p: values[p.vector.name][p.index] for p in circuit.parameters}
    return Operator(circuit.assign_parameters(numbers)).data


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("name", ["z_feature_map", "zz_feature_map"])
def test_feature_maps_are_qiskits(name, n):
    if name == "zz_feature_map" and n == 1:
        return
    x = angles(n)
    expected = bound(getattr(library, name)(n, reps=2), x)
    assert np.allclose(unitary_of(f"{name}(x) q", n, x=x), expected)


@pytest.mark.parametrize(("one", "two"), [("Z", "ZZ"), ("Y", "XY"), ("X", "ZX")])
def test_the_pauli_feature_map_is_qiskits_up_to_its_phase(one, two):
    x = angles(3)
    expected = bound(library.pauli_feature_map(3, reps=2, paulis=[one, two]), x)
    call = f'pauli_feature_map(x, one="{one}", two="{two}") q'
    assert same_up_to_phase(unitary_of(call, 3, x=x), expected)


@pytest.mark.parametrize(
    ("call", "rotation", "entangler", "pattern"),
    [
        ("two_local(w) q", "ry", "cx", "full"),
        ("two_local(w, rotation=rx, entangler=cz, edges=chain(3)) q", "rx", "cz", "linear"),
        ("two_local(w, entangler=iswap, edges=[(0, 2)]) q", "ry", "iswap", [(0, 2)]),
        ("real_amplitudes(w) q", "ry", "cx", "full"),
    ],
)
def test_two_local_is_qiskits(call, rotation, entangler, pattern):
    w = angles(3, 3)
    circuit = library.n_local(3, rotation, entangler, entanglement=pattern, reps=2)
    assert np.allclose(unitary_of(call, 3, w=w), bound(circuit, w))


def test_efficient_su2_is_qiskits():
    w = angles(3, 2, 3)
    circuit = library.efficient_su2(3, reps=2, entanglement="full")
    assert np.allclose(unitary_of("efficient_su2(w) q", 3, w=w), bound(circuit, w))


def test_excitation_preserving_is_qiskits():
    w, v = angles(3, 3), angles(2, 3, seed=1)
    circuit = library.excitation_preserving(3, reps=2, entanglement="full", mode="iswap")
    flat = np.concatenate([w[0], v[0], w[1], v[1], w[2]])
    found = unitary_of("excitation_preserving(w, v) q", 3, w=w, v=v)
    assert np.allclose(found, bound(circuit, flat))


COST = "hamiltonian cost() q[n] = Z(q[0]) * Z(q[1]) + 0.5 * Z(q[1]) * Z(q[2]) - 2 * Z(q[2])\n"


def test_qaoa_is_qiskits():
    gamma, beta = angles(2), angles(2, seed=1)
    cost = SparsePauliOp(["IZZ", "ZZI", "ZII"], [1, 0.5, -2])
    found = unitary_of("h q; qaoa(cost(), g, b) q".replace(";", "\n"), 3, COST, g=gamma, b=beta)
    assert np.allclose(found, bound(library.qaoa_ansatz(cost, reps=2), beta, gamma))


def test_qaoa_takes_a_mixer_of_ones_own():
    gamma, beta = angles(2), angles(2, seed=1)
    mixer = "gate mixer(t: real) q[n] { for a, b in ring(q) { xx_plus_yy(t, 0) a, b } }\n"
    found = unitary_of("qaoa(cost(), g, b, mixer=mixer) q", 3, COST + mixer, g=gamma, b=beta)
    hamming = np.array([i.bit_count() for i in range(8)])
    assert np.allclose(found * (hamming[:, None] != hamming), 0)


def test_the_hamiltonian_variational_ansatz_is_qiskits():
    t = angles(2, 2)
    parts = [SparsePauliOp(["IZZ", "ZZI"]), SparsePauliOp(["IIX", "IXI", "XII"], [2, 2, 2])]
    call = "hamiltonian_variational([ising(-1.0, 0.0), ising(0.0, -2.0)], t) q"
    circuit = library.hamiltonian_variational_ansatz(parts, reps=2)
    assert np.allclose(unitary_of(call, 3, t=t), vectors(circuit, t=np.ravel(t)))


def test_a_matrix_product_state_and_trees_act_block_by_block():
    orders = {
        "mps": [(0, 1), (1, 2), (2, 3)],
        "ttn": [(0, 1), (2, 3), (1, 3)],
        "mera": [(1, 2), (0, 1), (2, 3), (1, 3)],
    }
    for name, order in orders.items():
        w = angles(len(order), 2)
        circuit = QuantumCircuit(4)
        for (a, b), (s, t) in zip(order, w, strict=True):
            circuit.ry(s, a)
            circuit.ry(t, b)
            circuit.cx(a, b)
        assert np.allclose(unitary_of(f"{name}(w) q", 4, w=w), Operator(circuit).data)


def test_mera_on_eight_qubits_uses_all_of_its_blocks():
    order = [(1, 2), (3, 4), (5, 6), (0, 1), (2, 3), (4, 5), (6, 7), (3, 5), (1, 3), (5, 7), (3, 7)]
    w = angles(11, 1)
    circuit = QuantumCircuit(8)
    for (a, b), (t,) in zip(order, w, strict=True):
        circuit.rxx(t, a, b)
    before = "gate b(w: real[1]) a, b { rxx(w[0]) a, b }\n"
    assert np.allclose(unitary_of("mera(w, block=b) q", 8, before, w=w), Operator(circuit).data)


def test_the_brick_wall_and_alternating_layers_act_pair_by_pair():
    w, circuit = angles(2, 2, 1), QuantumCircuit(4)
    for t, (a, b) in zip(np.ravel(w), [(0, 1), (2, 3), (1, 2), (3, 0)], strict=True):
        circuit.rzx(t, a, b)
    before = "gate b(w: real[1]) a, b { rzx(w[0]) a, b }\n"
    found = unitary_of("brick_wall(w, block=b) q", 4, before, w=w)
    assert np.allclose(found, Operator(circuit).data)
    w, circuit = angles(2, 4), QuantumCircuit(4)
    for row, order in zip(w, [[(0, 1), (2, 3)], [(1, 2), (3, 0)]], strict=True):
        for i, t in enumerate(row):
            circuit.ry(t, i)
        for a, b in order:
            circuit.cz(a, b)
    assert np.allclose(unitary_of("alternating_layered(w) q", 4, w=w), Operator(circuit).data)


def test_su4_reaches_any_gate_of_two_qubits():
    """Its derivatives at a random point span the 15 directions of SU(4)."""
    w = angles(15)

    def at(v):
        matrix = unitary_of("su4(w) q[0], q[1]", 2, w=v)
        return matrix / np.linalg.det(matrix) ** 0.25

    centre = at(w)
    directions = []
    for i in range(15):
        step = np.eye(15)[i] * 1e-6
        tangent = centre.conj().T @ (at(w + step) - at(w - step))
        directions.append(np.concatenate([tangent.real.ravel(), tangent.imag.ravel()]) / 2e-6)
    assert np.linalg.matrix_rank(np.array(directions), tol=1e-3) == 15


def test_the_exchange_gate_is_the_published_matrix():
    theta, phi = 0.7, 1.1
    found = unitary_of("exchange([t, u]) q[0], q[1]", 2, t=theta, u=phi)
    expected = np.eye(4, dtype=complex)
    up = np.exp(1j * phi) * np.sin(theta)
    expected[1:3, 1:3] = [[np.cos(theta), up], [up.conj(), -np.cos(theta)]]
    assert same_up_to_phase(found, expected)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_particles_are_conserved(n):
    w = angles(3, n // 2, 2)
    found = unitary_of("particle_conserving(w) q", n, w=w)
    weight = np.array([i.bit_count() for i in range(2**n)])
    assert np.allclose(found * (weight[:, None] != weight), 0)
    assert abs(found * (1 - np.eye(2**n))).max() > 0.1


def test_a_givens_rotation_is_pennylanes():
    t = 0.7
    c, s = np.cos(t / 2), np.sin(t / 2)
    expected = np.array([[1, 0, 0, 0], [0, c, -s, 0], [0, s, c, 0], [0, 0, 0, 1]])
    assert np.allclose(unitary_of("givens(t) q[1], q[0]", 2, t=t), expected)


def test_data_reuploading_is_the_published_circuit():
    x, scale, shift = angles(3), angles(2, 2, 3, seed=1), angles(2, 2, 3, seed=2)
    circuit = QuantumCircuit(2)
    for layer in range(2):
        for i in range(2):
            a, b, c = shift[layer, i] + scale[layer, i] * x
            circuit.rz(a, i)
            circuit.ry(b, i)
            circuit.rz(c, i)
        if layer == 0:
            circuit.cz(0, 1)
    call = "data_reuploading(x, a, b) q"
    found = unitary_of(call, 2, x=x, a=scale, b=shift)
    assert np.allclose(found, Operator(circuit).data)


def test_deferred_pooling_is_measured_pooling():
    """A qubit that is measured and decides a turn leaves the other one in the same state."""
    from library_units import program

    import qmlc

    text = program("""
circuit deferred(w: real[2, 15], v: real[2, 2]) -> real[3] {
    qubit q[4]
    h q
    qcnn(w, v) q
    return [expval(X(q[3])), expval(Y(q[3])), expval(Z(q[3]))]
}

circuit measured(w: real[2, 15], v: real[2, 2]) -> real[3] {
    qubit q[4]
    h q
    for i in range(2) { su4(w[0]) q[2*i], q[2*i + 1] }
    for i in range(2) { su4(w[0]) q[2*i + 1], q[(2*i + 2) % 4] }
    let m = measure q[0]
    if m { rz(v[0, 0]) q[1] } else { rx(v[0, 1]) q[1] }
    let k = measure q[2]
    if k { rz(v[0, 0]) q[3] } else { rx(v[0, 1]) q[3] }
    su4(w[1]) q[1], q[3]
    let l = measure q[1]
    if l { rz(v[1, 0]) q[3] } else { rx(v[1, 1]) q[3] }
    return [expval(X(q[3])), expval(Y(q[3])), expval(Z(q[3]))]
}
""")
    import torch

    program_ = qmlc.compile(text)
    w, v = torch.tensor(angles(2, 15)), torch.tensor(angles(2, 2, seed=1))
    deferred = program_.deferred().double()(w, v)
    assert torch.allclose(deferred, program_.measured().double()(w, v))
    assert deferred.norm() > 0.05
