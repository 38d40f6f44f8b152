"""Rewrite rules: two programs that mean the same, the second of them cheaper."""

from __future__ import annotations

from dataclasses import dataclass, field

from qmlc.ir.circuit import Instruction
from qmlc.ir.graph import Graph
from qmlc.source.span import Span
from qmlc.types.polynomial import Symbol
from qmlc.types.tensors import TensorType


@dataclass(frozen=True)
class GateRule:
    """Gates on `num_qubits` qubits, and others with the same matrix; `symbols` are angles."""

    name: str
    num_qubits: int
    symbols: tuple[Symbol, ...]
    before: tuple[Instruction, ...]
    after: tuple[Instruction, ...]
    doc: str = ""
    place: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class GraphRule:
    """An expression of tensors, and another with the same value.

    Both graphs begin with the same input nodes, `inputs`. `symbols` are numbers that are known
    when compiling; the dimensions of `inputs` are further symbols.
    """

    name: str
    inputs: tuple[tuple[str, TensorType], ...]
    symbols: tuple[Symbol, ...]
    before: Graph
    after: Graph
    doc: str = ""
    place: Span | None = field(default=None, compare=False, repr=False)


Rule = GateRule | GraphRule


def gate_cost(instructions: tuple[Instruction, ...]) -> tuple[int, ...]:
    """What a sequence of gates costs: how many qubits each acts on, the widest first.

    Compared as tuples are: a gate costs more than any number of narrower ones. Every rule lowers
    this cost, wherever it is applied, so that applying rules comes to an end (the multiset order of
    Dershowitz and Manna, 1979). A global phase is free.
    """
    return tuple(sorted((len(i.qubits) for i in instructions if i.qubits), reverse=True))


def graph_cost(graph: Graph) -> int:
    """How many operations a graph takes; inputs and numbers are free."""
    return sum(node.operation not in ("input", "constant", "dimension") for node in graph.nodes)
