"""`scaled_dot_product_attention` on tensors of four dimensions: batch, heads, length and width.

Torch has fast kernels for these alone, if values are as wide as queries; for others, it computes
the scores of all pairs. With zeros up to one width, 512 tokens take a third of the time and less.
"""

from __future__ import annotations

from dataclasses import replace

from qmlc.ir.graph import Graph, GraphBuilder
from qmlc.ir.program import Program, Unit
from qmlc.passes.attention.target import ATTENTION, Target
from qmlc.types.sizes import product
from qmlc.types.tensors import ShapeError


def fit_attention(program: Program) -> Program:
    """`program` with all its attention in four dimensions."""
    return replace(program, units=tuple(map(_unit, program.units)))


def _unit(unit: Unit) -> Unit:
    if unit.graph is None or not any(n.operation == ATTENTION for n in unit.graph.nodes):
        return unit
    return replace(unit, graph=_fit(unit.graph))


def _fit(graph: Graph) -> Graph:
    builder = GraphBuilder()
    place: list[int] = []
    for node in graph.nodes:
        inputs = [place[i] for i in node.inputs]
        settings = dict(node.attributes)
        put = None
        if node.operation == ATTENTION:
            put = _call(Target(builder, graph, place), inputs, settings)
        if put is None or builder.nodes[put].type != node.type:
            put = builder.add(node.operation, inputs, node.type, **settings)
        place.append(put)
    for position, name in graph.names:
        builder.name(place[position], name)
    return builder.build(place[graph.output])


def _call(to: Target, operands: list[int], settings: dict[str, object]) -> int | None:
    """The call in four dimensions, its result as before; None where the sizes do not allow that."""
    dims = to.dims(operands[0])
    width = to.dims(operands[2])[-1]
    if any(len(to.dims(node)) != len(dims) for node in operands[1:3]):
        return None
    try:
        inputs, settings = _of_one_width(to, operands[:3], settings)
        inputs = [_four(to, node) for node in inputs]
        for node, name in zip(inputs, ("query", "key", "value"), strict=True):
            to.name(node, name)
        inputs += [_four_mask(to, node, len(dims)) for node in operands[3:]]
        result = to.add(ATTENTION, *inputs, **settings)
        if to.dims(result)[-1] != width:
            result = to.add("narrow", result, dim=-1, start=0, length=width)
        for axis in range(4 - len(dims)):
            result = to.add("squeeze", result, dim=1 - axis)
        if len(dims) > 4:
            result = to.add("reshape", result, shape=(*dims[:-2], *to.dims(result)[-2:]))
    except ShapeError:
        return None
    return result


def _of_one_width(
    to: Target, inputs: list[int], settings: dict[str, object]
) -> tuple[list[int], dict[str, object]]:
    """Queries, keys and values with zeros up to the width of the widest, if that is known."""
    widths = [to.dims(node)[-1] for node in inputs]
    known = [width for width in widths if isinstance(width, int)]
    if len(known) < len(widths) or len(set(known)) == 1:
        return inputs, settings
    if settings["scale"] is None:
        settings = {**settings, "scale": known[0] ** -0.5}
    query, key, value = (max(known) - width for width in known)
    padded = [_padded(to, inputs[0], query) if query else inputs[0]]
    for node, more in ((inputs[1], key), (inputs[2], value)):
        padded.append(to.add("pad", node, pad=(0, more)) if more else node)
    return padded, settings


def _padded(to: Target, query: int, more: int) -> int:
    """Queries of a greater width: what they are multiplied with there is 0."""
    node = to.builder.nodes[query]
    settings = dict(node.attributes)
    if node.operation != "pad" or len(settings["pad"]) != 2 or settings["mode"] != "constant":
        return to.add("pad", query, pad=(0, more))
    before, after = settings["pad"]
    return to.add("pad", node.inputs[0], **settings | {"pad": (before, after + more)})


def _four(to: Target, node: int) -> int:
    """Queries, keys or values, with an axis for heads put in, or all those of heads in one."""
    dims = to.dims(node)
    for _ in range(4 - len(dims)):
        node = to.add("unsqueeze", node, dim=min(len(dims) - 2, 1))
    if len(dims) > 4:
        node = to.add("reshape", node, shape=(dims[0], product(dims[1:-2]), *dims[-2:]))
    return node


def _four_mask(to: Target, mask: int, rank: int) -> int:
    """A mask for scores that had `rank` dimensions."""
    dims = to.dims(mask)
    if len(dims) < 2:
        return to.add("unsqueeze", mask, dim=0)
    if rank == 3 and len(dims) == 3:
        return to.add("unsqueeze", mask, dim=1)
    if rank <= 4 or len(dims) == 2:
        return mask
    full = (1,) * (rank - len(dims)) + dims
    return to.add("reshape", mask, shape=(full[0], product(full[1:-2]), *dims[-2:]))
