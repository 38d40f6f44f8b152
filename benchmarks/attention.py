"""Attention as written, as compiled, and as torch's own layers and functions compute it.

Prints milliseconds of the fastest of several runs on one thread, forward, and forward with
backward, in float32; and the memory that the results of the forward pass hold for the backward.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import qmlc

SIZES = ((8, 12, 128, 64), (1, 12, 1024, 64), (1, 8, 4096, 64))
"""Batch, heads, length, width: those of BERT, of GPT-2, and of a long text."""

FORMULA = """
model full(q: real[B, H, T, d], k: real[B, H, T, d], v: real[B, H, T, d]) -> real[B, H, T, d] =
    softmax(q @ k.T / sqrt(d)) @ v

model causal(q: real[B, H, T, d], k: real[B, H, T, d], v: real[B, H, T, d]) -> real[B, H, T, d] {
    let seen = range(T)[:, none] >= range(T)
    return softmax(where(seen, q @ k.T / sqrt(d), -inf)) @ v
}
"""
LAYER = """
use std.transformer (multi_head_attention)

model layer(x: real[B, T, %d]) -> real[B, T, %d] = multi_head_attention(%d)(x, x)
"""


def fastest(work: Callable[[], object], limit: float = 3.0) -> float:
    """Milliseconds of the fastest of the runs that fit into `limit` seconds, at least three."""
    times: list[float] = []
    while len(times) < 3 or sum(times) < limit:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


def measure(module: Callable[..., Tensor], inputs: Sequence[Tensor]) -> tuple[float, float, float]:
    """Milliseconds forward, and with backward; megabytes kept for the backward pass."""
    with torch.no_grad():
        forward = fastest(lambda: module(*inputs))
    for x in inputs:
        x.requires_grad_()
    both = fastest(lambda: torch.autograd.backward(module(*inputs).sum()))
    kept: dict[int, int] = {}

    def keep(x: Tensor) -> Tensor:
        kept[x.untyped_storage().data_ptr()] = x.untyped_storage().nbytes()
        return x

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x):
        module(*inputs)
    return forward, both, sum(kept.values()) / 1e6


def report(name: str, module: Callable[..., Tensor], inputs: Sequence[Tensor]) -> None:
    """One line."""
    forward, both, kept = measure(module, inputs)
    print(f"  {name:34}{forward:10.2f}{both:10.2f}{kept:10.1f}", flush=True)


def compare(batch: int, heads: int, length: int, width: int) -> None:
    """All ways at one size."""
    print(f"batch {batch}, heads {heads}, length {length}, width {width}")
    torch.manual_seed(0)
    inputs = [torch.randn(batch, heads, length, width) for _ in range(3)]
    programs = [qmlc.compile(FORMULA, level=level) for level in (0, 2)]
    for name, causal in (("full", False), ("causal", True)):
        for program, how in zip(programs, ("as written", "compiled"), strict=True):
            report(f"{name}, {how}", getattr(program, name)(), inputs)
        function = partial(F.scaled_dot_product_attention, is_causal=causal)
        report(f"{name}, torch's function", function, inputs)
    size = heads * width
    x = [torch.randn(batch, length, size)]
    report("layer, compiled", qmlc.compile(LAYER % (size, size, heads)).layer(), x)
    theirs = nn.MultiheadAttention(size, heads, batch_first=True)
    report("layer, nn.MultiheadAttention", lambda x: theirs(x, x, x, need_weights=False)[0], x)


def main() -> None:
    """All sizes."""
    torch.set_num_threads(1)
    print(f"{'':36}{'forward':>10}{'+backward':>10}{'MB kept':>10}")
    for size in SIZES:
        compare(*size)


if __name__ == "__main__":
    main()
