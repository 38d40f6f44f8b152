"""Angles however large: a constant that joins one, or another angle, is not lost beside it."""

import math

import pytest
import torch

import qmlc

PROGRAM = """
circuit fringe(x: real) -> real {
    qubit q
    h q
    rz(x) q
    return expval(X(q))
}

circuit joined(x: real) -> real {
    param w: real ~ constant(0.25)
    qubit q
    ry(x) q
    ry(w) q
    return expval(Z(q))
}
"""


@pytest.mark.parametrize("batch", [1, 20])
@pytest.mark.parametrize("angle", [1e3, 1e6, 1e10])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 2e-6), (torch.float64, 1e-9)])
def test_large_angles_keep_what_is_added_to_them(dtype, tolerance, angle, batch):
    circuits = qmlc.compile(PROGRAM)
    x = torch.full((batch,), angle, dtype=dtype)
    exact = float(x[0])
    for module, value in (
        (circuits.fringe().to(dtype), math.cos(exact)),
        (
            circuits.joined().to(dtype),
            math.cos(exact) * math.cos(0.25) - math.sin(exact) * math.sin(0.25),
        ),
    ):
        assert module(x).tolist() == pytest.approx([value] * batch, abs=tolerance)
        assert module.engine.startswith("native")
