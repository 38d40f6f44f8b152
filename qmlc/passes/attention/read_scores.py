"""What attention is taken from: one product of queries and keys, its scale, biases and masks.

However the scores are written, they are read as `scale * (q @ k.T) + biases`, hidden by masks, up
to what is the same in a whole row, which softmax does not see.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from qmlc.ir.graph import Graph
from qmlc.passes.attention.read_distances import read_distance
from qmlc.passes.attention.read_masks import (
    Condition,
    constant_element,
    visible_where,
    zero_in_triangle,
)
from qmlc.passes.attention.read_products import PRODUCTS, View, fold_view, read_product, term_view
from qmlc.types.polynomial import Symbol, Value, lift
from qmlc.types.tensors import TensorType

Sizes = Mapping[Symbol, int]

HIDES = -1e4
"""Scores are taken to be greater than this by far: e**-10000 is 0 in every precision."""


class NotLowered(Exception):
    """Why attention stays as it is written; a sentence without its full stop."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A tensor that something is multiplied with, or divided by."""

    node: int
    divides: bool


@dataclass(frozen=True, slots=True)
class Bias:
    """A tensor that is added to the scores, times `sign` and `factors`."""

    node: int
    sign: int = 1
    factors: tuple[Factor, ...] = ()

    def scaled(self, factor: Factor) -> Bias:
        """This, multiplied or divided once more."""
        return replace(self, factors=(*self.factors, factor))


@dataclass(frozen=True, slots=True)
class Mask:
    """What replaces scores by `fill`: where `node` is false, or true if `negated`.

    `added` is the bias that does it instead, then it may lack a `node`. `shifted` says that
    something was added to the fill later.
    """

    node: int | None
    negated: bool
    condition: Condition | None
    fill: float
    added: Bias | None = None
    shifted: bool = False

    def scaled(self, factor: Factor, value: float) -> Mask:
        """This with its fill multiplied by a factor of a known value."""
        added = None if self.added is None else self.added.scaled(factor)
        return replace(self, fill=self.fill * value, added=added)


@dataclass(frozen=True, slots=True)
class Scores:
    """The normal form; `inner` are the nodes that are not needed once it is lowered.

    `distance`: the product is `q @ k.T - |k|**2 / 2`.
    """

    query: View
    key: View
    inner: tuple[int, ...]
    times: float = 1.0
    factors: tuple[Factor, ...] = ()
    biases: tuple[Bias, ...] = ()
    masks: tuple[Mask, ...] = ()
    distance: bool = False
    capped: tuple[float, tuple[Factor, ...]] | None = None
    """What the product is multiplied with before `tanh` is taken of it; the rest comes after."""


def read_scores(graph: Graph, place: int) -> Scores:
    """The normal form of the scores at a node; NotLowered where they have none."""
    node = graph.nodes[place]
    read = READERS.get(node.operation)
    if read is None:
        if node.inputs and _holds_scores(graph, node.inputs[0]):
            raise NotLowered(f"`{node.operation}` is taken of the scores")
        raise NotLowered("the scores are no product of queries and keys")
    scores = read(graph, place)
    return replace(scores, inner=(place, *scores.inner))


def _product(graph: Graph, place: int) -> Scores:
    product = read_product(graph, place)
    if product is None or len(product.result) < 2:
        raise NotLowered("the scores are no product of queries and keys")
    (a, b), (left, right), letters = product.factors, product.terms, product.result
    lead, row, column = letters[:-2], letters[-2], letters[-1]
    if row in right or column in left:
        a, b, left, right = b, a, right, left
    shared = (set(left) & set(right)) - set(letters)
    summed = (set(left) | set(right)) - set(letters)
    if len(shared) != 1 or summed != shared or row in right or column in left:
        raise NotLowered("the scores are no product of queries and keys")
    (width,) = shared
    query, some = _without_numbers(graph, term_view(graph, a, left, lead + row + width))
    key, more = _without_numbers(graph, term_view(graph, b, right, lead + column + width))
    return Scores(query, key, product.inner, factors=(*some, *more))


def _squared(graph: Graph, place: int) -> Scores:
    found = read_distance(graph, place)
    if found is None:
        raise NotLowered("the scores are no product of queries and keys")
    query, key, inner = found
    return Scores(query, key, inner, times=-2.0, distance=True)


def _without_numbers(graph: Graph, view: View) -> tuple[View, tuple[Factor, ...]]:
    """A factor of the product without the numbers that it is multiplied with."""
    node = graph.nodes[view.node]
    if node.operation in ("multiply", "divide"):
        left, right = node.inputs
        if node.operation == "multiply" and number(graph, left) is not None:
            left, right = right, left
        if number(graph, right) is not None:
            inner, factors = _without_numbers(graph, fold_view(graph, View(left, view.axes)))
            return inner, (*factors, Factor(right, node.operation == "divide"))
    return view, ()


def _scaled(graph: Graph, place: int) -> Scores:
    node = graph.nodes[place]
    left, right = node.inputs
    if left == right:
        return _squared(graph, place)
    divides = node.operation == "divide"
    if not divides and not _holds_scores(graph, left):
        left, right = right, left
    scores, factor = read_scores(graph, left), Factor(right, divides)
    fills = number(graph, right)
    if scores.masks and (fills is None or fills <= 0):
        raise NotLowered("masked scores are multiplied with what may not be positive")
    if fills is not None and divides:
        fills = 1 / fills
    return replace(
        scores,
        factors=(*scores.factors, factor),
        biases=tuple(b.scaled(factor) for b in scores.biases),
        masks=tuple(m.scaled(factor, fills or 1) for m in scores.masks),
    )


def _negated(graph: Graph, place: int) -> Scores:
    scores = read_scores(graph, graph.nodes[place].inputs[0])
    if scores.masks:
        raise NotLowered("masked scores are negated")
    biases = tuple(replace(b, sign=-b.sign) for b in scores.biases)
    return replace(scores, times=-scores.times, biases=biases)


def _shifted(graph: Graph, place: int) -> Scores:
    node = graph.nodes[place]
    left, right = node.inputs
    sign = -1 if node.operation == "subtract" else 1
    if _holds_scores(graph, left):
        scores = read_scores(graph, left)
    else:
        left, right = right, left
        scores = read_scores(graph, left)
        if sign < 0:
            if scores.masks:
                raise NotLowered("masked scores are negated")
            negative = tuple(replace(b, sign=-b.sign) for b in scores.biases)
            scores, sign = replace(scores, times=-scores.times, biases=negative), 1
    mask = _added_mask(graph, right) if sign > 0 else None
    if mask is not None:
        return replace(scores, masks=(*scores.masks, mask))
    masks = tuple(replace(m, shifted=True) for m in scores.masks)
    return replace(scores, biases=(*scores.biases, Bias(right, sign)), masks=masks)


def _added_mask(graph: Graph, place: int) -> Mask | None:
    """A bias that is 0 where scores are seen, and hides the others."""
    node = graph.nodes[place]
    values = [constant_element(graph, i) for i in node.inputs]
    match node.operation, values:
        case "where", (_, 0, fill):
            mask = _mask(graph, node.inputs[0], False, fill)
        case "where", (_, fill, 0):
            mask = _mask(graph, node.inputs[0], True, fill)
        case "masked_fill", (0, _):
            mask = _mask(graph, node.inputs[1], True, node.attribute("value"))
        case "triu" | "tril", (fill,):
            mask = Mask(None, False, zero_in_triangle(graph, place), fill or 0)
        case "multiply", (fill, None) | (None, fill) if math.isfinite(fill or 0):
            tensor = node.inputs[values.index(None)]
            mask = Mask(None, False, visible_where(graph, tensor, True), fill or 0)
        case _:
            return None
    known = mask.node is not None or mask.condition is not None or math.isfinite(mask.fill)
    return replace(mask, added=Bias(place)) if known and mask.fill <= HIDES else None


def _mask(graph: Graph, place: int, negated: bool, fill: float | None) -> Mask:
    """A mask, without the negations that it is written with."""
    while graph.nodes[place].operation == "logical_not":
        place, negated = graph.nodes[place].inputs[0], not negated
    return Mask(place, negated, visible_where(graph, place, negated), 0 if fill is None else fill)


def _masked(graph: Graph, place: int) -> Scores:
    """Scores with others in their place where a mask says so."""
    node = graph.nodes[place]
    if node.operation == "masked_fill":
        inner, mask = node.inputs[0], _mask(graph, node.inputs[1], True, node.attribute("value"))
    else:
        seen, inner, other = node.inputs
        swapped = _holds_scores(graph, other)
        if swapped:
            inner, other = other, inner
        mask = _mask(graph, seen, swapped, constant_element(graph, other))
    if mask.fill > HIDES:
        raise NotLowered("what stands for hidden scores does not hide them")
    scores = read_scores(graph, inner)
    return replace(scores, masks=(*scores.masks, mask))


def _capped(graph: Graph, place: int) -> Scores:
    """`tanh` of a product: what is done to it later is done as to another."""
    scores = read_scores(graph, graph.nodes[place].inputs[0])
    if scores.capped is not None or scores.biases or scores.masks or scores.distance:
        raise NotLowered("`tanh` is taken of more than a product of queries and keys")
    return replace(scores, times=1.0, factors=(), capped=(scores.times, scores.factors))


def _holds_scores(graph: Graph, place: int) -> bool:
    """Whether a node is a product of two tensors, or made of one as scores are."""
    seen, left = {place}, [place]
    while left:
        place = left.pop()
        node = graph.nodes[place]
        if read_product(graph, place) is not None or read_distance(graph, place) is not None:
            return True
        if node.operation in READERS:
            left += {*node.inputs} - seen
            seen.update(node.inputs)
    return False


READERS: dict[str, Callable[[Graph, int], Scores]] = {
    **dict.fromkeys((*PRODUCTS, "transpose_last", "transpose", "permute"), _product),
    "multiply": _scaled, "divide": _scaled, "negative": _negated,
    "add": _shifted, "subtract": _shifted,
    "where": _masked, "masked_fill": _masked,
    "tanh": _capped,
    "power": _squared, "square": _squared, "sum": _squared,
}  # fmt: skip


ARITHMETIC: dict[str, Callable[..., float]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "negative": lambda a: -a,
    "reciprocal": lambda a: 1 / a,
    "sqrt": math.sqrt,
    "rsqrt": lambda a: a**-0.5,
    "float": float,
}
"""What scales are computed with."""


def number(graph: Graph, place: int, sizes: Sizes | None = None) -> float | None:
    """The value of a number for certain sizes, any for those not given; None for a tensor."""
    node = graph.nodes[place]
    if node.operation in ("constant", "dimension"):
        return with_sizes(node.attribute("value"), sizes or {})
    if node.operation not in ARITHMETIC or node.type != TensorType("real", ()):
        return None
    values = [number(graph, i, sizes) for i in node.inputs]
    if None in values:
        return None
    try:
        result = ARITHMETIC[node.operation](*values)
    except (ArithmeticError, ValueError):
        return None
    return result if isinstance(result, int | float) else None


def with_sizes(value: Value, sizes: Sizes) -> float | None:
    """The value of a polynomial for certain sizes; None where it is not real."""
    polynomial = lift(value)
    result = polynomial.substitute({s: sizes.get(s, 64) for s in polynomial.symbols()})
    return result if isinstance(result, int | float) else None


def depends_on_sizes(graph: Graph, place: int) -> bool:
    """Whether a number is only known once the module is called."""
    node = graph.nodes[place]
    if node.operation == "dimension":
        return True
    return any(depends_on_sizes(graph, i) for i in node.inputs)
