"""Evolution against Qiskit's product formulas, and against the exact exponential."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from qiskit.circuit.library import PauliEvolutionGate
from qiskit.quantum_info import Operator, SparsePauliOp, Statevector
from qiskit.synthesis import LieTrotter, SuzukiTrotter

import qmlc

LETTERS = [("XX", 0.7), ("ZI", -0.4), ("IY", 0.9)]
"""Strings as Qiskit reads them: q[0] is the rightmost."""
SUM = "0.7 * X(q[0]) * X(q[1]) - 0.4 * Z(q[1]) + 0.9 * Y(q[0])"


def state(method: str) -> np.ndarray:
    text = f"""
    hamiltonian H() q[n] = {SUM}
    circuit c(t: real) -> complex[4] {{
        qubit q[2]
        ry(0.3) q[0]
        rx(0.8) q[1]
        evolve(H(), time=t{method}) q
        return state(q)
    }}
    """
    net = qmlc.compile(text).c().double()
    return net(torch.tensor(0.6, dtype=torch.float64)).detach().numpy()


def start() -> np.ndarray:
    ry = np.array([np.cos(0.15), np.sin(0.15)])
    rx = np.array([np.cos(0.4), -1j * np.sin(0.4)])
    return np.kron(rx, ry)


@pytest.mark.parametrize(
    ("method", "synthesis"),
    [
        (", method=trotter(order=1, steps=3)", LieTrotter(reps=3)),
        (", method=trotter(order=2, steps=2)", SuzukiTrotter(order=2, reps=2)),
        (", method=trotter(order=4, steps=1)", SuzukiTrotter(order=4, reps=1)),
    ],
)
def test_factors_are_qiskits(method, synthesis):
    gate = PauliEvolutionGate(SparsePauliOp.from_list(LETTERS), time=0.6, synthesis=synthesis)
    expected = Statevector(start()).evolve(Operator(synthesis.synthesize(gate)))
    np.testing.assert_allclose(state(method), expected.data, atol=1e-12)


def test_without_a_method_it_is_exact():
    matrix = SparsePauliOp.from_list(LETTERS).to_matrix()
    values, vectors = np.linalg.eigh(matrix)
    exact = vectors @ np.diag(np.exp(-0.6j * values)) @ vectors.conj().T @ start()
    np.testing.assert_allclose(state(""), exact, atol=1e-12)
    np.testing.assert_allclose(state(", method=exact"), exact, atol=1e-12)
