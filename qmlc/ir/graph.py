"""The typed graph of one unit: frozen nodes in program order, equal pure ones shared."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from qmlc.ops.functions import FUNCTIONS
from qmlc.types.tensors import Type

Attributes = tuple[tuple[str, Any], ...]

IMPURE = frozenset({"call", "calls", *(name for name, row in FUNCTIONS.items() if row.random)})
"""Operations whose equal calls may differ: a module can hold dropout or sample, `rand` draws."""


@dataclass(frozen=True, slots=True)
class Node:
    """One value of the graph.

    `operation` is one of:
      * `input` (attribute `name`; its input, if any, is what stands for it where it is left out;
        with `none` it is None there, as nothing computes with it then);
      * `given`, an output only: the first of its inputs where all inputs of the unit in `names` are
        left out, else the second;
      * `parameter` (attribute `name`; `emb.weight` for one that a submodule holds);
      * `constant` (attribute `value`: a number or a bool);
      * `dimension` (attribute `value`: a polynomial over dimension names, known when called);
      * `call` (attribute `module`: the path of a submodule, such as `block.0` or `linear_1`; where
        inputs are left out, `names` are those that a layer of torch's is given, `places` those
        that a unit is given);
      * `calls` (attribute `modules`: the paths of circuits of one unit, each called with its entry
        of the inputs along their first dimension, which the result has, too);
      * `record` (attribute `names`), `field` (attribute `name`);
      * a row of `ops.functions` (attributes: its settings, in the order of the row).
    `inputs` are positions of earlier nodes.
    """

    operation: str
    inputs: tuple[int, ...]
    attributes: Attributes
    type: Type

    def attribute(self, name: str) -> Any:
        """The attribute `name`; KeyError where there is none."""
        return dict(self.attributes)[name]

    def modules(self) -> tuple[str, ...]:
        """The paths of the submodules that are called."""
        if self.operation == "call":
            return (self.attribute("module"),)
        return tuple(self.attribute("modules")) if self.operation == "calls" else ()


@dataclass(frozen=True)
class Graph:
    """Nodes, each after its inputs; `names` are the author's (`let`) by node."""

    nodes: tuple[Node, ...]
    output: int
    names: tuple[tuple[int, str], ...] = ()

    @cached_property
    def networkx(self) -> Any:
        """The frozen `networkx.DiGraph`: nodes by position, an edge for each use."""
        # networkx takes a third of the time of a whole check to import
        import networkx

        graph = networkx.DiGraph()
        for position, node in enumerate(self.nodes):
            graph.add_node(position, label=node.operation, type=str(node.type))
            graph.add_edges_from((source, position) for source in node.inputs)
        return networkx.freeze(graph)

    def live(self) -> set[int]:
        """The nodes that the output needs, and every input with its default."""
        # as above
        import networkx

        live = {i for i, node in enumerate(self.nodes) if node.operation == "input"}
        live.add(self.output)
        return live.union(*(networkx.ancestors(self.networkx, i) for i in live))

    @cached_property
    def users(self) -> Mapping[int, frozenset[int]]:
        """The nodes that need each node, among those that the output needs; no others are here."""
        users: dict[int, set[int]] = {self.output: set()}
        for place in range(self.output, -1, -1):
            if place in users:
                for source in self.nodes[place].inputs:
                    users.setdefault(source, set()).add(place)
        return {place: frozenset(found) for place, found in users.items()}

    def optional(self) -> frozenset[str]:
        """The names of the inputs that can be left out."""
        inputs = (node for node in self.nodes if node.operation == "input" and node.inputs)
        return frozenset(node.attribute("name") for node in inputs)

    def for_inputs(self, given: Container[str]) -> Graph:
        """This for a call that is given certain inputs: with one result, no two to choose from."""
        last = self.nodes[self.output]
        if last.operation != "given":
            return self
        left_out, all_given = last.inputs
        absent = not any(name in given for name in last.attribute("names"))
        return Graph(self.nodes, left_out if absent else all_given, self.names)


class GraphBuilder:
    """Collects nodes; equal pure nodes become one."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.names: dict[int, str] = {}
        self._known: dict[tuple[str, tuple[int, ...], Attributes], int] = {}

    def add(
        self,
        operation: str,
        inputs: Sequence[int],
        type: Type,
        **attributes: Any,
    ) -> int:
        """The position of the node, an earlier one where an equal pure one exists."""
        items = tuple(attributes.items())
        key = (operation, tuple(inputs), _typed(items))
        known = self._known.get(key)
        if known is not None and operation not in IMPURE:
            return known
        self.nodes.append(Node(operation, tuple(inputs), items, type))
        self._known[key] = len(self.nodes) - 1
        return len(self.nodes) - 1

    def name(self, node: int, name: str) -> None:
        """Remember the author's name for a node; the first one stays."""
        self.names.setdefault(node, name)

    def build(self, output: int) -> Graph:
        """The graph."""
        return Graph(tuple(self.nodes), output, tuple(sorted(self.names.items())))


def _typed(items: Attributes) -> Attributes:
    """Attributes in which 1, 1.0 and true differ."""
    return tuple((name, (type(value).__name__, value)) for name, value in items)
