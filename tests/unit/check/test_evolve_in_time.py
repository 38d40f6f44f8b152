"""Hamiltonians that depend on `time`, against scipy's integration of Schroedinger's equation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

import qmlc

TEXT = """
hamiltonian driven(a: real, w: real, now: real) q[n] =
    sum(Z(q)) + a * cos(w * now) * sum(X(q)) + now * Y(q[0]) * Z(q[1])

circuit c(t: real, a: real) -> complex[4] {{
    qubit q[2]
    ry(0.4) q[0]
    evolve(driven(a, 3.0, time), time=t{method}) q
    return state(q)
}}
"""
X, Y, Z, ONE = (
    np.array(m, dtype=complex)
    for m in ([[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]], [[1, 0], [0, 1]])
)


def exact(t: float, a: float) -> np.ndarray:
    def slope(now: float, psi: np.ndarray) -> np.ndarray:
        h = np.kron(ONE, Z) + np.kron(Z, ONE) + now * np.kron(Z, Y)
        return -1j * (h + a * np.cos(3 * now) * (np.kron(ONE, X) + np.kron(X, ONE))) @ psi

    start = np.kron([1, 0], [np.cos(0.2), np.sin(0.2)]).astype(complex)
    return solve_ivp(slope, (0, t), start, rtol=1e-11, atol=1e-12).y[:, -1]


def found(method: str, t: float, a: float) -> np.ndarray:
    net = qmlc.compile(TEXT.format(method=method)).c().double()
    return net(*map(lambda v: torch.tensor(v, dtype=torch.float64), (t, a))).detach().numpy()


@pytest.mark.parametrize(
    ("method", "few", "many", "power"),
    [
        ("magnus(steps={})", 5, 20, 4),
        ("trotter(order=2, steps={})", 20, 80, 2),
        ("trotter(steps={})", 40, 160, 1),
    ],
)
def test_errors_fall_with_the_power_of_the_method(method, few, many, power):
    errors = [
        np.abs(found(f", method={method.format(n)}", 1.5, 0.7) - exact(1.5, 0.7)).max()
        for n in (few, many)
    ]
    assert errors[0] < 0.1
    assert errors[1] < errors[0] / 4 ** (power - 0.5)


def test_without_a_method_it_is_followed_closely_and_has_gradients():
    np.testing.assert_allclose(found("", 1.5, 0.7), exact(1.5, 0.7), atol=2e-8)
    net = qmlc.compile(TEXT.format(method=", method=magnus(steps=10)")).c().double()
    inputs = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (1.5, 0.7)]
    assert torch.autograd.gradcheck(lambda *v: torch.view_as_real(net(*v)), inputs)


def test_terms_that_commute_are_one_rotation_each():
    text = "circuit c(t: real) -> real {\n qubit q\n evolve(time * X(q), time=t) q\n" \
           " return expval(Z(q))\n}"  # fmt: skip
    z = qmlc.compile(text).c().double()(torch.tensor(0.9, dtype=torch.float64))
    assert z.item() == pytest.approx(np.cos(0.9**2))


def test_an_input_called_time_is_that_input():
    text = "circuit c(time: real) -> real {\n qubit q\n evolve(time * X(q), time=time) q\n" \
           " return expval(Z(q))\n}"  # fmt: skip
    z = qmlc.compile(text).c().double()(torch.tensor(0.9, dtype=torch.float64))
    assert z.item() == pytest.approx(np.cos(2 * 0.9**2))


def test_identity_blocks_start_as_the_identity():
    text = """
    gate layer(w: real[n]) q[n] {
        ry(w) q
        for a, b in ring(q) { cx a, b }
    }
    circuit c(x: real[3]) -> real[3] {
        param w: real[6, 3] ~ identity_blocks
        qubit q[3]
        ry(x) q
        for i in range(3) {
            layer(w[2 * i]) q
            inv @ layer(w[2 * i + 1]) q
        }
        return expval(Z(q))
    }
    """
    x = torch.tensor([0.3, 0.8, 2.0])
    net = qmlc.compile(text).c()
    torch.testing.assert_close(net(x), torch.cos(x), atol=1e-5, rtol=0)
    assert net.w.std() > 0.5
    net(x).sum().backward()
    assert net.w.grad.abs().max() > 0.01


def test_the_part_of_the_time_that_has_passed_is_a_number_even_where_no_time_passes() -> None:
    text = """
hamiltonian schedule(total: real, now: real) q[n] =
    -(1 - now / total) * sum(X(q)) + (now / total) * sum(Z(q))

circuit c(total: real) -> real {
    qubit q
    h q
    evolve(schedule(total, time), time=total) q
    return expval(X(q))
}
"""
    circuit = qmlc.compile(text).c().double()
    assert circuit(torch.tensor(0.0, dtype=torch.float64)).item() == pytest.approx(1.0)
