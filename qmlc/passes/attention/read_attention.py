"""Attention in a graph, however it is written: softmax of scores, dropout, product with values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qmlc.ir.graph import Graph, Node
from qmlc.ir.program import Submodule
from qmlc.passes.attention.read_products import PRODUCTS, View, read_product, term_view
from qmlc.passes.attention.read_scores import NotLowered, Scores, read_scores
from qmlc.types.tensors import TensorType

Modules = Mapping[str, Submodule]


@dataclass(frozen=True, slots=True)
class Attention:
    """What stands at a node: the result has the axes of `scores @ value`, in the order `result`."""

    scores: Scores
    value: View
    result: tuple[int, ...]
    dropout: float = 0.0
    without_nan: bool = False
    """Whether nan, which stands for a row that sees nothing, becomes 0."""


@dataclass(frozen=True, slots=True)
class _Weights:
    """The softmax beneath the weights, and what is on the way."""

    softmax: int
    inner: tuple[int, ...]
    dropout: float = 0.0
    without_nan: bool = False


def read_attention(graph: Graph, modules: Modules, place: int) -> Attention | None:
    """The attention of which a node is the result; None for another node.

    NotLowered where it is attention that cannot be said with `scaled_dot_product_attention`.
    """
    if graph.nodes[place].operation not in PRODUCTS or place not in graph.users:
        return None
    product = read_product(graph, place)
    if product is None:
        return None
    for side in (0, 1):
        weights = _weights(graph, modules, product.factors[side])
        if weights is not None:
            term, other = product.terms[side], product.terms[1 - side]
            view, order = _value(graph, product.factors[1 - side], (term, other, product.result))
            _check_axis(graph.nodes[weights.softmax])
            scores = read_scores(graph, graph.nodes[weights.softmax].inputs[0])
            _check_uses(graph, place, (*weights.inner, *scores.inner))
            return Attention(scores, view, order, weights.dropout, weights.without_nan)
    return None


def _weights(graph: Graph, modules: Modules, place: int) -> _Weights | None:
    """What the weights of a product come from, if they are a softmax."""
    node = graph.nodes[place]
    if node.operation == "softmax":
        return _Weights(place, (place,))
    dropout, without_nan = 0.0, False
    if node.operation == "call":
        module = modules[node.attribute("module")]
        if module.target != "dropout" or module.is_unit or module.given or module.changes:
            return None
        dropout = dict(module.arguments).get("p", 0.5)
        if not isinstance(dropout, int | float):
            return None
    elif node.operation == "nan_to_num" and node.attribute("nan") == 0:
        without_nan = True
    else:
        return None
    inner = _weights(graph, modules, node.inputs[0])
    if inner is None or inner.dropout:
        return None
    return _Weights(inner.softmax, (place, *inner.inner), dropout, without_nan or inner.without_nan)


def _check_axis(softmax: Node) -> None:
    kind, dim = softmax.type, softmax.attribute("dim")
    assert isinstance(kind, TensorType)
    if dim not in (-1, len(kind.dims) - 1):
        raise NotLowered("softmax is not taken over the keys, the last dimension of the scores")


def _value(graph: Graph, place: int, terms: tuple[str, str, str]) -> tuple[View, tuple[int, ...]]:
    """The values with their axes as those of the weights, and where the result's axes come from."""
    weights, term, result = terms
    lead, row, column = weights[:-2], weights[-2:-1], weights[-1]
    features = [a for a in term if a not in weights]
    kept = {*lead, row, *features}
    if len(features) != 1 or column not in term or row in term or set(result) != kept:
        raise NotLowered("the weights are not summed over the keys, with one value for each")
    letters = lead + row + features[0]
    view = term_view(graph, place, term, lead + column + features[0])
    return view, tuple(letters.index(a) for a in result)


def _check_uses(graph: Graph, root: int, inner: tuple[int, ...]) -> None:
    """NotLowered where something else needs what would no longer be there."""
    gone = {root, *inner}
    if graph.output in inner or any(not graph.users[node] <= gone for node in inner):
        raise NotLowered("the scores or the weights are needed elsewhere, too")
