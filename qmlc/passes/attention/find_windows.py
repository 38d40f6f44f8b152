"""Masks of attention that let each query see only what is near become windows.

Outside of a window nothing is computed. What else a mask says stays a mask.
"""

from __future__ import annotations

from dataclasses import replace

from qmlc.ir.graph import Graph, GraphBuilder, Node
from qmlc.ir.program import Program
from qmlc.passes.append_function import append_function
from qmlc.passes.attention.read_masks import COLUMN, ROW, Condition, visible_where
from qmlc.passes.attention.target import ATTENTION
from qmlc.passes.drop_dead_nodes import without_dead
from qmlc.types.polynomial import Polynomial, lift

DISTANCE = lift(
    Polynomial.symbol(ROW.name, ROW.index) - Polynomial.symbol(COLUMN.name, COLUMN.index)
)
"""How far the key lies before the query."""


def find_windows(program: Program) -> Program:
    """`program` with windows where masks are known to be those."""
    units = []
    for unit in program.units:
        graph = None if unit.graph is None else _find(unit.graph)
        units.append(unit if graph is unit.graph else replace(unit, graph=graph))
    return replace(program, units=tuple(units))


def _find(graph: Graph) -> Graph:
    found = {n: read for n, node in enumerate(graph.nodes) if (read := _read(graph, node))}
    if not found:
        return graph
    builder, place = GraphBuilder(), list[int]()
    for n, node in enumerate(graph.nodes):
        inputs, settings = [place[i] for i in node.inputs], dict(node.attributes)
        if n in found:
            settings["window"], masks = found[n]
            inputs = inputs[:3]
            if masks:
                mask = place[masks[0]]
                for other in masks[1:]:
                    mask = append_function(builder, "logical_and", [mask, place[other]])
                inputs.append(mask)
        place.append(builder.add(node.operation, inputs, node.type, **settings))
    for n, name in graph.names:
        builder.name(place[n], name)
    return without_dead(builder.build(place[graph.output]))


def _read(graph: Graph, node: Node) -> tuple[tuple[int, int], list[int]] | None:
    """The window of attention, and the masks that are left; None where it has none."""
    if node.operation != ATTENTION or len(node.inputs) < 4 or node.attribute("softcap") is not None:
        return None
    known: set[Polynomial] = set()
    masks = []
    for mask in _joined(graph, node.inputs[3]):
        seen = visible_where(graph, mask)
        if seen and all(_bound(p) is not None for p in seen):
            known |= seen
        else:
            masks.append(mask)
    window = _window(frozenset(known))
    return None if window is None else (window, masks)


def _joined(graph: Graph, mask: int) -> list[int]:
    """The masks all of which must let something through."""
    node = graph.nodes[mask]
    if node.operation != "logical_and":
        return [mask]
    return [part for i in node.inputs for part in _joined(graph, i)]


def _bound(polynomial: Polynomial) -> tuple[bool, int] | None:
    """Which end of a window a condition is, the one before or not, and where; None for others."""
    for before, sign in ((True, -1), (False, 1)):
        value = lift(polynomial - DISTANCE * sign).constant
        if isinstance(value, int) and value >= 0:
            return before, value
    return None


def _window(conditions: Condition) -> tuple[int, int] | None:
    """How many keys before a query and behind it are seen, if both are known."""
    bounds = [bound for p in conditions if (bound := _bound(p)) is not None]
    ends = [[value for before, value in bounds if before is end] for end in (True, False)]
    return (min(ends[0]), min(ends[1])) if all(ends) else None
