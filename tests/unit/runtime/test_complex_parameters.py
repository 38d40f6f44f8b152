"""Complex parameters: pairs of real numbers that every initialiser fills, and that learn."""

import pytest
import torch

import qmlc
from qmlc.ops.distributions import DISTRIBUTIONS
from qmlc.runtime.initialise import initialise

TEXT = """
layer turned(x: real[B, n]) -> real[B, n] {
    param u: complex[n, n] ~ orthogonal
    let z = x * (1 + 0j) @ u
    return real(z * conj(z))
}
model m(x: real[B, 4]) -> (y: real[B, 4], u: complex[4, 4]) {
    let t = turned
    return (y=t(x), u=t.u)
}
"""


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_every_initialiser_fills_both_parts(name):
    arguments = {"constant": (0.5,), "uniform": (1.0, 2.0)}.get(name, ())
    filled = initialise(torch.empty(40, 30, dtype=torch.complex64), name, *arguments)
    assert filled.isfinite().all()
    real = initialise(torch.empty(40, 30), name, *arguments)
    fixed = name in ("zeros", "ones", "constant")
    assert filled.real.std().isclose(real.std(), atol=0 if fixed else 0.2 * real.std() + 0.1)
    assert fixed == (filled.imag == 0).all()


@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5)])
def test_orthogonal_is_unitary(shape):
    u = initialise(torch.empty(shape, dtype=torch.complex128), "orthogonal")
    small = u @ u.mH if shape[0] <= shape[1] else u.mH @ u
    torch.testing.assert_close(small, torch.eye(min(shape), dtype=torch.complex128))


def test_complex_parameters_learn_in_both_precisions():
    for model in (qmlc.compile(TEXT).m(), qmlc.compile(TEXT).m().double()):
        x = torch.rand(3, 4, dtype=next(model.parameters()).dtype)
        y, u = model(x)
        assert u.dtype == (torch.complex128 if x.dtype == torch.float64 else torch.complex64)
        torch.testing.assert_close(y, ((x + 0j) @ u).abs() ** 2)
        y.square().sum().backward()
        assert all(p.grad.abs().sum() > 0 for p in model.parameters())
