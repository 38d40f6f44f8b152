"""Attention as written and as compiled, beside torch's own layers and those of Hugging Face.

`python -m benchmarks.attention` writes attention.md: float32, one thread, forward, and forward with
backward, and the memory that a forward pass takes at most and holds for the backward.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import BertConfig
from transformers.models.bert.modeling_bert import BertLayer, BertSelfAttention

import qmlc
from benchmarks.take_turns import take_turns

SIZES = ((8, 12, 128, 64), (1, 12, 1024, 64), (1, 8, 4096, 64))
"""Batch, heads, length, width: those of BERT, of GPT-2, and of a long text."""
WINDOWS = ((1, 12, 1024, 64), 64), ((1, 8, 4096, 64), 64), ((1, 8, 4096, 64), 256)
"""Sizes, and how many keys before it each query sees."""
PAGE = Path(__file__).parent / "attention.md"

INTRODUCTION = f"""# Attention

Batch x heads x length x width, float32, torch {torch.__version__}, one thread. Milliseconds of the
processor, the ways of a part in turns; megabytes of the largest tensor that a forward pass makes,
and of what it keeps for the backward pass. Made by `python -m benchmarks.attention`.

* function: queries, keys and values are given. *torch* is `scaled_dot_product_attention`.
* capped: the scores go through `20 * tanh(scores / 20)`; torch has no kernel for that which learns.
* attention: with four linear layers. *torch* is `nn.MultiheadAttention`, *transformers* is
  `BertSelfAttention` and a linear layer.
* window: each query sees a number of keys before it. *torch* is `scaled_dot_product_attention`
  with a mask that is made before.
* layer: an encoder's. *torch* is `nn.TransformerEncoderLayer`, *transformers* is `BertLayer`."""

FORMULA = """
model full_attention(q: real[B, H, T, d], k: real[B, H, T, d], v: real[B, H, T, d])
    -> real[B, H, T, d] = softmax(q @ k.T / sqrt(d)) @ v

model causal_attention(q: real[B, H, T, d], k: real[B, H, T, d], v: real[B, H, T, d])
    -> real[B, H, T, d] {
    let seen = range(T)[:, none] >= range(T)
    return softmax(where(seen, q @ k.T / sqrt(d), -inf)) @ v
}

model capped_attention(q: real[B, H, T, d], k: real[B, H, T, d], v: real[B, H, T, d])
    -> real[B, H, T, d] = softmax(20 * tanh(q @ k.T / sqrt(d) / 20)) @ v

model capped_causal_attention(q: real[B, H, T, d], k: real[B, H, T, d], v: real[B, H, T, d])
    -> real[B, H, T, d] {
    let seen = range(T)[:, none] >= range(T)
    return softmax(where(seen, 20 * tanh(q @ k.T / sqrt(d) / 20), -inf)) @ v
}
"""
WINDOW = """
model near(q: real[B, H, T, d], k: real[B, H, T, d], v: real[B, H, T, d]) -> real[B, H, T, d] {{
    let distance = range(T)[:, none] - range(T)
    let seen = distance >= 0 and distance <= {window}
    return softmax(where(seen, q @ k.T / sqrt(d), -inf)) @ v
}}
"""
LAYER = """
use std.transformer (multi_head_attention, encoder_layer)

model attention(x: real[B, T, {d}]) -> real[B, T, {d}] =
    multi_head_attention({heads}, causal={causal})(x, x)
model layer(x: real[B, T, {d}]) -> real[B, T, {d}] =
    encoder_layer({heads}, {inner}, rate=0.0, activation="gelu", causal={causal})(x)
"""

Way = Callable[..., Tensor]


def formulas(causal: bool) -> dict[str, Way]:
    """Functions of queries, keys and values."""
    name = "causal_attention" if causal else "full_attention"
    written, compiled = (getattr(qmlc.compile(FORMULA, level=level), name)() for level in (0, 2))
    function = partial(F.scaled_dot_product_attention, is_causal=causal)
    return {"formula, as written": written, "formula, compiled": compiled, "torch": function}


def capped(causal: bool) -> dict[str, Way]:
    """Functions of queries, keys and values, whose scores are capped."""
    name = "capped_causal_attention" if causal else "capped_attention"
    written, compiled = (getattr(qmlc.compile(FORMULA, level=level), name)() for level in (0, 2))
    return {"formula, as written": written, "formula, compiled": compiled}


def windows(length: int, window: int) -> dict[str, Way]:
    """Functions of queries, keys and values, of which each query sees those of a window."""
    text = WINDOW.format(window=window)
    written, compiled = (qmlc.compile(text, level=level).near() for level in (0, 2))
    mask = torch.ones(length, length, dtype=torch.bool).tril().triu(-window)
    function = partial(F.scaled_dot_product_attention, attn_mask=mask)
    return {"formula, as written": written, "formula, compiled": compiled, "torch": function}


def attentions(heads: int, size: int, length: int, causal: bool) -> dict[str, Way]:
    """Self-attention with its four linear layers."""
    ours = qmlc.compile(library(heads, size, causal)).attention()
    theirs = nn.MultiheadAttention(size, heads, batch_first=True)
    mask = nn.Transformer.generate_square_subsequent_mask(length) if causal else None
    bert, output = BertSelfAttention(bert_config(heads, size, causal)), nn.Linear(size, size)

    def torch_attention(x: Tensor) -> Tensor:
        return theirs(x, x, x, need_weights=False, attn_mask=mask, is_causal=causal)[0]

    return {
        "std.transformer": ours,
        "torch": torch_attention,
        "transformers": lambda x: output(bert(x)[0]),
    }


def layers(heads: int, size: int, length: int, causal: bool) -> dict[str, Way]:
    """Layers of an encoder: attention, a network four times as wide, two norms."""
    ours = qmlc.compile(library(heads, size, causal)).layer()
    theirs = nn.TransformerEncoderLayer(
        size, heads, 4 * size, dropout=0.0, activation="gelu", batch_first=True
    )
    theirs.eval()  # so that it may take its fast path where no gradient is wanted
    mask = nn.Transformer.generate_square_subsequent_mask(length) if causal else None
    bert = BertLayer(bert_config(heads, size, causal))
    return {
        "std.transformer": ours,
        "torch": partial(theirs, src_mask=mask, is_causal=causal),
        "transformers": lambda x: first(bert(x)),
    }


def library(heads: int, size: int, causal: bool) -> str:
    """The program of ours."""
    return LAYER.format(d=size, heads=heads, inner=4 * size, causal=str(causal).lower())


def bert_config(heads: int, size: int, causal: bool) -> BertConfig:
    """That of a BERT of these sizes, without dropout."""
    return BertConfig(
        hidden_size=size, num_attention_heads=heads, intermediate_size=4 * size,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, is_decoder=causal,
        attn_implementation="sdpa",
    )  # fmt: skip


def first(result: Tensor | tuple[Tensor, ...]) -> Tensor:
    """A result, or the first of several."""
    return result if isinstance(result, Tensor) else result[0]


def kept(way: Way, inputs: Sequence[Tensor]) -> float:
    """Megabytes that the forward pass keeps for the backward pass."""
    sizes: dict[int, int] = {}

    def keep(x: Tensor) -> Tensor:
        sizes[x.untyped_storage().data_ptr()] = x.untyped_storage().nbytes()
        return x

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x):
        way(*inputs)
    return sum(sizes.values()) / 1e6


def taken(way: Way, inputs: Sequence[Tensor]) -> float:
    """Megabytes that the largest tensor of a forward pass takes."""
    with torch.no_grad(), torch.profiler.profile(profile_memory=True) as profile:
        way(*inputs)
    sizes = [event.self_cpu_memory_usage for event in profile.events()]
    return max(sizes, default=0) / 1e6


def rows(ways: dict[str, Way], inputs: Sequence[Tensor]) -> Iterator[list[str]]:
    """A row of the table for each way."""

    def forward(way: Way) -> None:
        with torch.no_grad():
            way(*inputs)

    before = take_turns({name: partial(forward, way) for name, way in ways.items()})
    for x in inputs:
        x.requires_grad_()
    both = take_turns(
        {
            name: partial(lambda way: way(*inputs).sum().backward(), way)
            for name, way in ways.items()
        }
    )
    for name, way in ways.items():
        times = [*before[name], *both[name]]
        memory = [taken(way, inputs), kept(way, inputs)]
        yield [name, *(f"{t:.1f}" for t in times), *(f"{m:.1f}" for m in memory)]


Case = tuple[str, dict[str, Way], list[Tensor]]


def tables(title: str, cases: Sequence[Case]) -> Iterator[str]:
    """A part of the page."""
    yield f"\n## {title}\n"
    yield "| | forward, least | median | with backward, least | median | largest tensor | kept |"
    yield "|---|---|---|---|---|---|---|"
    for what, ways, inputs in cases:
        for name, *cells in rows(ways, inputs):
            yield f"| {what}: {name} | {' | '.join(cells)} |"


def compare(size: tuple[int, int, int, int], causal: bool) -> Iterator[str]:
    """The part of the page for one size."""
    batch, heads, length, width = size
    torch.manual_seed(0)
    model = heads * width
    cases: list[Case] = [
        ("function", formulas(causal), [torch.randn(size) for _ in range(3)]),
        ("capped", capped(causal), [torch.randn(size) for _ in range(3)]),
        (
            "attention",
            attentions(heads, model, length, causal),
            [torch.randn(batch, length, model)],
        ),
        ("layer", layers(heads, model, length, causal), [torch.randn(batch, length, model)]),
    ]
    yield from tables(f"{' x '.join(map(str, size))}{', causal' if causal else ''}", cases)


def compare_windows() -> Iterator[str]:
    """The part of the page for windows."""
    torch.manual_seed(0)
    for size, window in WINDOWS:
        case = ("window", windows(size[2], window), [torch.randn(size) for _ in range(3)])
        yield from tables(f"{' x '.join(map(str, size))}, window of {window}", [case])


def main() -> None:
    """All sizes."""
    torch.set_num_threads(1)
    parts = [compare(size, causal) for size in SIZES for causal in (False, True)]
    lines = [INTRODUCTION]
    for line in chain(*parts, compare_windows()):
        print(line, flush=True)
        lines.append(line)
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
