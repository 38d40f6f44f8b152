"""std.transformer against torch's own layers and transformers' Llama, with the same weights."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

import qmlc

B, T, S, D, HEADS = 3, 5, 4, 8, 2


def compiled(names, declaration):
    return qmlc.compile(f"use std.transformer ({names})\n{declaration}\n").m().eval()


def rows(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


X, MEMORY = rows(1, B, T, D), rows(2, B, S, D)
KEEP = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 0, 0, 0, 0]], dtype=torch.bool)
SEEN = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 1, 0]], dtype=torch.bool)


def attention_weights(source, target):
    """torch keeps the projections of queries, keys and values in one matrix."""
    names = ["to_query", "to_key", "to_value"]
    found = {}
    for part, name in enumerate(names):
        found[f"{target}.{name}.weight"] = source.in_proj_weight.chunk(3)[part]
        found[f"{target}.{name}.bias"] = source.in_proj_bias.chunk(3)[part]
    found[f"{target}.to_output.weight"] = source.out_proj.weight
    found[f"{target}.to_output.bias"] = source.out_proj.bias
    return found


def layer_weights(source, target, norms):
    found = attention_weights(source.self_attn, f"{target}.attention")
    if hasattr(source, "multihead_attn"):
        found |= attention_weights(source.multihead_attn, f"{target}.cross")
    for ours, theirs in (("feed.up", "linear1"), ("feed.down", "linear2"),
                         *((f"norm_{n}", f"norm{n}") for n in range(1, norms + 1))):  # fmt: skip
        found |= {
            f"{target}.{ours}.{k}": v for k, v in getattr(source, theirs).state_dict().items()
        }
    return found


def load(net, weights):
    for parameter in net.parameters():
        nn.init.normal_(parameter, generator=torch.Generator().manual_seed(parameter.numel()))
    missing, unexpected = net.load_state_dict(weights, strict=False)
    assert not missing and not unexpected


@pytest.mark.parametrize("causal", [False, True])
def test_multi_head_attention(causal):
    theirs = nn.MultiheadAttention(D, HEADS, batch_first=True).eval()
    nn.init.normal_(theirs.in_proj_bias)
    flag = str(causal).lower()
    ours = compiled(
        "multi_head_attention",
        f"model m(x: real[B, T, {D}], mask: bool[B, T]) -> real[B, T, {D}] = "
        f"multi_head_attention({HEADS}, causal={flag})(x, x, mask)",
    )
    load(ours, attention_weights(theirs, "multi_head_attention"))
    ahead = torch.ones(T, T).triu(1).bool() if causal else None
    expected, _ = theirs(X, X, X, key_padding_mask=~KEEP, attn_mask=ahead)
    torch.testing.assert_close(ours(X, KEEP), expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_encoder_layer(norm_first, activation):
    theirs = nn.TransformerEncoderLayer(
        D, HEADS, 16, activation=activation, norm_first=norm_first, batch_first=True
    ).eval()
    ours = compiled(
        "encoder_layer",
        f"model m(x: real[B, T, {D}], mask: bool[B, T]) -> real[B, T, {D}] = encoder_layer("
        f'{HEADS}, 16, activation="{activation}", norm_first={str(norm_first).lower()})(x, mask)',
    )
    load(ours, layer_weights(theirs, "encoder_layer", 2))
    expected = theirs(X, src_key_padding_mask=~KEEP)
    torch.testing.assert_close(ours(X, KEEP)[KEEP], expected[KEEP], atol=1e-5, rtol=1e-4)


def test_without_a_mask_everything_is_seen():
    ours = compiled(
        "decoder",
        f"model m(x: real[B, T, {D}], y: real[B, S, {D}]) -> real[B, T, {D}] = "
        f"decoder(1, {HEADS}, 16)(x, y) + decoder(1, {HEADS}, 16)(x, memory=y)",
    )
    first, second = ours.decoder, ours.decoder_1
    everywhere = torch.ones(B, T, dtype=torch.bool), torch.ones(B, S, dtype=torch.bool)
    expected = first(X, MEMORY, *everywhere) + second(X, MEMORY, *everywhere)
    torch.testing.assert_close(ours(X, MEMORY), expected)


@pytest.mark.parametrize("norm_first", [False, True])
def test_decoder(norm_first):
    inner = nn.TransformerDecoderLayer(D, HEADS, 16, norm_first=norm_first, batch_first=True)
    norm = nn.LayerNorm(D) if norm_first else None
    theirs = nn.TransformerDecoder(inner, 2, norm).eval()
    ours = compiled(
        "decoder",
        f"model m(x: real[B, T, {D}], y: real[B, S, {D}], a: bool[B, T], b: bool[B, S]) -> "
        f"real[B, T, {D}] = decoder(2, {HEADS}, 16, norm_first={str(norm_first).lower()})"
        "(x, y, a, b)",
    )
    weights = {}
    for i, layer in enumerate(theirs.layers):
        weights |= layer_weights(layer, f"decoder.block.{i}", 3)
    if norm_first:
        weights |= {f"decoder.layer_norm.{k}": v for k, v in norm.state_dict().items()}
    load(ours, weights)
    ahead = torch.ones(T, T).triu(1).bool()
    expected = theirs(X, MEMORY, tgt_mask=ahead, tgt_key_padding_mask=~KEEP,
                      memory_key_padding_mask=~SEEN)  # fmt: skip
    found = ours(X, MEMORY, KEEP, SEEN)
    torch.testing.assert_close(found[KEEP], expected[KEEP], atol=1e-5, rtol=1e-4)


def test_layer_of_llama():
    llama = pytest.importorskip("transformers.models.llama.modeling_llama")
    config = llama.LlamaConfig(
        hidden_size=16, intermediate_size=24, num_attention_heads=4, num_key_value_heads=2,
        num_hidden_layers=1, vocab_size=5, attn_implementation="eager", use_cache=False,
    )  # fmt: skip
    theirs = llama.LlamaModel(config).eval()
    ours = compiled(
        "llama_layer",
        "model m(x: real[B, T, 16], mask: bool[B, T]) -> real[B, T, 16] = "
        "llama_layer(4, 2, 24)(x, mask)",
    )
    layer = theirs.layers[0]
    pairs = {
        "attention.to_query": layer.self_attn.q_proj, "attention.to_key": layer.self_attn.k_proj,
        "attention.to_value": layer.self_attn.v_proj, "attention.to_output": layer.self_attn.o_proj,
        "feed.up": layer.mlp.up_proj, "feed.gate": layer.mlp.gate_proj,
        "feed.down": layer.mlp.down_proj, "norm_1": layer.input_layernorm,
        "norm_2": layer.post_attention_layernorm,
    }  # fmt: skip
    load(ours, {f"llama_layer.{k}.weight": v.weight for k, v in pairs.items()})
    x = rows(5, B, T, 16)
    theirs.norm = nn.Identity()
    expected = theirs(inputs_embeds=x).last_hidden_state
    torch.testing.assert_close(ours(x, torch.ones(B, T).bool()), expected, atol=1e-5, rtol=1e-4)
    known = compiled(
        "llama_layer",
        f"model m(x: real[B, {T}, 16], mask: bool[B, {T}]) -> real[B, {T}, 16] = "
        "llama_layer(4, 2, 24)(x, mask)",
    )
    load(known, ours.state_dict())
    torch.testing.assert_close(known(x, torch.ones(B, T).bool()), expected, atol=1e-5, rtol=1e-4)


def test_positions_and_masks_are_the_formulas():
    net = compiled(
        "sinusoidal, alibi, causal_mask, padding_mask, attend",
        """model m(lengths: int[B], x: real[T, 6])
            -> (p: real[T, 6], a: real[4, T, T], c: bool[T, T], m: bool[B, T], y: real[T, 6]) {
            let c = causal_mask(T)
            let m = padding_mask(lengths, T)
            return (p=sinusoidal(T, 6), a=alibi(4, T), c=c, m=m, y=attend(x, x, x, c))
        }""",
    )
    x = rows(7, T, 6)
    found = net(torch.tensor([5, 3, 1]), x)
    for n in range(T):
        for i in range(3):
            angle = n / 10000 ** (2 * i / 6)
            expected = torch.tensor([math.sin(angle), math.cos(angle)])
            torch.testing.assert_close(found.p[n, 2 * i : 2 * i + 2], expected)
    for head, slope in enumerate([1 / 4, 1 / 16, 1 / 64, 1 / 256]):
        assert math.isclose(found.a[head, 4, 1], -3 * slope, rel_tol=1e-6)
    assert (found.c == torch.ones(T, T).tril().bool()).all()
    assert (found.m == KEEP).all()
    expected = nn.functional.scaled_dot_product_attention(x, x, x, is_causal=True)
    torch.testing.assert_close(found.y, expected)
