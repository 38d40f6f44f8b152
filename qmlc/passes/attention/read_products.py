"""Products of two tensors as letters, however they are written; tensors with their axes moved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from string import ascii_lowercase, ascii_uppercase

from qmlc.ir.graph import Graph, GraphBuilder, Node
from qmlc.ops.einops_patterns import parse_pattern
from qmlc.ops.indexing import Slice
from qmlc.passes.append_function import append_function
from qmlc.types.polynomial import Value
from qmlc.types.sizes import divide_exactly
from qmlc.types.tensors import TensorType

Axes = tuple[int | None, ...]
"""Where each axis comes from; None is a new one of size 1."""


PRODUCTS = ("matmul", "bmm", "mm", "einsum")


@dataclass(frozen=True, slots=True)
class Product:
    """A sum of products over the letters of two `terms` that the `result` lacks, as in `einsum`."""

    factors: tuple[int, int]
    terms: tuple[str, str]
    result: str
    inner: tuple[int, ...] = ()
    """The product, where what is read is that with its axes moved."""


@dataclass(frozen=True, slots=True)
class View:
    """A node with its axes in another order."""

    node: int
    axes: Axes


def read_product(graph: Graph, place: int) -> Product | None:
    """The product that a node is, or None; each letter stands at most once in a term."""
    node = graph.nodes[place]
    moved = moved_axes(graph, node)
    if moved is not None and None not in moved:
        inner = read_product(graph, node.inputs[0])
        if inner is None:
            return None
        result = "".join(inner.result[a] for a in moved if a is not None)
        return replace(inner, result=result, inner=(node.inputs[0], *inner.inner))
    if node.operation not in PRODUCTS or len(node.inputs) != 2:
        return None
    left, right = (_rank(graph.nodes[i]) for i in node.inputs)
    terms: tuple[str, str]
    if node.operation == "einsum":
        terms, result = _spread(node.attribute("equation"), (left, right))
    elif min(left, right) < 2:
        return None
    else:
        lead = ascii_lowercase[: max(left, right) - 2]
        terms = (lead[len(lead) + 2 - left :] + "TD", lead[len(lead) + 2 - right :] + "DS")
        result = lead + "TS"
    if any(len(set(term)) != len(term) for term in terms):
        return None
    return Product((node.inputs[0], node.inputs[1]), terms, result)


def _spread(equation: str, ranks: tuple[int, int]) -> tuple[tuple[str, str], str]:
    """The terms and the result of an equation, with letters in the place of `...`."""
    left, arrow, result = equation.replace(" ", "").partition("->")
    first, second = left.split(",")
    spread = []
    for term, rank in zip((first, second), ranks, strict=True):
        used = len(term.replace("...", ""))
        spread.append((rank - used, term))
    free = [letter for letter in ascii_uppercase if letter not in equation]
    most = max((more for more, term in spread if "..." in term), default=0)
    terms = [term.replace("...", "".join(free[most - more : most])) for more, term in spread]
    if not arrow:
        letters = "".join(terms)
        result = "".join(sorted(a for a in set(letters) if letters.count(a) == 1))
    return (terms[0], terms[1]), result.replace("...", "".join(free[:most]))


def _dims(node: Node) -> tuple[Value, ...]:
    return node.type.dims if isinstance(node.type, TensorType) else ()


def _rank(node: Node) -> int:
    return len(_dims(node))


def moved_axes(graph: Graph, node: Node) -> Axes | None:
    """Where the axes of `node` come from, if it only moves those of its first input."""
    rank = _rank(graph.nodes[node.inputs[0]]) if node.inputs else 0
    places: list[int | None] = list(range(rank))
    match node.operation:
        case "transpose_last":
            places[-2:] = places[:-3:-1]
        case "transpose":
            a, b = (node.attribute(name) for name in ("dim0", "dim1"))
            places[a], places[b] = places[b], places[a]
        case "permute":
            places = [d % rank for d in node.attribute("dims")]
        case "unsqueeze":
            places.insert(node.attribute("dim") % (rank + 1), None)
        case "index":
            return _indexed_axes(node.attribute("index"), rank)
        case "rearrange":
            return _rearranged_axes(node.attribute("pattern"))
        case _:
            return None
    return tuple(places)


def _indexed_axes(index: tuple[object, ...], rank: int) -> Axes | None:
    whole = [item for item in index if item == Slice()]
    if any(item not in (None, Ellipsis, Slice()) for item in index):
        return None
    items = list(index)
    at = items.index(Ellipsis) if Ellipsis in items else len(items)
    items[at : at + 1] = [Slice()] * (rank - len(whole))
    places = iter(range(rank))
    return tuple(None if item is None else next(places) for item in items)


def _rearranged_axes(text: str) -> Axes | None:
    pattern = parse_pattern(text)
    left, right = ([g[0] if len(g) == 1 else "" for g in side]
                   for side in (pattern.left, pattern.right))  # fmt: skip
    if {"", "..."} & {*left, *right} or any(name.isdigit() for name in left):
        return None
    return tuple(None if name == "1" else left.index(name) for name in right)


def fold_view(graph: Graph, view: View) -> View:
    """The same axes, taken from before all that only moved them."""
    node = graph.nodes[view.node]
    moved = moved_axes(graph, node)
    if moved is None:
        return view
    axes = tuple(None if a is None else moved[a] for a in view.axes)
    if len({*axes} - {None}) != _rank(graph.nodes[node.inputs[0]]):
        return view
    return fold_view(graph, View(node.inputs[0], axes))


def find_repeated(graph: Graph, view: View, axis: int) -> tuple[View, int] | None:
    """What `view` repeats along `axis`, each element in turn, and how often; None if it does not.

    That is `repeat_interleave`, einops' `repeat`, and `reshape` after `expand` of a new axis.
    """
    node, along = graph.nodes[view.node], view.axes[axis]
    if along is None or not node.inputs:
        return None
    source, moved = node.inputs[0], tuple(range(_rank(node)))
    match node.operation:
        case "reshape":
            source = _before_expansion(graph, source, along)
        case "repeat":
            moved = _repeated_axes(node.attribute("pattern"), along)
        case "repeat_interleave" if node.attribute("dim") in (along, along - _rank(node)):
            pass
        case _:
            return None
    before, after = _dims(graph.nodes[source]), list(_dims(node))
    if len(moved) != len(before) or len(after) != len(before):
        return None
    times = divide_exactly(after[along], before[moved[along]])
    after[along] = before[moved[along]]
    if [before[a] for a in moved] != after or not isinstance(times, int):
        return None
    axes = tuple(None if a is None else moved[a] for a in view.axes)
    return fold_view(graph, View(source, axes)), times


def _repeated_axes(text: str, along: int) -> tuple[int, ...]:
    """Where axes come from that einops repeats, if only `along` is: `(g r)`, r being new."""
    pattern = parse_pattern(text)
    left = [group[0] if len(group) == 1 else "" for group in pattern.left]
    right = list(pattern.right)
    if len(right[along]) != 2 or right[along][1] in left:
        return ()
    right[along] = right[along][:1]
    names = [group[0] if len(group) == 1 else "" for group in right]
    if "" in left or sorted(names) != sorted(left) or "..." in left:
        return ()
    return tuple(left.index(name) for name in names)


def _before_expansion(graph: Graph, place: int, axis: int) -> int:
    """What had a new axis put behind `axis` and stretched; `place` itself where that is not so."""
    expand = graph.nodes[place]
    if expand.operation != "expand":
        return place
    inner = graph.nodes[expand.inputs[0]]
    moved = moved_axes(graph, inner)
    wanted: list[int | None] = list(range(_rank(expand) - 1))
    wanted.insert(axis + 1, None)
    dims = list(_dims(expand))
    del dims[axis + 1]
    if moved != tuple(wanted) or dims != list(_dims(graph.nodes[inner.inputs[0]])):
        return place
    return inner.inputs[0]


def append_view(builder: GraphBuilder, place: int, axes: Axes) -> int:
    """`place` with its axes in another order, and with new ones."""
    order = [a for a in axes if a is not None]
    wrong = [k for k, a in enumerate(order) if k != a]
    last = len(order) - 1
    if wrong == [last - 1, last]:
        place = append_function(builder, "transpose_last", [place])
    elif len(wrong) == 2:
        place = append_function(builder, "transpose", [place], dim0=wrong[0], dim1=wrong[1])
    elif wrong:
        place = append_function(builder, "permute", [place], dims=tuple(order))
    for k, a in enumerate(axes):
        if a is None:
            place = append_function(builder, "unsqueeze", [place], dim=k)
    return place


def term_view(graph: Graph, place: int, term: str, letters: str) -> View:
    """A factor of a product with its axes in the order of `letters`."""
    axes: Axes = tuple(term.index(a) if a in term else None for a in letters)
    return fold_view(graph, View(place, axes))
