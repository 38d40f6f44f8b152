"""Calls of one circuit are made together: what is emitted, and what is left apart."""

from __future__ import annotations

import pytest

import qmlc

PROGRAM = """
circuit f(x: real[2]) -> real[2] {{
    param w: real[2] ~ normal(0, 1)
    qubit q[2]
    ry(x) q
    rx(w) q
    return expval(Z(q))
}}
model m(x: real[B, 3, 2], y: real[B, 6]) -> real[{dims}] {{
    let g = f
    return {result}
}}
"""


@pytest.mark.parametrize(
    "dims, result, emitted",
    [
        ("B, 3, 2", "stack([g(x[:, t]) for t in range(3)], dim=1)", "return self.g(x)"),
        ("B, 6", "cat([g(y[:, 2*i:2*i+2]) for i in range(3)], dim=-1)",
         "return self.g(y.reshape((B, 3, 2))).reshape((B, 6))"),
        ("B, 2", "g(x[:, 0]) - g(y[:, :2])", "self.g(torch.stack([x[:, 0], y[:, :2]]))"),
        ("B, 2", "g(g(x[:, 0]))", "return self.g(self.g(x[:, 0]))"),
        ("B, 2", "f(x[:, 0]) - f(x[:, 1])", "return self.f(x[:, 0]) - self.f_1(x[:, 1])"),
        ("B, 2", "sum(stack([f(y[:, i:i+2]) for i in range(4)]), dim=0)",
         "run_together(self.f,"),
        ("B, 3, 2", "g(x) * g(y[:, :2])[:, none]", "return self.g(x) * self.g(y[:, :2])[:, None]"),
    ],
)  # fmt: skip
def test_what_is_called_together(dims, result, emitted):
    assert emitted in qmlc.compile(PROGRAM.format(dims=dims, result=result)).python


def test_a_circuit_that_may_be_another_module_is_called_as_written():
    layer = (
        PROGRAM.split("model")[0].format()
        + """
layer twice(g: circuit = f)(x: real[B, 3, 2]) -> real[B, 2] = g(x[:, 0]) - g(x[:, 1])
model m(x: real[B, 3, 2]) -> real[B, 2] = twice()(x)
"""
    )
    assert "self.g(x[:, 0]) - self.g(x[:, 1])" in qmlc.compile(layer).python
