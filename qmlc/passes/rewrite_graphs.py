"""Rules of tensors applied to the graphs of models and layers, until none applies."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from typing import Any

from qmlc.ir.graph import Graph, GraphBuilder
from qmlc.ir.rules import GraphRule
from qmlc.passes.append_function import append_function, append_number
from qmlc.passes.drop_dead_nodes import without_dead
from qmlc.passes.match_graph import Match, find_match
from qmlc.types.polynomial import Polynomial, Symbol
from qmlc.types.tensors import ShapeError, TensorType


def rewrite_graph(rules: Iterable[GraphRule], graph: Graph) -> Graph:
    """The graph after all applications of `rules`; earlier rules and nodes go first.

    Each application lowers `ir.rules.graph_cost`, so there is an end to them.
    """
    rules = tuple(rules)
    while True:
        changed = next(filter(None, (_apply(rule, graph) for rule in rules)), None)
        if changed is None:
            return graph
        graph = changed


def _apply(rule: GraphRule, graph: Graph) -> Graph | None:
    """The graph with a rule applied wherever it can be at once; None where it is nowhere."""
    last = rule.before.nodes[rule.before.output].operation
    roots = [n for n, node in enumerate(graph.nodes) if node.operation == last and n in graph.users]
    matches: dict[int, list[Match]] = {root: list(find_match(rule, graph, root)) for root in roots}
    if not any(matches.values()):
        return None
    builder = GraphBuilder()
    place: list[int] = []
    taken: set[int] = set()
    for position, node in enumerate(graph.nodes):
        put = None
        for match in matches.get(position, ()):
            if put is None and taken.isdisjoint({position, *match.inner}):
                put = _instantiate(rule, builder, [place[i] for i in match.inputs], match)
                if put is not None and builder.nodes[put].type != node.type:
                    put = None
                taken |= {position, *match.inner} if put is not None else set()
        if put is None:
            inputs = [place[i] for i in node.inputs]
            put = builder.add(node.operation, inputs, node.type, **dict(node.attributes))
        place.append(put)
    if not taken:
        return None
    for position, name in graph.names:
        builder.name(place[position], name)
    return without_dead(builder.build(place[graph.output]))


def _instantiate(
    rule: GraphRule, builder: GraphBuilder, inputs: list[int], match: Match
) -> int | None:
    """Add the right side to a graph; None where an argument would not be a number."""
    place = list(inputs)
    for node in rule.after.nodes[len(inputs) :]:
        try:
            settings = {name: _settle(value, match) for name, value in node.attributes}
        except (ZeroDivisionError, OverflowError):
            return None
        operands = [place[i] for i in node.inputs]
        if node.operation in ("constant", "dimension"):
            if not _is_exact(node.attribute("value"), settings["value"]):
                return None
            place.append(_number(builder, settings["value"]))
            continue
        if any(isinstance(value, Polynomial) for value in settings.values()):
            return None
        try:
            place.append(append_function(builder, node.operation, operands, **settings))
        except ShapeError:
            return None
    return place[rule.after.output]


def _settle(setting: Any, match: Match) -> Any:
    return setting.substitute(match.numbers) if isinstance(setting, Polynomial) else setting


def _is_exact(written: Any, value: Any) -> bool:
    """Whether a node can hold a number of a rule: a size is whole, and nothing overflowed."""
    if isinstance(value, Polynomial):
        return all(
            type(coefficient) is int and all(isinstance(atom, Symbol) for atom, _ in monomial)
            for monomial, coefficient in value.terms
        )
    return not isinstance(written, Polynomial) or not isinstance(value, float) or isfinite(value)


def _number(builder: GraphBuilder, value: Any) -> int:
    if isinstance(value, Polynomial):
        return builder.add("dimension", [], TensorType("int"), value=value)
    return append_number(builder, value)
