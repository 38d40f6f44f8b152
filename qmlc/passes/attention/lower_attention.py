"""Attention written as its formula becomes `scaled_dot_product_attention`.

That does not hold the scores of all pairs in memory at once, and knows more of the machine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from qmlc.ir.graph import Graph, GraphBuilder
from qmlc.ir.program import Program, Unit
from qmlc.passes.attention.append_attention import append_attention
from qmlc.passes.attention.read_attention import read_attention
from qmlc.passes.attention.read_scores import NotLowered
from qmlc.passes.drop_dead_nodes import without_dead
from qmlc.types.tensors import ShapeError


@dataclass(frozen=True, slots=True)
class Refusal:
    """Attention that stays as it is written: the node of its result, and why."""

    node: int
    reason: str


def lower_attention(program: Program) -> Program:
    """`program` with the attention in its graphs lowered."""
    units = []
    for unit in program.units:
        graph = None if unit.graph is None else lower_unit(unit)[0]
        units.append(unit if graph is unit.graph else replace(unit, graph=graph))
    return replace(program, units=tuple(units))


def lower_unit(unit: Unit) -> tuple[Graph, tuple[Refusal, ...]]:
    """The graph of a unit with its attention lowered, and what was not."""
    graph = unit.graph
    assert graph is not None
    if not any(node.operation == "softmax" for node in graph.nodes):
        return graph, ()
    modules = {part.path: part for part in unit.submodules}
    refusals: list[Refusal] = []
    builder = GraphBuilder()
    place: list[int] = []
    for position, node in enumerate(graph.nodes):
        inputs = [place[i] for i in node.inputs]
        count = len(builder.nodes)
        try:
            found = read_attention(graph, modules, position)
            if found is not None:
                put = append_attention(builder, graph, place, found)
                if builder.nodes[put].type != node.type:
                    raise NotLowered(f"it would be `{builder.nodes[put].type}`")
                place.append(put)
                continue
        except (NotLowered, ShapeError) as error:
            refusals.append(Refusal(position, str(error)))
        place.append(builder.add(node.operation, inputs, node.type, **dict(node.attributes)))
    if len(builder.nodes) == len(graph.nodes) == count:
        return graph, tuple(refusals)
    for position, name in graph.names:
        builder.name(place[position], name)
    return without_dead(builder.build(place[graph.output])), tuple(refusals)
