"""Filled templates are what a person would write."""

from __future__ import annotations

import math

import pytest

from qmlc.ops.fill_template import fill_template, write_constructor, write_index
from qmlc.ops.functions import FUNCTIONS
from qmlc.ops.indexing import Slice
from qmlc.ops.layers import LAYERS
from qmlc.ops.parameters import bind
from qmlc.ops.rows import ATOM, PRODUCT, SUM, UNARY

A, B = ("a", ATOM), ("b", ATOM)


def fill(name, *tensors, device=None, **chosen):
    row = FUNCTIONS[name]
    values = dict(zip((p.name for p in row.tensors), tensors, strict=False))
    values = {p.name: values.get(p.name) for p in row.tensors}
    return fill_template(row, values, bind(row.settings, (), chosen), device=device)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (fill("add", A, B), "a + b"),
        (fill("subtract", A, ("b - c", SUM)), "a - (b - c)"),
        (fill("subtract", ("a - b", SUM), B), "a - b - b"),
        (fill("multiply", ("a + b", SUM), ("-c", UNARY)), "(a + b) * -c"),
        (fill("power", ("-a", UNARY), B), "(-a) ** b"),
        (fill("negative", ("a * b", PRODUCT)), "-(a * b)"),
        (fill("less", A, ("a < b", 0)), "a < (a < b)"),
        (fill("softmax", ("a + b", SUM)), "torch.softmax(a + b, dim=-1)"),
        (fill("gelu", A), "F.gelu(a)"),
        (fill("gelu", A, approximate="tanh"), "F.gelu(a, approximate='tanh')"),
        (fill("transpose_last", ("a @ b", PRODUCT)), "(a @ b).mT"),
        (fill("sum", A), "torch.sum(a)"),
        (fill("mean", A, dim=1), "torch.mean(a, dim=1)"),
        (fill("mean", A, B, dim=1), "masked.mean(a, b, dim=1)"),
        (fill("cat", [A, ("b + c", SUM)], dim=-1), "torch.cat([a, b + c], dim=-1)"),
        (fill("cross_entropy", A, B), "F.cross_entropy(a.flatten(0, -2), b.flatten())"),
        (fill("range", start=8, device="x.device"), "torch.arange(8, device=x.device)"),
        (fill("range", start=2, stop=8), "torch.arange(2, 8, 1)"),
        (fill("clamp", A, max=math.inf), "torch.clamp(a, max=math.inf)"),
        (fill("index", A, index=(Slice(None, 3), 0, ..., None)), "a[:3, 0, ..., None]"),
    ],
)
def test_template(found, expected):
    assert found == expected


def test_sizes_follow_the_pattern():
    chosen = {"pattern": "b (h e) -> b h e", "sizes": (("h", 8),)}
    text = fill_template(FUNCTIONS["rearrange"], {"x": A}, chosen)
    assert text == "einops.rearrange(a, 'b (h e) -> b h e', h=8)"


def test_index_writes_steps():
    assert write_index((Slice(1, None, 2),)) == "1::2"
    assert write_index(()) == "..."


def test_constructor_leaves_defaults_out():
    row = LAYERS["conv2d"]
    chosen = bind(row.parameters, (16, 3), {"padding": 1}) | {"in_channels": 1}
    assert write_constructor(row, chosen) == "nn.Conv2d(1, 16, 3, padding=1)"
    row = LAYERS["group_norm"]
    chosen = bind(row.parameters, (2,), {}) | {"num_channels": 6}
    assert write_constructor(row, chosen) == "nn.GroupNorm(2, 6)"
    row = LAYERS["multihead_attention"]
    chosen = bind(row.parameters, (2,), {"batch_first": True})
    chosen |= {"embed_dim": 8, "kdim": 4, "vdim": None}
    expected = "nn.MultiheadAttention(8, 2, kdim=4, batch_first=True)"
    assert write_constructor(row, chosen) == expected
