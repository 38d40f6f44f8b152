"""std.quantum_layers against Qiskit's statevectors and numpy, with the same weights."""

from __future__ import annotations

import numpy as np
import torch
from qiskit import QuantumCircuit
from qiskit.circuit.library import zz_feature_map
from qiskit.quantum_info import SparsePauliOp, Statevector

import qmlc


def compiled(name, declaration):
    torch.manual_seed(3)
    net = qmlc.compile(f"use std.quantum_layers ({name})\n{declaration}\n").m().double().eval()
    return net, {k: v.detach().numpy() for k, v in net.state_dict().items()}


def rows(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


def run(net, x):
    with torch.no_grad():
        return net(torch.tensor(x))


def expectations(circuit, labels):
    state = Statevector(circuit)
    return np.array([state.expectation_value(SparsePauliOp(label)).real for label in labels])


def every_z(n, count=None):
    return ["".join("Z" if i == q else "I" for i in reversed(range(n))) for q in range(count or n)]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_dressed_circuit_is_that_of_mari():
    net, w = compiled("dressed", "model m(x: real[B, 5]) -> real[B, 2] = dressed(2, 3, 2)(x)")
    x = rows(0, 4, 5)
    angles = np.tanh(x @ w["dressed.linear.weight"].T + w["dressed.linear.bias"]) * np.pi / 2
    measured = []
    for row in angles:
        circuit = QuantumCircuit(3)
        circuit.h([0, 1, 2])
        for q in range(3):
            circuit.ry(row[q], q)
        for layer in w["dressed.dressed_circuit.w"]:
            circuit.cx(0, 1)
            circuit.cx(1, 2)
            for q in range(3):
                circuit.ry(layer[q], q)
        measured.append(expectations(circuit, every_z(3)))
    expected = measured @ w["dressed.linear_1.weight"].T + w["dressed.linear_1.bias"]
    np.testing.assert_allclose(run(net, x), expected, atol=1e-9)


def test_quanvolution_measures_each_patch_of_each_channel():
    net, w = compiled(
        "quanvolution", "model m(x: real[B, 2, 4, 2]) -> real[B, 8, 2, 1] = quanvolution()(x)"
    )
    x, angles = rows(1, 2, 2, 4, 2), w["quanvolution.patch_circuit.w"][0]
    found = run(net, x)
    for b, c, row in np.ndindex(2, 2, 2):
        circuit = QuantumCircuit(4)
        for q, pixel in enumerate(x[b, c, 2 * row : 2 * row + 2].ravel()):
            circuit.ry(np.pi * pixel, q)
        for q in range(4):
            circuit.rz(angles[q, 0], q)
            circuit.ry(angles[q, 1], q)
            circuit.rz(angles[q, 2], q)
        for q in range(4):
            circuit.cx(q, (q + 1) % 4)
        expected = expectations(circuit, every_z(4))
        np.testing.assert_allclose(found[b, 4 * c : 4 * c + 4, row, 0], expected, atol=1e-9)


def token(x, w, labels):
    """What `token_circuit` measures for one token, on two qubits."""
    circuit = QuantumCircuit(2)
    circuit.h([0, 1])
    for i, feature in enumerate(x):
        circuit.ry(feature, i % 2)
    circuit.ry(w[0, 0], 0)
    circuit.ry(w[0, 1], 1)
    circuit.cx(0, 1)
    circuit.ry(w[1, 0], 0)
    circuit.ry(w[1, 1], 1)
    return expectations(circuit, labels)


def test_quantum_self_attention_weighs_by_gaussians():
    net, w = compiled(
        "quantum_self_attention",
        "model m(x: real[B, T, 3]) -> real[B, T, 3] = quantum_self_attention(2)(x)",
    )
    x, name = rows(2, 2, 4, 3), "quantum_self_attention"
    first = ["IX", "IY", "IZ"]
    expected = []
    for tokens in x:
        q, k, v = (
            np.array([token(t, w[f"{name}.{part}.w"], labels) for t in tokens])
            for part, labels in (("query", first[:1]), ("key", first[:1]), ("value", first))
        )
        scores = np.exp(-((q - k.T) ** 2))
        expected.append(tokens + scores / scores.sum(axis=-1, keepdims=True) @ v)
    np.testing.assert_allclose(run(net, x), expected, atol=1e-9)


def cell(x, w, outputs):
    """What `cell_circuit` measures, figure 5 of Chen et al. on three qubits (or two)."""
    n = len(x)
    circuit = QuantumCircuit(n)
    for q in range(n):
        circuit.h(q)
        circuit.ry(np.arctan(x[q]), q)
        circuit.rz(np.arctan(x[q] ** 2), q)
    for layer in w:
        for reach in range(1, min(3, n)):
            for q in range(n):
                circuit.cx(q, (q + reach) % n)
        for q in range(n):
            circuit.rz(layer[q, 0], q)
            circuit.ry(layer[q, 1], q)
            circuit.rz(layer[q, 2], q)
    return expectations(circuit, every_z(n, outputs))


def test_qlstm_is_a_loop_of_lstm_cells():
    net, w = compiled(
        "qlstm",
        "model m(x: real[B, 3, 1]) -> (output: real[B, 3, 2], hidden: real[B, 2], "
        "cell: real[B, 2]) = qlstm(2)(x)",
    )
    x = rows(4, 2, 3, 1)
    found = run(net, x)
    for b in range(2):
        h, c = np.zeros(2), np.zeros(2)
        for t in range(3):
            v = np.concatenate([h, x[b, t]])
            forget, enter, update, leave = (
                cell(v, w[f"qlstm.{gate}.w"], 2) for gate in ("forget", "enter", "update", "leave")
            )
            c = sigmoid(forget) * c + sigmoid(enter) * np.tanh(update)
            h = cell(sigmoid(leave) * np.tanh(c), w["qlstm.state.w"], 2)
            np.testing.assert_allclose(found.output[b, t], h, atol=1e-9)
        np.testing.assert_allclose(found.hidden[b], h, atol=1e-9)
        np.testing.assert_allclose(found.cell[b], c, atol=1e-9)


def test_quantum_kernel_layer_compares_with_its_anchors():
    net, w = compiled(
        "quantum_kernel_layer", "model m(x: real[B, 2]) -> real[B, 3] = quantum_kernel_layer(3)(x)"
    )
    x = rows(5, 4, 2)

    def state(point):
        return Statevector(zz_feature_map(2, reps=2).assign_parameters(point))

    anchors = [state(point) for point in w["quantum_kernel_layer.anchors"]]
    expected = [[abs(a.inner(state(point))) ** 2 for a in anchors] for point in x]
    np.testing.assert_allclose(run(net, x), expected, atol=1e-9)
