"""A circuit that is applied to several tensors is called once, with all of them in one batch.

So are circuits of one unit, with the parameters of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from qmlc.ir.graph import Graph, GraphBuilder
from qmlc.ir.program import Program, Unit
from qmlc.ops.indexing import Slice
from qmlc.passes.append_function import append_function
from qmlc.passes.drop_dead_nodes import without_dead
from qmlc.passes.models.join_parts import append_joined, natural_axis
from qmlc.types.polynomial import Symbol, lift
from qmlc.types.tensors import TensorType

FEW = 4
"""For fewer circuits with parameters of their own it is not worth while to go together."""


@dataclass(frozen=True, slots=True)
class Group:
    """Calls that are made together; each has so many dimensions of a `batch`."""

    calls: tuple[int, ...]
    paths: tuple[str, ...]
    """Of the module that is called, or of that of each call."""
    batch: int


def batch_calls(program: Program) -> Program:
    """`program` whose models call each circuit once for all that it can be given at a time."""
    units = {unit.class_name: unit for unit in program.units}
    return replace(program, units=tuple(_batch(unit, units) for unit in program.units))


def _batch(unit: Unit, units: Mapping[str, Unit]) -> Unit:
    if unit.graph is None:
        return unit
    circuits = {
        part.path: units[part.target]
        for part in unit.submodules
        # what is given from Python may be another module, which maps over nothing
        if part.is_unit and not part.given and units[part.target].kind == "circuit"
    }
    graph = unit.graph
    for several in (False, True):
        batches = {n: batch for n in graph.users if (batch := _batch_rank(graph, n, circuits)) >= 0}
        levels = _find_levels(graph, batches)
        groups = _group(graph, batches, levels, circuits, several)
        graph = _rebuild(graph, groups, levels) if groups else graph
    return unit if graph is unit.graph else replace(unit, graph=graph)


def _batch_rank(graph: Graph, n: int, circuits: Mapping[str, Unit]) -> int:
    """How many dimensions a call of a circuit maps over; -1 where it cannot have one more."""
    node = graph.nodes[n]
    if node.operation != "call" or node.attribute("module") not in circuits:
        return -1
    unit = circuits[node.attribute("module")]
    given = [graph.nodes[i].type for i in node.inputs]
    if len(given) != len(unit.inputs) or not isinstance(node.type, TensorType):
        return -1
    leading = {
        kind.dims[: len(kind.dims) - len(declared.dims)]
        for kind, (_, declared) in zip(given, unit.inputs, strict=True)
        if isinstance(kind, TensorType) and isinstance(declared, TensorType)
    }
    return len(*leading) if len(leading) == 1 else -1


def _find_levels(graph: Graph, calls: Mapping[int, int]) -> list[int]:
    """How many of `calls` each node needs one after the other, itself among them."""
    levels: list[int] = []
    for n, node in enumerate(graph.nodes):
        before = max((levels[i] for i in node.inputs), default=0)
        levels.append(before + (n in calls))
    return levels


def _group(
    graph: Graph,
    batches: Mapping[int, int],
    levels: Sequence[int],
    circuits: Mapping[str, Unit],
    several: bool,
) -> Mapping[int, Group]:
    """The calls of one module, or of `several` of one unit, on one level: none needs another."""
    found: dict[object, list[int]] = {}
    for n in sorted(batches):
        node = graph.nodes[n]
        (path,) = node.modules()
        what = circuits[path].class_name if several else path
        types = tuple(graph.nodes[i].type for i in node.inputs)
        found.setdefault((what, levels[n], types), []).append(n)
    groups: dict[int, Group] = {}
    for calls in found.values():
        paths = tuple(dict.fromkeys(path for n in calls for path in graph.nodes[n].modules()))
        fits = len(calls) > 1
        if several:
            fits = len(paths) == len(calls) >= FEW and _goes_with_others(circuits[paths[0]])
        if fits:
            groups |= dict.fromkeys(calls, Group(tuple(calls), paths, batches[calls[0]]))
    return groups


def _goes_with_others(unit: Unit) -> bool:
    """Whether the kernels take a circuit's tensors as they are, and expectations are all it yields.

    Functions of its inputs would be evaluated for each circuit by itself.
    """
    circuit = unit.circuit
    assert circuit is not None
    angles = (lift(angle) for i in circuit.instructions for angle in i.angles)
    atoms = (atom for angle in angles for monomial, _ in angle.terms for atom, _ in monomial)
    simple = all(isinstance(atom, Symbol) for atom in atoms)
    kinds = [result.kind for result in circuit.results]
    return simple and bool(circuit.parameters) and kinds == ["expval"]


def _rebuild(graph: Graph, groups: Mapping[int, Group], levels: Sequence[int]) -> Graph:
    """The graph with one call for each group: calls of a level, then what else is on it."""
    builder = GraphBuilder()
    place: dict[int, int] = {}
    for n in sorted(range(len(graph.nodes)), key=lambda n: (levels[n], n not in groups, n)):
        node = graph.nodes[n]
        settings = dict(node.attributes)
        operands = [place[i] for i in node.inputs]
        if n in place:
            continue
        if n in groups:
            place |= _append_call(builder, graph, groups[n], place)
        elif node.operation in ("stack", "cat"):
            place[n] = append_joined(builder, node.operation, operands, settings["dim"])
            assert builder.nodes[place[n]].type == node.type
        else:
            place[n] = builder.add(node.operation, operands, node.type, **settings)
    for n, name in graph.names:
        builder.name(place[n], name)
    return without_dead(builder.build(place[graph.output]))


def _append_call(
    builder: GraphBuilder, graph: Graph, group: Group, place: Mapping[int, int]
) -> dict[int, int]:
    """Where the results of the calls of a group stand, in those of one call."""
    columns = [
        tuple(place[i] for i in column)
        for column in zip(*(graph.nodes[n].inputs for n in group.calls), strict=True)
    ]
    axis = natural_axis(builder, columns[0]) if len(group.paths) == 1 else 0
    axis = axis if axis <= group.batch else 0
    inputs = [_append_stacked(builder, column, axis) for column in columns]
    node = graph.nodes[group.calls[0]]
    assert isinstance(node.type, TensorType)
    dims = node.type.dims
    kind = TensorType(node.type.dtype, (*dims[:axis], len(group.calls), *dims[axis:]))
    if len(group.paths) == 1:
        call = builder.add("call", inputs, kind, **dict(node.attributes))
    else:
        call = builder.add("calls", inputs, kind, modules=group.paths)
    before = (Slice(),) * axis
    return {
        n: append_function(builder, "index", [call], index=(*before, i))
        for i, n in enumerate(group.calls)
    }


def _append_stacked(builder: GraphBuilder, column: Sequence[int], axis: int) -> int:
    """The tensors stacked along an axis; one alone is repeated without a copy."""
    kind = builder.nodes[column[0]].type
    if axis == 0 and len(set(column)) == 1 and isinstance(kind, TensorType):
        return append_function(builder, "expand", column[:1], size=(len(column), *kind.dims))
    return append_joined(builder, "stack", column, axis)
