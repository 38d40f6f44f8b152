"""std.pretraining against formulas of the papers and transformers' CLIP."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F
from transformers.models.clip.modeling_clip import image_text_contrastive_loss

import qmlc

B, D = 5, 3
A, C = torch.randn(2, B, D, generator=torch.Generator().manual_seed(0))


def compiled(names, declaration):
    torch.manual_seed(3)
    return qmlc.compile(f"use std.pretraining ({names})\n{declaration}\n").m().eval()


def two(name, settings=""):
    return compiled(
        name, f"model m(a: real[B, d], b: real[B, d]) -> real = {name}(a, b{settings})"
    )(A, C)


def test_info_nce():
    a, b = F.normalize(A), F.normalize(C)
    scores = torch.exp(a @ b.T / 0.1)
    expected = -torch.log(scores.diagonal() / scores.sum(1)).mean()
    assert torch.allclose(two("info_nce", ", 0.1"), expected)


def test_contrastive_is_clips():
    scores = F.normalize(C) @ F.normalize(A).T / 0.07
    assert torch.allclose(two("contrastive"), image_text_contrastive_loss(scores))


def test_barlow_twins():
    a, b = ((x - x.mean(0)) / x.std(0, correction=0) for x in (A, C))
    c = a.T @ b / B
    off = c.flatten()[:-1].view(D - 1, D + 1)[:, 1:]
    expected = (torch.diagonal(c) - 1).pow(2).sum() + 0.005 * off.pow(2).sum()
    assert torch.allclose(two("barlow_twins"), expected)


AUTOENCODER = """
model m(patches: real[B, T, 4]) -> (restored: real[B, T, 4], hidden: bool[B, T]) {
    let look = patch_encoder(8, depth=1, heads=2)
    return patches |> masked_autoencoder(look, keep=3, d=8)
}
"""


@pytest.fixture(scope="module")
def autoencoder():
    torch.manual_seed(3)
    text = f"use std.pretraining (patch_encoder, masked_autoencoder)\n{AUTOENCODER}"
    return qmlc.compile(text).m(T=9).eval()


def test_the_autoencoder_sees_what_is_not_hidden_and_nothing_else(autoencoder):
    def run(patches):
        torch.manual_seed(5)
        return autoencoder(patches)

    patches = torch.randn(6, 9, 4)
    before = run(patches)
    assert (before.hidden.sum(1) == 6).all() and before.hidden.any(0).all()
    for places, same in ((before.hidden, True), (~before.hidden, False)):
        after = run(torch.where(places[..., None], patches + 1, patches))
        assert after.hidden.equal(before.hidden)
        assert torch.allclose(after.restored, before.restored, atol=1e-5) == same
    assert not autoencoder(patches).hidden.equal(before.hidden)


def test_the_encoder_knows_where_patches_are():
    net = compiled(
        "patch_encoder",
        "model m(x: real[B, 6, 4], places: int[B, K]) -> real[B, K, 8] = "
        "patch_encoder(8, depth=1, heads=2)(x, places)",
    )
    x, order = torch.randn(2, 6, 4), torch.tensor([[4, 0, 2], [1, 5, 3]])
    turned = order.flip(1)
    assert torch.allclose(net(x, order).flip(1), net(x, turned), atol=1e-6)
    assert not torch.allclose(net(x, order), net(x.flip(1), 5 - order), atol=1e-3)
