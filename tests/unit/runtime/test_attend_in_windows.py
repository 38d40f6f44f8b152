"""Attention in windows: the values and gradients of one call with a mask, in blocks."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from qmlc.runtime import attend_in_windows as room
from qmlc.runtime.attend_in_windows import attend_in_windows

HEADS, WIDTH = 4, 3


@pytest.fixture(autouse=True, scope="module")
def small_blocks():
    """Blocks of 4 and 6 queries, however few the keys are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "NARROW", 4)
        patch.setattr(room, "WIDE", 6)
        patch.setattr(room, "SHARE", 0)
        yield


def draw(*shape):
    return torch.randn(shape, dtype=torch.float64, requires_grad=True)


def with_a_mask(query, key, value, window, attn_mask=None, **settings):
    """The formula of the window, written out."""
    distance = torch.arange(query.shape[-2])[:, None] - torch.arange(key.shape[-2])
    seen = (distance <= window[0]) & (-distance <= window[1])
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        seen = seen & attn_mask
    elif attn_mask is not None:
        seen = torch.where(seen, attn_mask, -torch.inf)
    return F.scaled_dot_product_attention(query, key, value, seen, **settings)


MASKS = {
    "none": lambda t, s: None,
    "of keys": lambda t, s: torch.rand(2, 1, 1, s) < 0.7,
    "of one row": lambda t, s: torch.rand(1, s) < 0.7,
    "of queries": lambda t, s: torch.rand(2, 1, t, 1) < 0.7,
    "of pairs": lambda t, s: torch.rand(t, s) < 0.7,
    "of all": lambda t, s: torch.rand(2, HEADS, t, s) < 0.7,
    "a bias": lambda t, s: draw(HEADS, t, s),
    "a bias of keys": lambda t, s: draw(2, 1, 1, s),
}


@given(
    length=st.integers(2, 15),
    keys=st.integers(2, 15),
    window=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    mask=st.sampled_from(sorted(MASKS)),
    groups=st.sampled_from([1, 2]),
    scale=st.sampled_from([None, 0.3]),
)
def test_it_is_one_call_with_a_mask(length, keys, window, mask, groups, scale):
    query = draw(2, HEADS, length, WIDTH)
    key, value = (draw(2, HEADS // groups, keys, WIDTH) for _ in range(2))
    given = {"attn_mask": MASKS[mask](length, keys), "scale": scale, "enable_gqa": groups == 2}
    found = attend_in_windows(query, key, value, window, **given)
    wanted = with_a_mask(query, key, value, window, **given)
    torch.testing.assert_close(found, wanted)
    learned = [x for x in (query, key, value, given["attn_mask"]) if x is not None]
    learned = [x for x in learned if x.requires_grad]
    before, after = (torch.autograd.grad(y.sin().sum(), learned) for y in (wanted, found))
    torch.testing.assert_close(after, before)


def test_it_is_transformed_and_exported_whole():
    query, key, value = (draw(2, HEADS, 9, WIDTH).detach() for _ in range(3))
    wanted = with_a_mask(query, key, value, (2, 1))
    mapped = torch.func.vmap(lambda *x: attend_in_windows(*x, (2, 1)))
    torch.testing.assert_close(mapped(*(x[None] for x in (query, key, value)))[0], wanted)

    class Near(torch.nn.Module):
        def forward(self, x):
            return attend_in_windows(x, x, x, (2, 1))

    sizes = {"x": {2: torch.export.Dim("T", min=2, max=64)}}
    program = torch.export.export(Near(), (query,), dynamic_shapes=sizes).module()
    longer = draw(2, HEADS, 20, WIDTH).detach()
    torch.testing.assert_close(program(longer), Near()(longer))


def test_long_texts_keep_no_scores():
    sizes = []
    query, key, value = (torch.randn(1, 1, 1024, 8, requires_grad=True) for _ in range(3))
    with torch.autograd.graph.saved_tensors_hooks(lambda x: sizes.append(x.numel()) or x, id):
        attend_in_windows(query, key, value, (20, 0))
    assert max(sizes) < 1024 * 8 * 10
