"""The nodes of `scaled_dot_product_attention`, and of what it leaves open.

Where rows may see nothing, their results are made what the formula gives for them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from qmlc.ir.graph import Graph, GraphBuilder
from qmlc.passes.append_function import append_number
from qmlc.passes.attention.append_mask import Hiding, append_mask, append_scaled
from qmlc.passes.attention.read_attention import Attention
from qmlc.passes.attention.read_products import View, append_view, find_repeated
from qmlc.passes.attention.read_scores import (
    Factor,
    NotLowered,
    Scores,
    Sizes,
    depends_on_sizes,
    number,
    with_sizes,
)
from qmlc.passes.attention.target import ATTENTION, Target
from qmlc.types.polynomial import Value, lift
from qmlc.types.sizes import divide_exactly


def append_attention(
    builder: GraphBuilder, graph: Graph, place: Sequence[int], found: Attention
) -> int:
    """The node of what `found` is, lowered; NotLowered or ShapeError where that cannot be."""
    to, scores = Target(builder, graph, place), found.scores
    query = to.view(scores.query)
    key, value, repeats = _shared_heads(to, scores.key, found.value, to.dims(query))
    hiding = append_mask(to, scores, to.dims(query)[-2], to.dims(key)[-2])
    if scores.distance:
        query, key = _with_squares(to, query, key)
    cap = None if scores.capped is None else _cap(to, scores)
    query, scale = _scale(to, scores, query)
    operands = [query, key, value]
    for node, name in zip(operands, ("query", "key", "value"), strict=True):
        to.name(node, name)
    if hiding.mask is not None:
        nan = hiding.adds and not found.without_nan
        operands.append(_with_nan(to, hiding) if nan else hiding.mask)
    result = to.add(
        ATTENTION, *operands,
        dropout_p=found.dropout, is_causal=hiding.causal, scale=scale,
        enable_gqa=repeats is not None, softcap=cap,
    )  # fmt: skip
    if hiding.seen is not None and math.isfinite(hiding.fill):
        mean = to.add("mean", value, dim=-2, keepdim=True)
        if repeats is not None and repeats > 1:
            mean = to.add("repeat_interleave", mean, repeats=repeats, dim=-3)
        result = to.add("where", hiding.seen, result, mean)
    elif hiding.seen is not None and not hiding.adds and not found.without_nan:
        result = to.add("where", hiding.seen, result, append_number(builder, math.nan))
    return append_view(builder, result, found.result)


def _with_nan(to: Target, hiding: Hiding) -> int:
    """A mask that is added, nan in the rows that see nothing, if these become nan: it is small."""
    assert hiding.mask is not None
    if hiding.seen is None or math.isfinite(hiding.fill):
        return hiding.mask
    return to.add("where", hiding.seen, hiding.mask, append_number(to.builder, math.nan))


def _shared_heads(
    to: Target, key: View, value: View, query: tuple[Value, ...]
) -> tuple[int, int, int | None]:
    """Keys and values, and how many heads of queries share each; None if none do, 1 for all."""
    if len(query) > 2:
        k, v = (find_repeated(to.graph, view, -3) for view in (key, value))
        if k is not None and v is not None and k[1] == v[1] > 1:
            few = to.view(k[0]), to.view(v[0])
            if divide_exactly(query[-3], to.dims(few[0])[-3]) == k[1]:
                return *few, k[1]
    nodes = [to.view(view) for view in (key, value)]
    leads = [to.dims(node)[:-2] for node in nodes]
    one = (*query[:-3], 1)
    shared = len(query) > 3 and leads == [one, one] and query[-3] != 1
    return nodes[0], nodes[1], 1 if shared else None


def _with_squares(to: Target, query: int, key: int) -> tuple[int, int]:
    """Queries and keys one wider, so that their product is `q @ k.T - |k|**2 / 2`.

    As a bias, the squares would need gradients, which keeps torch from its fast kernels.
    """
    square = to.add("square", key)
    if to.dims(key)[-1] != 1:
        square = to.add("sum", square, dim=-1, keepdim=True)
    half = to.add("multiply", square, append_number(to.builder, -0.5))
    return to.add("pad", query, pad=(0, 1), value=1.0), to.add("cat", key, half, dim=-1)


def _cap(to: Target, scores: Scores) -> float:
    """What `tanh` of scores is multiplied with, without its sign: `tanh` takes that, too."""
    if any(depends_on_sizes(to.graph, factor.node) for factor in scores.factors):
        raise NotLowered("the cap of the scores depends on sizes")
    return float(f"{abs(_multiplied(to, scores.times, scores.factors, {})):.16g}")


def _scale(to: Target, scores: Scores, query: int) -> tuple[int, float | None]:
    """The queries with all factors that are no number, and `scale`: None for 1 / sqrt(width).

    The scale is positive: torch's kernels for the causal mask multiply its -inf, too.
    """
    inside, within = scores.capped or (1.0, ())
    times, factors = inside * scores.times, (*within, *scores.factors)
    numbers = [f for f in factors if number(to.graph, f.node) is not None]
    tensors = [f for f in factors if f not in numbers]
    if any(to.dims(to.place[f.node])[-1:] not in ((), (1,)) for f in tensors):
        raise NotLowered("a scale is not the same for all keys")
    shape, width = to.dims(query), to.dims(query)[-1]
    query = append_scaled(to, query, tensors)
    if to.dims(query) != shape:
        raise NotLowered("a scale spreads over more than the queries")

    def value(size: int) -> float:
        sizes = {symbol: size for symbol in lift(width).symbols()}
        return _multiplied(to, abs(times), numbers, sizes)

    def usual(size: int) -> bool:
        sizes = {symbol: size for symbol in lift(width).symbols()}
        return math.isclose(value(size) * math.sqrt(with_sizes(width, sizes) or 0), 1)

    if times < 0:
        query = to.add("negative", query)
    if all(usual(size) for size in (4, 9, 50)):
        return query, None
    if any(depends_on_sizes(to.graph, f.node) for f in numbers):
        return append_scaled(to, query, numbers), abs(times)
    scale = value(4)
    if scale < 0:
        query = to.add("negative", query)
    return query, float(f"{abs(scale):.16g}")


def _multiplied(to: Target, start: float, factors: Sequence[Factor], sizes: Sizes) -> float:
    """A number times factors that are numbers; NotLowered where that is 0 or none."""
    for factor in factors:
        by = number(to.graph, factor.node, sizes)
        if not by or not math.isfinite(by):
            raise NotLowered("the scale is 0 or infinite")
        start = start / by if factor.divides else start * by
    return start
