"""Algorithms of the library against Qiskit and closed formulas."""

from __future__ import annotations

import numpy as np
import pytest
from library_units import angles, unitary_of
from qiskit import QuantumCircuit
from qiskit.circuit.library import QFTGate, grover_operator, phase_estimation
from qiskit.quantum_info import Operator

MARKED = "gate marked() q[n] { ctrl(n - 1) @ z q[0:n-1], q[n-1] }\n"
START = "gate start() q[n] { for i in range(n) { ry(0.4 + i) q[i] } }\n"


def marked(n):
    circuit = QuantumCircuit(n)
    circuit.mcp(np.pi, list(range(n - 1)), n - 1)
    return circuit


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_qft_is_qiskits_and_a_fourier_matrix(n):
    found = unitary_of("qft q", n)
    k = np.arange(2**n)
    assert np.allclose(found, np.exp(2j * np.pi * np.outer(k, k) / 2**n) / 2 ** (n / 2))
    assert np.allclose(found, Operator(QFTGate(n)).data)
    assert np.allclose(unitary_of("qft q\n inv @ qft q", n), np.eye(2**n))


@pytest.mark.parametrize("n", [2, 3])
def test_grover_is_qiskits(n):
    assert np.allclose(
        unitary_of("grover(marked) q", n, MARKED), Operator(grover_operator(marked(n))).data
    )
    circuit = QuantumCircuit(n)
    for i in range(n):
        circuit.ry(0.4 + i, i)
    expected = Operator(grover_operator(marked(n), state_preparation=circuit)).data
    assert np.allclose(unitary_of("grover(marked, start) q", n, MARKED + START), expected)


def test_phase_estimation_is_qiskits_with_the_first_bit_lowest():
    turn = QuantumCircuit(1)
    turn.p(2.2, 0)
    expected = Operator(phase_estimation(3, turn).decompose()).data
    before = "gate turn() a { p(2.2) a }\n"
    found = unitary_of("phase_estimation(turn) q[0:3], q[3:4]", 4, before)
    reverse = [int(f"{i & 7:03b}"[::-1], 2) | i & 8 for i in range(16)]
    assert np.allclose(found[:, 0], expected[reverse, 0])
    assert np.allclose(found[:, 8], expected[reverse, 8])


@pytest.mark.parametrize("numerator", [0, 1, 3, 6])
def test_phase_estimation_finds_an_exact_phase(numerator):
    before = f"gate turn() q[n] {{ p(2 * pi * {numerator} / 8) q[0] }}\n"
    state = unitary_of("x q[3]\n phase_estimation(turn) q[0:3], q[3:4]", 4, before)[:, 0]
    assert abs(state[8 + numerator]) == pytest.approx(1)


def test_amplitude_estimation_finds_the_weight_of_what_is_marked():
    """One of four is marked: theta is pi / 6. Brassard et al., theorem 11: 8 / pi**2 is near it."""
    state = unitary_of("amplitude_estimation(marked) q[0:5], q[5:7]", 7, MARKED)[:, 0]
    weights = (abs(state) ** 2).reshape(4, 32).sum(axis=0)
    assert np.allclose(weights[1:], weights[:0:-1])
    assert weights[[5, 6, 26, 27]].sum() > 8 / np.pi**2  # 32 / 6 is between 5 and 6


def test_the_swap_test_measures_the_overlap():
    x, y = angles(2), angles(2, seed=1)
    state = unitary_of("ry(x) q[1:3]\n ry(y) q[3:5]\n swap_test q[0], q[1:3], q[3:5]", 5, x=x, y=y)[
        :, 0
    ]
    overlap = np.prod(np.cos((x - y) / 2)) ** 2
    assert (abs(state[0::2]) ** 2).sum() - (abs(state[1::2]) ** 2).sum() == pytest.approx(overlap)


def test_a_gate_is_handed_over_with_its_angles():
    """Those are of the place where it is written, whatever the receiver calls its own."""
    before = (
        "gate flip(t: real, k: int) q[n] { ctrl(n - 1) @ p(t * k) q[0:n-1], q[n-1] }\n"
        "gate twice(g: gate, t: real = 5.0) q[n] {\n pow(2) @ g q\n h q\n inv @ g q\n}\n"
    )
    t = 0.7
    flip = np.diag([1, 1, 1, np.exp(2j * t)])
    hadamards = Operator.from_label("HH").data
    found = unitary_of("twice(flip(t, k=2)) q", 2, before, t=t)
    assert np.allclose(found, flip.conj() @ hadamards @ flip @ flip)


def test_phase_estimation_of_an_evolution_finds_its_energy():
    """The ground energy of ising() on 2 qubits, as a phase of 6 bits."""
    call = "phase_estimation(evolve(ising(), time=t)) q[0:6], q[6:8]"
    t = 2 * np.pi / 8
    matrix = unitary_of("evolve(ising(), time=t) q", 2, t=t)
    values, vectors = np.linalg.eig(matrix)
    start = np.kron(vectors[:, 0], np.eye(64)[0])
    found = (abs(unitary_of(call, 8, t=t) @ start) ** 2).reshape(4, 64).sum(axis=0)
    wanted = np.angle(values[0]) / (2 * np.pi) % 1 * 64
    assert abs((np.argmax(found) - wanted + 32) % 64 - 32) <= 0.5


@pytest.mark.parametrize(("flag", "part"), [("false", np.real), ("true", np.imag)])
def test_the_hadamard_test_measures_an_expectation(flag, part):
    x = angles(2)
    before = "gate u() q[n] { for i in range(n) { u(0.3, 0.7, 1.1 + i) q[i] } }\n"
    statements = f"ry(x) q[1:3]\n hadamard_test(w, imaginary={flag}) q[0], q[1:3]"
    before = before.replace("gate u()", "gate w()")
    state = unitary_of(statements, 3, before, x=x)[:, 0]
    start = unitary_of("ry(x) q", 2, x=x)[:, 0]
    value = np.vdot(start, unitary_of("w q", 2, before) @ start)
    found = (abs(state[0::2]) ** 2).sum() - (abs(state[1::2]) ** 2).sum()
    assert found == pytest.approx(part(value))
