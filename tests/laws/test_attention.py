"""Scores made at random of products, scales, biases and masks: attention keeps its value."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import qmlc

HEADER = """
use std.transformer (causal_mask, alibi)
model m(q: real[B, 4, T, 8], k: real[B, {heads}, T, 8], v: real[B, {heads}, T, {width}],
    mask: bool[B, T], some: bool[T, T], bias: real[4, T, T]) -> real[B, 4, T, {width}] {{
    param scale: real[4, 1, 1] ~ uniform(0.5, 2)
    let i = range(T)
    let keys = {keys}
    let values = {values}
    let scores = {scores}
    return {weights} @ values
}}
"""
PRODUCTS = (
    "q @ keys.T", "einsum('bhtd,bhsd->bhts', q, keys)", "(keys @ q.T).T", "(0.3 * q) @ keys.T",
    "q @ (keys / sqrt(8)).T", "-sum((q[:, :, :, none] - keys[:, :, none]) ** 2, dim=-1)",
    "-cdist(q, keys) ** 2", "scale * (q @ keys.T)", "3 * tanh(q @ keys.T / 4)",
)  # fmt: skip
STEPS = (
    "({s}) / sqrt(8)", "0.5 * ({s})", "({s}) * scale", "-({s})", "({s}) / -2", "({s}) + bias",
    "bias - ({s})", "({s}) - bias / 2", "({s}) + scale * i",
    "where(mask[:, none, none, :], {s}, -inf)", "where(mask[:, none, none, :], {s}, -2e4)",
    "where(some, -inf, {s})", "masked_fill({s}, not causal_mask(T), -inf)",
    "masked_fill({s}, tril(ones([T, T])) == 0, -2e4)",
    "({s}) + where(some, 0.0, -inf)", "({s}) + (1 - int(mask))[:, none, none, :] * -2e4",
    "({s}) + triu(ones([T, T]) * -inf, 1)", "where(abs(i[:, none] - i) < 2, {s}, -2e4)",
    "where(i[:, none] > i, {s}, -inf)", "({s}) + (1 - tril(ones([T, T]), 1)) * -1e4",
    "({s}) - log(1.0 + abs(i[:, none] - i))", "where(i >= i[:, none] - 2, {s}, -2e4)",
)  # fmt: skip
WEIGHTS = (
    "softmax(scores)", "softmax(scores, dim=3)", "dropout(0.5)(softmax(scores))",
    "exp(scores - logsumexp(scores, dim=-1, keepdim=true))", "nan_to_num(softmax(scores))",
    "softmax(scores - amax(scores, dim=-1, keepdim=true))",
)  # fmt: skip


@st.composite
def programs(draw):
    """A model whose scores are a product after some steps."""
    scores = draw(st.sampled_from(PRODUCTS)).replace("'", '"')
    for step in draw(st.lists(st.sampled_from(STEPS), max_size=4)):
        scores = step.format(s=scores)
    shared = draw(st.booleans())
    repeated = "repeat_interleave({}, 2, dim=1)" if shared else "{}"
    return HEADER.format(
        heads=2 if shared else 4, width=draw(st.sampled_from((8, 3))), scores=scores,
        keys=repeated.format("k"), values=repeated.format("v"),
        weights=draw(st.sampled_from(WEIGHTS)),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def in_double_precision():
    """Powers of e of large scores overflow less."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@settings(deadline=None)
@given(programs(), st.integers(0, 1))
def test_attention_keeps_its_value(text, hidden):
    """In evaluation; in half of the cases, there are rows that see nothing."""
    torch.manual_seed(0)
    written, lowered = (qmlc.compile(text, level=level).m().double().eval() for level in (0, 2))
    lowered.load_state_dict(written.state_dict())
    inputs = [torch.randn([s if isinstance(s, int) else 5 for s in dims]) for dims in shapes(text)]
    mask, some = torch.rand(2, 5) < 0.7, torch.rand(5, 5) < 0.7
    mask[:, 0] = some[:, 0] = True
    if hidden:
        mask[0], some[1] = False, False
    arguments = [*inputs, mask, some, torch.randn(4, 5, 5)]
    torch.testing.assert_close(
        lowered(*arguments), written(*arguments), rtol=1e-10, atol=1e-10, equal_nan=True
    )


def shapes(text):
    heads = 2 if "real[B, 2" in text else 4
    width = 3 if "T, 3]" in text else 8
    return (2, 4, 5, 8), (2, heads, 5, 8), (2, heads, 5, width)
