"""The work of products of matrices, and of attention."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from qmlc.planning.step import Array, Step, shape_text
from qmlc.planning.work import Work, mean_size

Settings = Mapping[str, Any]

ATTENTION = "scaled_dot_product_attention"
PRODUCTS = frozenset(
    {"matmul", "mm", "bmm", "mv", "dot", "outer", "inner", "einsum", "tensordot", ATTENTION}
)
BLOCK = 512
"""Keys that torch's kernel on the processor visits at once, also those behind a causal mask."""


ROWS, FEW = 128, 512
"""Queries of which capped scores are computed at once, if there are more than few."""


def count_product(name: str, inputs: Sequence[Array], output: Array, settings: Settings) -> Step:
    """The step that a product is."""
    if name == ATTENTION:
        return count_attention(inputs, output, settings)
    flops, size = _einsum(inputs, settings) if name == "einsum" else _matmul(inputs, output)
    moved = sum(x.bytes for x in inputs) + output.bytes
    work = product_work(flops, size, moved)
    back = Work()
    for _ in range(sum(x.learns for x in inputs)):
        back += product_work(flops, size, moved) + Work({"recorded": 1})
    how = f"{name} {' @ '.join(shape_text(x.shape) for x in inputs)}"
    return Step("linear", how, work, work, back, kept=output.bytes if output.learns else 0)


def product_work(flops: float, size: float, moved: float) -> Work:
    """A product of matrices with so many operations, whose sizes have this harmonic mean."""
    return Work({"function": 1}, moved=moved, products=((flops, size),))


def _matmul(inputs: Sequence[Array], output: Array) -> tuple[float, float]:
    """Operations; the mean size of one matrix of a batch."""
    left, right = inputs[0].shape, inputs[1].shape
    inner = left[-1] if left else 1
    rows = left[-2] if len(left) > 1 else 1
    columns = right[-1] if len(right) > 1 else 1
    if len(right) == 2:  # the batch of the left side is one matrix
        rows = math.prod(left[:-1])
    return 2.0 * output.size * inner, mean_size(rows, inner, columns)


def _einsum(inputs: Sequence[Array], settings: Settings) -> tuple[float, float]:
    terms, _, result = settings["equation"].replace(" ", "").partition("->")
    terms = terms.replace("...", "")
    sizes: dict[str, int] = {}
    extra = 1
    for term, x in zip(terms.split(","), inputs, strict=True):
        own = x.shape[len(x.shape) - len(term) :]
        extra = max(extra, math.prod(x.shape[: len(x.shape) - len(term)]))
        sizes |= dict(zip(term, own, strict=True))
    left, _, right = terms.partition(",")
    kinds = {"left": 1, "right": 1, "both": 1}
    for letter, size in sizes.items():
        if (letter in left) != (letter in right):
            kinds["left" if letter in left else "right"] *= size
        elif letter not in result:
            kinds["both"] *= size
    return 2.0 * extra * math.prod(sizes.values()), mean_size(*kinds.values())


def count_attention(inputs: Sequence[Array], output: Array, settings: Settings) -> Step:
    """Attention that holds no scores, or, with dropout in training, its formula."""
    query, key, *_ = inputs
    keys, rows = key.shape[-2], query.shape[-2]
    causal, dropout = settings["is_causal"], settings["dropout_p"]
    flops = 2.0 * query.size * keys + 2.0 * output.size * keys
    share = (1 + min(BLOCK / keys, 1)) / 2 if causal else 1
    if settings["window"] is not None:
        share = _share_of_window(settings["window"], keys)
    moved = sum(x.bytes for x in inputs) + output.bytes
    heads = query.size // query.shape[-1] // rows
    scores = float(heads * rows * keys)
    fused = _kernel(1, heads, share * scores, share * flops) + Work({"function": 7}, moved=moved)
    learns = any(x.learns for x in inputs)
    facts = {"causal": causal, "window": settings["window"], "mask": len(inputs) > 3}
    kinds = [name for name, is_so in facts.items() if is_so]
    how = ", ".join([f"scaled_dot_product_attention {shape_text(query.shape)}", *kinds])
    if settings["softcap"] is not None:
        return _capped(inputs, how, moved, (scores, flops), causal)
    if has_kernel(inputs) and not dropout:
        back = Work()
        if learns:
            back = _kernel(2.5, heads, share * scores, share * flops)
            back += Work({"recorded": 6}, moved=2 * moved)
        return Step("attention", how, fused, fused, back, kept=moved if learns else 0)
    size = mean_size(rows, keys, query.shape[-1])
    numbers = {"exponential": scores, "random": scores}
    plain = Work({"function": 8}, numbers, moved=moved + 40.0 * scores, products=((flops, size),))
    back = Work({"recorded": 8}, {"exponential": scores}, moved=40.0 * scores,
                products=((2 * flops, size),)) if learns else Work()  # fmt: skip
    kept = int(12 * scores) if learns else 0
    if has_kernel(inputs):
        how += "; in training its formula, for its dropout"
        return Step("attention", how, fused, plain, back, kept=kept)
    return Step("attention", f"{how}; torch computes its formula", plain, plain, back, kept=kept)


def _share_of_window(window: tuple[int, int], keys: int) -> float:
    """The part of all scores that is computed."""
    # torch takes seconds to import
    from qmlc.runtime.attend_in_windows import rows_of_block

    rows = rows_of_block(window, keys)
    return 1.0 if rows is None else (rows + sum(window)) / keys


def _capped(
    inputs: Sequence[Array], how: str, moved: float, size: tuple[float, float], causal: bool
) -> Step:
    """The formula with `tanh`, for some rows after another where there are many.

    Then it is computed once more in the backward pass, and nothing is kept for that.
    """
    scores, flops = size
    query, key, *_ = inputs
    rows = query.shape[-2]
    chunks, learns = -(-rows // ROWS) if rows > FEW else 1, any(x.learns for x in inputs)
    if causal and chunks > 1:  # the keys that lie ahead are left out
        scores, flops = ((1 + 1 / chunks) / 2 * x for x in size)
    middle = mean_size(min(rows, ROWS), key.shape[-2], query.shape[-1])
    calls, numbers = {"function": 9.0 * chunks}, {"exponential": 4 * scores}  # tanh is three
    work = Work(calls, numbers, moved=moved + 16 * scores, products=((flops, middle),))
    back, kept = Work(), 0
    if learns:
        back = Work({"recorded": 9.0 * chunks}, moved=24 * scores, products=((2 * flops, middle),))
        back += work if chunks > 1 else Work()
        kept = int(moved if chunks > 1 else 12 * scores)
    return Step("attention", f"{how}, capped", work, work, back, kept=kept)


def _kernel(times: float, heads: int, scores: float, flops: float) -> Work:
    """Scores are made and used block by block, in products as fast as those of large matrices."""
    numbers = {"score": times * scores}
    return Work({"head": times * heads}, numbers, products=((times * flops, BLOCK),))


def has_kernel(inputs: Sequence[Array]) -> bool:
    """Whether torch has a kernel for the processor that does not hold the scores."""
    query, _, value, *_ = inputs
    return len(query.shape) == 4 and query.shape[-1] == value.shape[-1]
