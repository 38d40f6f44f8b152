"""The one mask that `scaled_dot_product_attention` takes, for all masks and biases of scores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from qmlc.ir.graph import Graph
from qmlc.passes.append_function import append_number
from qmlc.passes.attention.read_masks import CAUSAL, Condition, each_row_sees
from qmlc.passes.attention.read_scores import Bias, Factor, Mask, NotLowered, Scores
from qmlc.passes.attention.target import Target
from qmlc.types.polynomial import Value
from qmlc.types.tensors import TensorType


@dataclass(frozen=True, slots=True)
class Hiding:
    """`mask` is what hides: true where something is seen, or added, if it `adds`.

    `causal` needs none.

    `seen` tells the rows that see something, where that is not sure. The others have `fill` in all
    places: if it is finite, they see everything alike; if not, they are nan.
    """

    mask: int | None = None
    causal: bool = False
    seen: int | None = None
    fill: float = -math.inf
    adds: bool = False


def append_mask(to: Target, scores: Scores, rows: Value, columns: Value) -> Hiding:
    """What hides scores of so many rows and columns; NotLowered where rows may hide in two ways."""
    masks, biases = list(scores.masks), list(scores.biases)
    sure = _sure(masks, rows, columns)
    if not sure:
        demoted = [m for m in masks if m.added is not None and math.isfinite(m.fill)]
        masks = [m for m in masks if m not in demoted]
        biases += [m.added for m in demoted if m.added is not None]
        if demoted and any(math.isfinite(m.fill) for m in masks):
            raise NotLowered("a large bias and a mask that fills in a number hide in two ways")
    if not biases and _union(masks) == CAUSAL:
        return Hiding(causal=True)
    finite = all(_is_finite(to.graph, bias.node) for bias in biases)
    hiding = [m.added for m in masks if m.added is not None and m.node is None]
    biases += hiding
    visible = _visible(to, [m for m in masks if m.node is not None])
    bias = _bias(to, biases)
    seen, fill = None, -math.inf
    if not (sure or _sure(masks, rows, columns)) or not finite:
        fill = _fill(masks, finite)
        seen = _seen(to, visible, bias if hiding or not finite else None)
    return Hiding(_combined(to, visible, bias), False, seen, fill, bias is not None)


def _union(masks: Sequence[Mask]) -> Condition | None:
    """Where all masks let something through, or None where that is not known."""
    conditions = [m.condition for m in masks if m.condition is not None]
    return frozenset().union(*conditions) if len(conditions) == len(masks) else None


def _sure(masks: Sequence[Mask], rows: Value, columns: Value) -> bool:
    """Whether each row is known to see something through the masks."""
    union = _union(masks)
    return union is not None and each_row_sees(union, rows, columns)


def _fill(masks: Sequence[Mask], finite: bool) -> float:
    """What stands in all places of a row that sees nothing."""
    fills = {m.fill for m in masks}
    if fills <= {-math.inf}:
        return -math.inf
    if len(fills) > 1 or not finite or any(m.shifted for m in masks):
        raise NotLowered("rows that see nothing differ in what they see instead")
    return fills.pop()


def _visible(to: Target, masks: Sequence[Mask]) -> int | None:
    """The truth value for each pair of query and key that all masks let through."""
    nodes = []
    for mask in masks:
        assert mask.node is not None
        node = to.place[mask.node]
        nodes.append(to.add("logical_not", node) if mask.negated else node)
    return reduce(lambda a, b: to.add("logical_and", a, b), nodes) if nodes else None


def _bias(to: Target, biases: Sequence[Bias]) -> int | None:
    """The sum of all that is added to the scores."""
    total = None
    for bias in biases:
        node = append_scaled(to, to.place[bias.node], bias.factors)
        if total is None:
            total = to.add("negative", node) if bias.sign < 0 else node
        else:
            total = to.add("add" if bias.sign > 0 else "subtract", total, node)
    if total is not None and to.builder.nodes[total].type == TensorType("int", to.dims(total)):
        total = to.add("float", total)
    return total


def append_scaled(to: Target, node: int, factors: Sequence[Factor]) -> int:
    """A node that is built, times factors of the old graph."""
    for factor in factors:
        operation = "divide" if factor.divides else "multiply"
        node = to.add(operation, node, to.place[factor.node])
    return node


def _combined(to: Target, visible: int | None, bias: int | None) -> int | None:
    if visible is None or bias is None:
        return bias if visible is None else visible
    return to.add("where", visible, bias, append_number(to.builder, -math.inf))


def _seen(to: Target, visible: int | None, bias: int | None) -> int | None:
    """Which rows see something."""
    parts = [] if visible is None else [visible]
    if bias is not None:
        parts.append(to.add("greater", bias, append_number(to.builder, -math.inf)))
    if not parts:
        return None
    both = reduce(lambda a, b: to.add("logical_and", a, b), parts)
    seen = to.add("any", both, dim=-1, keepdim=True)
    to.name(seen, "sees")
    return seen


UNBOUNDED = frozenset("log log2 log10 log1p reciprocal".split())


def _is_finite(graph: Graph, place: int) -> bool:
    """Whether a tensor is made of parameters, finite numbers and whole numbers alone."""
    seen, left = {place}, [place]
    while left:
        node = graph.nodes[left.pop()]
        if isinstance(node.type, TensorType) and node.type.dtype in ("int", "bool"):
            continue
        values = [v for _, v in node.attributes if isinstance(v, float)]
        if node.operation in ("input", *UNBOUNDED) or not all(map(math.isfinite, values)):
            return False
        left += {*node.inputs} - seen
        seen.update(node.inputs)
    return True
