"""Nodes that the output does not need are left out, and submodules that nothing uses."""

from __future__ import annotations

from dataclasses import replace

from qmlc.ir.graph import Graph
from qmlc.ir.program import Program, Unit


def drop_dead_nodes(program: Program) -> Program:
    """`program` with only live nodes in its graphs; inputs stay."""
    return replace(program, units=tuple(map(_unit, program.units)))


def _unit(unit: Unit) -> Unit:
    if unit.graph is None:
        return unit
    graph = without_dead(unit.graph)
    nodes = graph.nodes
    needed = {path for n in nodes for path in n.modules()}
    reached = [n.attribute("name") for n in nodes if n.operation == "parameter"]
    for part in reversed(unit.submodules):  # each stands behind what it is handed
        tied = any(name.startswith(f"{part.path}.") for name in reached)
        if part.given or tied or part.path in needed:
            needed |= {part.path, *part.parts()}
    return replace(
        unit,
        graph=graph,
        submodules=tuple(s for s in unit.submodules if s.path in needed),
    )


def without_dead(graph: Graph) -> Graph:
    """`graph` without what its output does not need; inputs and parameters stay."""
    live = graph.live()
    kept = [i for i, node in enumerate(graph.nodes) if i in live or node.operation == "parameter"]
    if len(kept) == len(graph.nodes):
        return graph
    place = {old: new for new, old in enumerate(kept)}
    nodes = tuple(
        replace(graph.nodes[i], inputs=tuple(place[s] for s in graph.nodes[i].inputs)) for i in kept
    )
    names = tuple((place[i], name) for i, name in graph.names if i in place)
    return Graph(nodes, place[graph.output], names)
