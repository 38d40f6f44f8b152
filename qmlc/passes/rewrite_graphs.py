"""Rules of tensors applied to the graphs of models and layers, until none applies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qmlc.ir.graph import Graph, GraphBuilder
from qmlc.ir.rules import GraphRule
from qmlc.ops.functions import FUNCTIONS
from qmlc.passes.match_graph import Match, find_match
from qmlc.types.polynomial import Polynomial
from qmlc.types.tensors import ShapeError, TensorType, Type


def rewrite_graph(rules: Iterable[GraphRule], graph: Graph) -> Graph:
    """The graph after all applications of `rules`; earlier rules and nodes go first.

    Each application lowers `ir.rules.graph_cost`, so there is an end to them.
    """
    rules = tuple(rules)
    while True:
        changed = _rewrite_once(rules, graph)
        if changed is None:
            return graph
        graph = changed


def _rewrite_once(rules: tuple[GraphRule, ...], graph: Graph) -> Graph | None:
    for rule in rules:
        last = rule.before.nodes[rule.before.output].operation
        for place, node in enumerate(graph.nodes):
            if node.operation != last:
                continue
            for match in find_match(rule, graph, place):
                changed = _replace(rule, graph, place, match)
                if changed is not None:
                    return changed
    return None


def _replace(rule: GraphRule, graph: Graph, root: int, match: Match) -> Graph | None:
    """The graph with the right side of a rule in the place of its left; None where types change."""
    builder = GraphBuilder()
    place: dict[int, int] = {}
    for position, node in enumerate(graph.nodes):
        if position in match.inner:
            continue
        if position == root:
            put = _instantiate(rule, builder, [place[i] for i in match.inputs], match)
            if put is None or builder.nodes[put].type != node.type:
                return None
            place[position] = put
            continue
        inputs = [place[i] for i in node.inputs]
        place[position] = builder.add(node.operation, inputs, node.type, **dict(node.attributes))
    for position, name in graph.names:
        if position in place:
            builder.name(place[position], name)
    return builder.build(place[graph.output])


def _instantiate(
    rule: GraphRule, builder: GraphBuilder, inputs: list[int], match: Match
) -> int | None:
    """Add the right side to a graph; None where an argument would not be a number."""
    place = list(inputs)
    for node in rule.after.nodes[len(inputs) :]:
        settings = {name: _settle(value, match) for name, value in node.attributes}
        operands = [place[i] for i in node.inputs]
        if node.operation in ("constant", "dimension"):
            place.append(_number(builder, settings["value"]))
            continue
        if any(isinstance(value, Polynomial) for value in settings.values()):
            return None
        types = [builder.nodes[i].type for i in operands]
        kind = _type(node.operation, types, settings)
        if kind is None:
            return None
        place.append(builder.add(node.operation, operands, kind, **settings))
    return place[rule.after.output]


def _settle(setting: Any, match: Match) -> Any:
    return setting.substitute(match.numbers) if isinstance(setting, Polynomial) else setting


def _number(builder: GraphBuilder, value: Any) -> int:
    if isinstance(value, Polynomial):
        return builder.add("dimension", [], TensorType("int"), value=value)
    kinds = {bool: "bool", int: "int", float: "real", complex: "complex"}
    return builder.add("constant", [], TensorType(kinds[type(value)]), value=value)


def _type(operation: str, types: list[Type], settings: dict[str, Any]) -> TensorType | None:
    """The type of a function's result, or None where its shape law does not hold."""
    row = FUNCTIONS[operation]
    given: list[Any] = list(types)
    if not row.variadic:
        given += [None] * (len(row.tensors) - len(types))
    try:
        kind = row.law(given, settings)
    except ShapeError:
        return None
    return kind if isinstance(kind, TensorType) else None
