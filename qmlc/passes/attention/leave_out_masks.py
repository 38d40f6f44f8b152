"""Masks that an input leaves true by default cost nothing where that input is left out.

What only hands such an input on hands None on. What masks attention with it gets two results: one
for None, in which nothing is masked, and one for a mask.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from qmlc.ir.graph import Graph, GraphBuilder, Node
from qmlc.ir.program import Program, Unit
from qmlc.passes.attention.read_masks import CAUSAL, each_row_sees, visible_where
from qmlc.passes.attention.target import ATTENTION
from qmlc.passes.drop_dead_nodes import without_dead
from qmlc.types.tensors import TensorType

Units = Mapping[str, Unit]


def leave_out_masks(program: Program) -> Program:
    """`program` in which inputs that may be left out stay None where that is all the same."""
    done: dict[str, Unit] = {}
    for unit in program.units:
        graph = unit.graph
        if graph is not None and graph.optional():
            graph = _for_none(graph) or graph
            graph = _handed_on(graph, unit, done)
        done[unit.class_name] = unit if graph is unit.graph else replace(unit, graph=graph)
    return replace(program, units=tuple(done.values()))


def _default(graph: Graph, node: Node) -> object:
    """The one number that stands for an input that is left out; None where there is none."""
    if node.operation != "input" or not node.inputs:
        return None
    source = graph.nodes[node.inputs[0]]
    return source.attribute("fill_value") if source.operation == "full" else None


def _staying_none(graph: Graph, places: frozenset[int]) -> Graph:
    """`graph` with inputs that are None where they are left out, whatever stands for them."""
    nodes = [
        replace(node, attributes=(*node.attributes, ("none", True))) if n in places else node
        for n, node in enumerate(graph.nodes)
    ]
    return replace(graph, nodes=tuple(nodes))


def _handed_on(graph: Graph, unit: Unit, units: Units) -> Graph:
    """`graph` whose inputs stay None if all that need them can do without."""
    parts = {s.path: units.get(s.target) for s in unit.submodules if s.is_unit and not s.given}
    places = frozenset(
        n for n, node in enumerate(graph.nodes)
        if node.operation == "input" and _default(graph, node) is not None
        and "none" not in dict(node.attributes) and graph.users.get(n)
        and all(_can_lack(graph, n, graph.nodes[user], parts) for user in graph.users[n])
    )  # fmt: skip
    return _staying_none(graph, places) if places else graph


def _can_lack(graph: Graph, place: int, user: Node, parts: Mapping[str, Unit | None]) -> bool:
    """Whether a call of a unit without what is at `place` is the same as with its default."""
    part = parts.get(user.attribute("module")) if user.operation == "call" else None
    if part is None or part.graph is None:
        return False
    order = dict(user.attributes).get("places") or range(len(user.inputs))
    names = {part.inputs[k][0] for k, i in zip(order, user.inputs, strict=True) if i == place}
    inner = [n for n in part.graph.nodes if n.operation == "input" and n.attribute("name") in names]
    wanted = _default(graph, graph.nodes[place])
    return all(_same(_default(part.graph, node), wanted) for node in inner)


def _same(a: object, b: object) -> bool:
    return type(a) is type(b) and a == b


def _for_none(graph: Graph) -> Graph | None:
    """`graph` with two results, if without its optional inputs less is masked."""
    optional = frozenset(
        n for n, node in enumerate(graph.nodes) if _default(graph, node) is True
    )  # fmt: skip
    done = graph.nodes[graph.output].operation == "given"
    if not optional or done or not any(node.operation == ATTENTION for node in graph.nodes):
        return None
    nodes = [
        Node("expand", node.inputs, (), node.type) if n in optional else node
        for n, node in enumerate(graph.nodes)
    ]
    filled = replace(graph, nodes=tuple(nodes))
    builder = GraphBuilder()
    builder.nodes = list(graph.nodes)
    place = list(range(len(graph.nodes)))
    gained = False
    for n, node in enumerate(graph.nodes):
        if n in optional:
            place[n] = node.inputs[0]
            continue
        put = _simpler(filled, n, place, builder)
        gained |= put is not None
        inputs = tuple(place[i] for i in node.inputs)
        if put is None and inputs != node.inputs:
            put = builder.add(node.operation, inputs, node.type, **dict(node.attributes))
        place[n] = n if put is None else put
    if not gained:
        return None
    for n, name in graph.names:
        builder.name(n, name)
        builder.name(place[n], name)
    names = tuple(graph.nodes[n].attribute("name") for n in sorted(optional))
    results = (place[graph.output], graph.output)
    output = builder.add("given", results, graph.nodes[graph.output].type, names=names)
    return without_dead(_staying_none(builder.build(output), optional))


def _simpler(graph: Graph, n: int, place: list[int], builder: GraphBuilder) -> int | None:
    """What a node is, put into `builder`, if the masks that are known say more than it does."""
    node = graph.nodes[n]
    match node.operation, node.inputs:
        case "where", (mask, other, _) if _is_true(graph, mask):
            return place[other] if graph.nodes[other].type == node.type else None
        case "scaled_dot_product_attention", (*operands, mask) if len(node.inputs) > 3:
            seen, less = visible_where(graph, mask), _less(graph, mask)
            if seen in (frozenset(), CAUSAL):
                settings = {**dict(node.attributes), "is_causal": seen == CAUSAL}
            elif less != mask:
                operands, settings = [*operands, less], dict(node.attributes)
            else:
                return None
            return builder.add(node.operation, [place[i] for i in operands], node.type, **settings)
    return None


def _less(graph: Graph, mask: int) -> int:
    """What hides as much as a mask does, without what lets everything through."""
    node = graph.nodes[mask]
    if node.operation != "logical_and":
        return mask
    left = [i for i in node.inputs if not _is_true(graph, i)]
    return _less(graph, left[0]) if len(left) == 1 else mask


def _is_true(graph: Graph, place: int) -> bool:
    """Whether a mask lets everything through, or tells of rows, all of which see something."""
    node = graph.nodes[place]
    if node.operation != "any":
        return visible_where(graph, place) == frozenset()
    inner = graph.nodes[node.inputs[0]].type
    seen = visible_where(graph, node.inputs[0])
    if seen is None or not isinstance(inner, TensorType) or len(inner.dims) < 2:
        return False
    return node.attribute("dim") == -1 and each_row_sees(seen, *inner.dims[-2:])
