"""What a loss computes of data and fixed parts alone becomes a method of its own, `features`.

It is the same in each epoch, so that training computes it once; `from_features` goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from qmlc.ir.graph import Graph, GraphBuilder
from qmlc.ir.program import Call, Method, Program, Submodule, Training, Unit, all_parts
from qmlc.passes.models.fixed_parts import RANDOM, Units, is_costly, is_fixed
from qmlc.passes.models.inline_units import NotInlined, inline_units
from qmlc.types.polynomial import Symbol, Value, lift
from qmlc.types.tensors import RecordType, TensorType, Type

FEATURES, FROM_FEATURES = "features", "from_features"


def split_frozen(program: Program) -> Program:
    """`program` whose losses have two methods more where that saves something.

    `features` yields a record of tensors that begin with the examples of the batch. `from_features`
    takes inputs of the loss, then the fields of that record, and yields what the loss yields.
    """
    units = {unit.class_name: unit for unit in program.units}
    for training in program.trainings:
        if training.loss in units:
            units[training.loss] = _split(units[training.loss], training, units)
    return replace(program, units=tuple(units.values()))


def _split(loss: Unit, training: Training, units: Units) -> Unit:
    if any(part.path in (FEATURES, FROM_FEATURES) for part in loss.submodules):
        return loss
    marked = replace(loss, submodules=tuple(_mark(p, training, units) for p in loss.submodules))

    def holds_fixed(part: Submodule, unit: Unit) -> bool:
        inside = (inner for _, inner in all_parts(unit, units))
        return (
            unit.graph is not None
            and not is_fixed(part, units)
            and any(is_fixed(inner, units) and is_costly(inner, units) for inner in inside)
        )

    try:
        graph = inline_units(marked, units, holds_fixed)
    except NotInlined:
        return loss
    costly = _find_costly(graph, marked, units)
    cut = [n for n in sorted(costly) if _is_used_outside(graph, n, costly)]
    batch = next((t.dims[0] for _, t in loss.inputs if isinstance(t, TensorType) and t.dims), None)
    if not cut or not all(_begins_with(graph.nodes[n].type, batch) for n in cut):
        return loss
    features = _name_features(graph, cut, [name for name, _ in loss.inputs])
    return replace(loss, methods=(_features(loss, graph, features), _head(loss, graph, features)))


def _mark(part: Submodule, training: Training, units: Units) -> Submodule:
    """A part of a loss; another model than the one in training does not learn."""
    if part.path == training.model or not is_costly(part, units):
        return part
    return replace(part, changes=(*part.changes, Call("freeze")))


def _find_costly(graph: Graph, unit: Unit, units: Units) -> frozenset[int]:
    """The nodes that are the same whenever the data is, and need a call that takes time."""
    parts = dict(all_parts(unit, units))
    same: set[int] = set()
    costly: set[int] = set()
    for n, node in enumerate(graph.nodes):
        called = [parts[path] for path in node.modules()]
        fixed = node.operation not in RANDOM and node.operation != "parameter"
        fixed = fixed and all(is_fixed(part, units) for part in called)
        if not fixed or not same.issuperset(node.inputs):
            continue
        same.add(n)
        if not costly.isdisjoint(node.inputs) or any(is_costly(part, units) for part in called):
            costly.add(n)
    return frozenset(costly)


def _is_used_outside(graph: Graph, n: int, inside: frozenset[int]) -> bool:
    return n in graph.users and (n == graph.output or not graph.users[n] <= inside)


def _begins_with(kind: Type, size: Value | None) -> bool:
    """Whether a feature has an entry for each example; complex ones no file holds."""
    if not isinstance(kind, TensorType) or kind.dtype == "complex":
        return False
    return kind.dims[:1] == (size,)


def _name_features(graph: Graph, cut: Iterable[int], taken: Iterable[str]) -> dict[int, str]:
    """A name for each node: the author's, or that of the part or function."""
    authors, used = dict(graph.names), set(taken)
    names = {}
    for n in cut:
        node = graph.nodes[n]
        path = next(iter(node.modules()), node.operation)
        name = authors.get(n, path.rpartition(".")[2])
        name = name if name.isidentifier() else "feature"
        count = 1
        unique = name
        while unique in used:
            count += 1
            unique = f"{name}_{count}"
        used.add(unique)
        names[n] = unique
    return names


def _features(loss: Unit, graph: Graph, features: Mapping[int, str]) -> Method:
    builder = GraphBuilder()
    kinds = [(name, graph.nodes[n].type) for n, name in features.items()]
    output = RecordType(tuple((name, t) for name, t in kinds if isinstance(t, TensorType)))
    place = _copy(builder, graph, features, {})
    put = builder.add(
        "record", [place[n] for n in features], output, names=tuple(features.values())
    )
    made = builder.build(put)
    doc = "What does not change while this learns: training computes it once."
    return Method(FEATURES, _inputs(loss, made, []), output, made, doc)


def _head(loss: Unit, graph: Graph, features: Mapping[int, str]) -> Method:
    builder = GraphBuilder()
    place = _copy(builder, graph, [graph.output], features)
    made = builder.build(place[graph.output])
    given = [(name, graph.nodes[n].type) for n, name in features.items()]
    doc = "The same as a call, from the features on."
    return Method(FROM_FEATURES, (*_inputs(loss, made, given), *given), loss.output, made, doc)


def _copy(
    builder: GraphBuilder, graph: Graph, wanted: Iterable[int], given: Mapping[int, str]
) -> dict[int, int]:
    """Where the nodes stand that are needed for those `wanted`; inputs are `given` for some."""
    open_, needed = list(wanted), set[int]()
    while open_:
        n = open_.pop()
        if n not in needed:
            needed.add(n)
            open_ += () if n in given else graph.nodes[n].inputs
    place: dict[int, int] = {}
    for n in sorted(needed):
        node = graph.nodes[n]
        if n in given:
            place[n] = builder.add("input", [], node.type, name=given[n])
            continue
        inputs = [place[i] for i in node.inputs]
        place[n] = builder.add(node.operation, inputs, node.type, **dict(node.attributes))
    for n, name in graph.names:
        if n in place and n not in given:
            builder.name(place[n], name)
    return place


def _inputs(
    loss: Unit, graph: Graph, given: Iterable[tuple[str, Type]]
) -> tuple[tuple[str, Type], ...]:
    """The inputs of a loss that a graph takes, and those that alone have some size."""
    read = {node.attribute("name") for node in graph.nodes if node.operation == "input"}
    known = {s for name, kind in (*loss.inputs, *given) if name in read for s in _sizes(kind)}
    taken = []
    for name, kind in loss.inputs:
        if name in read or not known.issuperset(_sizes(kind)):
            known |= _sizes(kind)
            taken.append((name, kind))
    return tuple(taken)


def _sizes(kind: Type) -> set[Symbol]:
    """The sizes that a tensor tells."""
    dims = kind.dims if isinstance(kind, TensorType) else ()
    return {s for dim in dims for s in lift(dim).symbols() if lift(dim) == lift(dim).symbol(s.name)}
