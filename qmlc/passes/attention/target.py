"""A graph that is being built from another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qmlc.ir.graph import Graph, GraphBuilder
from qmlc.passes.append_function import append_function
from qmlc.passes.attention.read_products import View, append_view
from qmlc.types.polynomial import Value
from qmlc.types.tensors import TensorType

ATTENTION = "scaled_dot_product_attention"
"""The operation that attention becomes."""


@dataclass(frozen=True, slots=True)
class Target:
    """A graph that is being built from another; `place` says where its nodes are."""

    builder: GraphBuilder
    graph: Graph
    place: Sequence[int]

    def add(self, operation: str, *operands: int, **settings: object) -> int:
        """A function of nodes that are built already."""
        return append_function(self.builder, operation, operands, **settings)

    def dims(self, node: int) -> tuple[Value, ...]:
        """The shape of a node that is built."""
        kind = self.builder.nodes[node].type
        assert isinstance(kind, TensorType)
        return kind.dims

    def view(self, view: View) -> int:
        """A view of a node of the old graph."""
        return append_view(self.builder, self.place[view.node], view.axes)

    def name(self, node: int, name: str) -> None:
        """What a node is called if it is new."""
        if node not in self.place:
            self.builder.name(node, name)
