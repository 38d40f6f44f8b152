"""Attention of capped scores: the formula's values and gradients, without the scores of all."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from qmlc.runtime import attend_in_rows as room
from qmlc.runtime.attend_in_rows import attend_in_rows

ROWS, KEYS = 7, 9


@pytest.fixture
def few_rows(monkeypatch):
    """Three queries at once, and the last alone."""
    monkeypatch.setattr(room, "ROWS", 3)
    monkeypatch.setattr(room, "FEW", 1)


def formula(query, key, value, softcap, attn_mask=None, is_causal=False, scale=None):
    """As `scaled_dot_product_attention` is written in torch's documentation, with a cap."""
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    scores = softcap * torch.tanh(query @ key.mT * scale / softcap)
    if is_causal:
        attn_mask = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
    if attn_mask is None:
        return torch.softmax(scores, dim=-1) @ value
    if attn_mask.dtype == torch.bool:
        return torch.softmax(scores.masked_fill(~attn_mask, -math.inf), dim=-1) @ value
    return torch.softmax(scores + attn_mask, dim=-1) @ value


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64, requires_grad=True)


def some(*shape):
    """Truth values, in each row one that is true."""
    return (torch.rand(shape) < 0.6) | (torch.arange(shape[-1]) == 0)


CASES = {
    "plain": {},
    "scaled": {"scale": 0.7},
    "causal": {"is_causal": True},
    "masked": {"attn_mask": some(2, 1, ROWS, KEYS)},
    "padded": {"attn_mask": some(2, 1, 1, KEYS)},
    "of keys": {"attn_mask": some(KEYS)},
    "biased": {"attn_mask": draw(4, ROWS, KEYS)},
}


@pytest.mark.parametrize("settings", CASES.values(), ids=CASES)
@pytest.mark.parametrize("groups", [1, 2])
def test_it_is_the_formula_with_its_gradients(few_rows, settings, groups):
    query, key, value = draw(2, 4, ROWS, 5), draw(2, 4 // groups, KEYS, 5), draw(2, 2, KEYS, 3)
    value = value if groups == 2 else value.repeat(1, 2, 1, 1)
    found = attend_in_rows(query, key, value, 1.5, enable_gqa=groups == 2, **settings)
    with torch.no_grad():
        assert torch.equal(
            attend_in_rows(query, key, value, 1.5, enable_gqa=groups == 2, **settings), found
        )
    each = [x.repeat_interleave(groups, dim=1) for x in (key, value)]
    wanted = formula(query, *each, 1.5, **settings)
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-10)
    learned = [x for x in (query, key, settings.get("attn_mask")) if x is not None]
    learned = [x for x in learned if x.requires_grad]
    before, after = (torch.autograd.grad(y.sin().sum(), learned) for y in (wanted, found))
    torch.testing.assert_close(after, before, rtol=1e-10, atol=1e-10)


def test_rows_that_see_nothing_are_zero_and_spoil_no_gradient(few_rows):
    query, key, value = draw(ROWS, 5), draw(KEYS, 5), draw(KEYS, 3)
    mask = some(ROWS, KEYS)
    mask[2] = False
    found = attend_in_rows(query, key, value, 2.0, attn_mask=mask)
    assert not found[2].any() and found[1].any()
    gradients = torch.autograd.grad(found.sum(), [query, key, value])
    assert all(x.isfinite().all() for x in gradients) and not gradients[0][2].any()


def test_gradients_of_weights_that_are_dropped_see_the_same_drops(few_rows):
    query, key, value = draw(ROWS, 5), draw(KEYS, 5), draw(KEYS, 3)
    torch.manual_seed(0)
    found = attend_in_rows(query, key, value, 2.0, dropout_p=0.5)
    (gradient,) = torch.autograd.grad(found.sum(), [value])
    torch.testing.assert_close((gradient * value).sum(), found.sum())


def test_long_texts_keep_no_scores():
    sizes = []
    query, key, value = (torch.randn(1, 1, 1024, 8, requires_grad=True) for _ in range(3))
    with torch.autograd.graph.saved_tensors_hooks(lambda x: sizes.append(x.numel()) or x, id):
        attend_in_rows(query, key, value, 2.0)
    assert max(sizes) <= 1024 * 8


@pytest.mark.parametrize("transform", [torch.func.grad, torch.func.vmap])
def test_it_can_be_transformed(few_rows, transform):
    query, key, value = (x.detach() for x in (draw(2, ROWS, 5), draw(KEYS, 5), draw(KEYS, 3)))
    found, wanted = (
        transform(lambda q, f=f: f(q, key, value, 2.0).sin().sum())(query)
        for f in (attend_in_rows, formula)
    )
    torch.testing.assert_close(found, wanted)


def test_a_cap_without_bound_is_attention_without_one(few_rows):
    query, key, value = draw(2, ROWS, 5), draw(2, KEYS, 5), draw(2, KEYS, 3)
    found = attend_in_rows(query, key, value, 1e9)
    torch.testing.assert_close(found, F.scaled_dot_product_attention(query, key, value))


def test_it_is_exported_whole():
    class Capped(torch.nn.Module):
        def forward(self, x):
            return attend_in_rows(x, x, x, 2.0, is_causal=True)

    x = torch.randn(2, 8, 4)
    sizes = {"x": {1: torch.export.Dim("T", min=2, max=4096)}}
    program = torch.export.export(Capped(), (x,), dynamic_shapes=sizes).module()
    longer = torch.randn(2, 700, 4)
    torch.testing.assert_close(program(longer), Capped()(longer))
