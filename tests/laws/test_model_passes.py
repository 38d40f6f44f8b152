"""Models made at random mean after the passes what they meant before: values and gradients."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import qmlc

HEADER = """
circuit learned(x: real[2]) -> real[2] {{
    param w: real[2] ~ normal(0, 1)
    qubit q[2]
    ry(x) q
    rx(w) q
    cx q[0], q[1]
    return expval(Z(q))
}}
circuit both(x: real[2], y: real) -> real {{
    param w: real ~ normal(0, 1)
    qubit q[2]
    ry(x) q
    rx(y * w) q[0]
    cx q[0], q[1]
    return expval(Z(q[1]))
}}
circuit two(x: real[2]) -> (z: real, p: real[4]) {{
    qubit q[2]
    ry(x) q
    return (z=expval(Z(q[0])), p=probs(q))
}}
model m(x: real[B, 4, 2], y: real[B, 6]) -> real[B] {{
    let f = learned
    let g = both
    let h = two
    let unused = f(y[:, :2])
{body}
    return {result}
}}
"""
PAIRS = (
    "f({p})", "f({p}) + f({q})", "f({p} * f({q}))", "h({p}).p[:, 1:3]", "learned({p})",
    "sin({p}) * {q}", "flip(f({p}), dims=[1])" , "dropout(0.5)({p})",
    "unsqueeze(g({p}, {q}[:, 0]), -1) * {p}", "unsqueeze(g({p}, y[:, 2]), -1) + {q}",
    "{p} * sum(f(x), dim=1)", "{p} * B * 0.5 / 3 - 0", "relu(relu({p} / 2 / B * 3)) * 1",
    "{p} + 2 + B", "{p}.T.T * 2.5 * 4", "-(-{p}) / 1 + 0", "{p} * 1e300 * 1e-300 * 1e-300",
)  # fmt: skip
STARTS = ("x[:, 0]", "x[:, 1]", "x[:, 2]", "x[:, 3]", "x[..., 1, :]", "y[:, 0:2]", "y[:, 2:4]",
          "y[:, 4:]", "x[:, -1]")  # fmt: skip
WHOLES = (
    "cat([f(y[:, 2 * i:2 * i + 2]) for i in range(3)], dim=-1)",
    "cat([f(y[:, 2 * i:2 * i + 2]) for i in range(3)], dim=0)[B:2 * B]",
    "mean(stack([f(x[:, t]) for t in range(4)], dim=1), dim=1)",
    "stack([f(x[:, t]) for t in range(4)], dim=2)[:, :, 0]",
    "cat([f(x[:, 3 - t]) for t in range(4)], dim=1)",
    "cat([f(x[:, t]) for t in range(4)], dim=1)",
    "cat([learned(x[:, t]) for t in range(4)], dim=-1)",
    "stack([both(x[:, t], y[:, t]) for t in range(4)], dim=1)",
    "stack([both(x[:, 0], y[:, t]) for t in range(5)], dim=1)",
    "stack([g(x[:, t], y[:, t]) for t in range(4)], dim=1)",
    "stack([g(x[:, t], y[:, 0]) for t in range(4)], dim=-1)",
)


@st.composite
def programs(draw):
    """A model of circuits, called with parts of its inputs and with each other's results."""
    names = list(draw(st.lists(st.sampled_from(STARTS), min_size=2, max_size=5, unique=True)))
    lines = []
    for i in range(draw(st.integers(1, 5))):
        p, q = draw(st.sampled_from(names)), draw(st.sampled_from(names))
        lines.append(f"    let a{i} = {draw(st.sampled_from(PAIRS)).format(p=p, q=q)}")
        names.append(f"a{i}")
    used = [name for name in names if name.startswith("a")]
    wholes = draw(st.lists(st.sampled_from(WHOLES), max_size=2))
    sums = (f"sum(cumsum({value}, dim=-1) ** 2, dim=-1)" for value in [*used, *wholes])
    result = " + ".join(sums)
    return HEADER.format(body="\n".join(lines), result=result)


@pytest.fixture(autouse=True)
def in_double_precision():
    """Sums in another order differ less."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@settings(deadline=None)
@given(text=programs())
def test_passes_keep_values_and_gradients(text):
    torch.manual_seed(0)
    written, passed = (qmlc.compile(text, level=level).m().eval() for level in (0, 2))
    kept = passed.state_dict()  # what is never called is left out
    passed.load_state_dict({name: written.state_dict()[name] for name in kept})
    found = []
    for model in (written, passed):
        torch.manual_seed(1)
        inputs = [torch.randn(3, 4, 2, requires_grad=True), torch.randn(3, 6, requires_grad=True)]
        result = model(*inputs)
        weights = [*inputs, *(model.get_parameter(name) for name in kept)]
        found.append((result, *torch.autograd.grad(result.sum(), weights, allow_unused=True)))
    torch.testing.assert_close(found[1], found[0], rtol=1e-10, atol=1e-10)
