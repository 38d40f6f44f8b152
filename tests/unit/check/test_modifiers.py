"""`ctrl`, `negctrl`, `inv` and `pow` of gates, against matrices."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.linalg import fractional_matrix_power

import qmlc

I2 = np.eye(2)
H = np.array([[1, 1], [1, -1]]) / np.sqrt(2)
S = np.diag([1, 1j])
U = S @ H
"""`h` first, then `s`."""
ONE, ZERO = np.diag([0, 1]), np.diag([1, 0])

CASES = {
    "inv @ g q[0]": np.kron(I2, U.conj().T),
    "pow(3) @ g q[0]": np.kron(I2, np.linalg.matrix_power(U, 3)),
    "pow(-1) @ g q[1]": np.kron(U.conj().T, I2),
    "ctrl @ g q[0], q[1]": np.kron(U, ONE) + np.kron(I2, ZERO),
    "negctrl @ g q[1], q[0]": np.kron(ZERO, U) + np.kron(ONE, I2),
    "ctrl @ inv @ pow(2) @ g q[1], q[0]": np.kron(ONE, (U @ U).conj().T) + np.kron(ZERO, I2),
    "pow(0.5) @ x q[0]": np.kron(I2, fractional_matrix_power(np.array([[0, 1], [1, 0]]), 0.5)),
    "ctrl @ gphase(0.7) q[1]": np.kron(np.diag([1, np.exp(0.7j)]), I2),
}


@pytest.mark.parametrize("statement", CASES)
def test_modified_gate_is_its_matrix(statement):
    text = f"""
    gate g() a {{
        h a
        s a
    }}
    circuit c(x: real) -> complex[4] {{
        qubit q[2]
        ry(x) q[0]
        rx(2 * x) q[1]
        {statement}
        return state(q)
    }}
    """
    x = 0.6
    ry = np.array([np.cos(x / 2), np.sin(x / 2)])
    rx = np.array([np.cos(x), -1j * np.sin(x)])
    net = qmlc.compile(text).c().double()
    found = net(torch.tensor(x, dtype=torch.float64)).detach().numpy()
    np.testing.assert_allclose(found, CASES[statement] @ np.kron(rx, ry), atol=1e-12)
