"""Sums, products and powers of Pauli operators, against dense matrices."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import qmlc

PAULI = {
    "I": np.eye(2),
    "X": np.array([[0, 1], [1, 0]]),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1, -1]),
}


def on(letter: str, qubit: int) -> np.ndarray:
    """The letter on one of two qubits; the first is the rightmost factor."""
    return np.kron(PAULI["I"], PAULI[letter]) if qubit == 0 else np.kron(PAULI[letter], PAULI["I"])


X0, X1, Z0, Z1, Y0 = on("X", 0), on("X", 1), on("Z", 0), on("Z", 1), on("Y", 0)
ONE = np.eye(4)
CASES = {
    "Z(q[0]) * Z(q[1])": Z0 @ Z1,
    "2 * X(q[0]) - Z(q[1]) / 2 + 3": 2 * X0 - Z1 / 2 + 3 * ONE,
    "(X(q[0]) + Z(q[1])) ** 2": (X0 + Z1) @ (X0 + Z1),
    "(1 - Z(q[0])) / 2 * X(q[1])": (ONE - Z0) / 2 @ X1,
    "sum(Z(q)) * sum(Z(q))": (Z0 + Z1) @ (Z0 + Z1),
    "sum(X(a) for a in q) + I(q[0])": X0 + X1 + ONE,
    'paulis("XZ")(q)[0]': X1 @ Z0,
    "(Y(0) + Z(1))(q)": Y0 + Z1,
    "-X(q[1]) * X(q[0])": -X1 @ X0,
}


@pytest.mark.parametrize("operator", CASES)
def test_expectation_is_that_of_the_matrix(operator):
    text = f"""
    circuit c(x: real) -> (e: real, s: complex[4]) {{
        qubit q[2]
        ry(x) q[0]
        rx(0.4) q
        cx q[0], q[1]
        rz(x) q[1]
        ry(0.9) q[1]
        return (e=expval({operator}), s=state(q))
    }}
    """
    result = qmlc.compile(text).c().double()(torch.tensor(0.7, dtype=torch.float64))
    state = result.s.detach().numpy()
    expected = (state.conj() @ CASES[operator] @ state).real
    np.testing.assert_allclose(result.e.item(), expected, atol=1e-12)
