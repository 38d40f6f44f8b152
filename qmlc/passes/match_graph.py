"""Where the left side of a rule stands in a graph: sums and products match in either order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from qmlc.ir.graph import Graph
from qmlc.ir.rules import GraphRule
from qmlc.types.polynomial import Polynomial, Symbol, Value
from qmlc.types.tensors import TensorType
from qmlc.types.unify import Numbers, unify

COMMUTATIVE = frozenset(
    "add multiply minimum maximum logical_and logical_or logical_xor equal not_equal".split()
)
NUMBERS = ("constant", "dimension")
REST = Symbol("...")


@dataclass(frozen=True)
class Match:
    """Nodes for the inputs of a rule, values for its symbols, and the nodes that go."""

    inputs: tuple[int, ...]
    numbers: Numbers
    inner: frozenset[int]
    """What only the last node of the place uses, itself not among them."""


@dataclass(frozen=True)
class _Found:
    """Pairs of nodes that agree so far, and what is to be equal besides."""

    nodes: Mapping[int, int]
    equations: tuple[tuple[Any, Any], ...] = ()


def find_match(rule: GraphRule, graph: Graph, root: int) -> Iterator[Match]:
    """The ways in which node `root`, which the output needs, is that of a rule's left side."""
    for found in _match(rule, graph, rule.before.output, root, _Found({})):
        match = _complete(rule, graph, root, found)
        if match is not None:
            yield match


def _match(
    rule: GraphRule, graph: Graph, pattern: int, actual: int, found: _Found
) -> Iterator[_Found]:
    if pattern in found.nodes:
        if found.nodes[pattern] == actual:
            yield found
        return
    wanted, node = rule.before.nodes[pattern], graph.nodes[actual]
    now = replace(found, nodes={**found.nodes, pattern: actual})
    if wanted.operation == "input":
        yield now
        return
    if wanted.operation in NUMBERS:
        if node.operation in NUMBERS:
            equation = (wanted.attribute("value"), node.attribute("value"))
            yield replace(now, equations=(*now.equations, equation))
        return
    if wanted.operation != node.operation or len(wanted.inputs) != len(node.inputs):
        return
    values = dict(node.attributes)
    equations = tuple((value, values[name]) for name, value in wanted.attributes)
    now = replace(now, equations=now.equations + equations)
    orders = [node.inputs]
    if node.operation in COMMUTATIVE and node.inputs[0] != node.inputs[1]:
        orders.append(node.inputs[::-1])
    for order in orders:
        yield from _match_all(rule, graph, tuple(zip(wanted.inputs, order, strict=True)), now)


def _match_all(
    rule: GraphRule, graph: Graph, pairs: tuple[tuple[int, int], ...], found: _Found
) -> Iterator[_Found]:
    if not pairs:
        yield found
        return
    (pattern, actual), *rest = pairs
    for now in _match(rule, graph, pattern, actual, found):
        yield from _match_all(rule, graph, tuple(rest), now)


def _complete(rule: GraphRule, graph: Graph, root: int, found: _Found) -> Match | None:
    """The match, if its numbers agree and nothing else uses what is inside."""
    count = len(rule.inputs)
    inputs = tuple(found.nodes[i] for i in range(count))
    numbers: Numbers | None = {}
    for (_, declared), place in zip(rule.inputs, inputs, strict=True):
        kind = graph.nodes[place].type
        numbers = _bind_dims(declared, kind, numbers) if numbers is not None else None
    numbers = None if numbers is None else unify(found.equations, numbers)
    if numbers is None:
        return None
    matched = {
        actual
        for pattern, actual in found.nodes.items()
        if rule.before.nodes[pattern].operation not in ("input", *NUMBERS)
    }
    inner = frozenset(matched - {root})
    if graph.output in inner or inner & set(inputs):
        return None
    if any(not graph.users[place] <= matched for place in inner):
        return None
    return Match(inputs, numbers, inner)


def _bind_dims(declared: TensorType, kind: Any, numbers: Numbers) -> Numbers | None:
    """`numbers` with the sizes that make a type the declared one; a size of 1 fits any name."""
    if not isinstance(kind, TensorType) or kind.dtype != declared.dtype:
        return None
    dims, actual = declared.dims, kind.dims
    if dims and _is_rest(dims[0]):
        dims = dims[1:]
        if len(actual) < len(dims):
            return None
        actual = actual[len(actual) - len(dims) :]
    if len(dims) != len(actual):
        return None
    equations = [(wanted, size) for wanted, size in zip(dims, actual, strict=True) if size != 1]
    return unify(equations, numbers)


def _is_rest(dim: Value) -> bool:
    return isinstance(dim, Polynomial) and REST in dim.symbols()
