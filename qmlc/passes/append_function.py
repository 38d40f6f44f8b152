"""A function put into a graph that is being built, with the type that its shape law gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qmlc.ir.graph import GraphBuilder
from qmlc.ops.functions import FUNCTIONS
from qmlc.types.tensors import ShapeError, TensorType


def append_function(
    builder: GraphBuilder, operation: str, operands: Sequence[int], **settings: Any
) -> int:
    """The node of a row of `ops.functions`, its other settings at their defaults.

    ShapeError where its law does not hold.
    """
    row = FUNCTIONS[operation]
    given: list[Any] = [builder.nodes[i].type for i in operands]
    if not row.variadic:
        given += [None] * (len(row.tensors) - len(operands))
    values = {p.name: settings.get(p.name, p.default) for p in row.settings}
    kind = row.law(given, values)
    if not isinstance(kind, TensorType):
        raise ShapeError(f"`{operation}` yields no tensor")
    return builder.add(operation, operands, kind, **values)


def append_number(builder: GraphBuilder, value: bool | int | float | complex) -> int:
    """The node of a number."""
    kinds = {bool: "bool", int: "int", float: "real", complex: "complex"}
    return builder.add("constant", [], TensorType(kinds[type(value)]), value=value)
