"""Squared distances of queries and keys: |q|**2 - 2 q k + |k|**2, a product and two biases."""

from __future__ import annotations

from qmlc.ir.graph import Graph
from qmlc.passes.attention.read_products import View, fold_view
from qmlc.types.tensors import TensorType

Distance = tuple[View, View, tuple[int, ...]]
"""Queries, keys, and the nodes beneath."""


def read_distance(graph: Graph, place: int) -> Distance | None:
    """What a node is the squared distances of, for each query and each key; None for others."""
    node = graph.nodes[place]
    summed = node.operation == "sum"
    if summed and not _sums_last(graph, place):
        return None
    squared = node.inputs[0] if summed else place
    base = _square_root(graph, squared)
    if base is None:
        return None
    pair = _pair(graph, base, summed)
    beneath = (squared, base) if summed else (base,)
    return None if pair is None else (*pair, beneath)


def _sums_last(graph: Graph, place: int) -> bool:
    node = graph.nodes[place]
    last = len(_dims(graph, node.inputs[0])) - 1
    alone = len(node.inputs) == 1 and not node.attribute("keepdim")
    return alone and node.attribute("dim") in (-1, last)


def _pair(graph: Graph, base: int, summed: bool) -> tuple[View, View] | None:
    """The queries and the keys between which `base` is the distance, or the difference."""
    node = graph.nodes[base]
    if node.operation not in ("cdist", "subtract"):
        return None
    left, right = (_aligned(graph, i, base) for i in node.inputs)
    if node.operation == "cdist":
        return None if summed or node.attribute("p") != 2 else (left, right)
    find = _summed if summed else _narrow
    return find(graph, left, right) or find(graph, right, left)


def _dims(graph: Graph, place: int) -> tuple[object, ...]:
    kind = graph.nodes[place].type
    return kind.dims if isinstance(kind, TensorType) else ()


def _square_root(graph: Graph, place: int) -> int | None:
    """What a node is the square of."""
    node = graph.nodes[place]
    match node.operation:
        case "square":
            return node.inputs[0]
        case "multiply" if node.inputs[0] == node.inputs[1]:
            return node.inputs[0]
        case "power":
            exponent = graph.nodes[node.inputs[1]]
            if exponent.operation == "constant" and exponent.attribute("value") == 2:
                return node.inputs[0]
    return None


def _aligned(graph: Graph, place: int, result: int) -> View:
    """A node with as many axes as the result that it broadcasts to."""
    rank = len(_dims(graph, place))
    axes = (None,) * (len(_dims(graph, result)) - rank) + tuple(range(rank))
    return fold_view(graph, View(place, axes))


def _size(graph: Graph, view: View, axis: int) -> object:
    place = view.axes[axis]
    return 1 if place is None else _dims(graph, view.node)[place]


def _narrow(graph: Graph, query: View, key: View) -> tuple[View, View] | None:
    """`q - k.T`, for one number each: `[..., T, 1]` and `[..., 1, S]`."""
    if len(query.axes) < 2 or _size(graph, query, -1) != 1 or _size(graph, key, -2) != 1:
        return None
    return query, View(key.node, (*key.axes[:-2], key.axes[-1], key.axes[-2]))


def _summed(graph: Graph, query: View, key: View) -> tuple[View, View] | None:
    """`q[..., :, none, :] - k[..., none, :, :]`, to be summed over the last axis."""
    if len(query.axes) < 3 or query.axes[-2] is not None or key.axes[-3] is not None:
        return None
    return (
        View(query.node, (*query.axes[:-2], query.axes[-1])),
        View(key.node, (*key.axes[:-3], *key.axes[-2:])),
    )
