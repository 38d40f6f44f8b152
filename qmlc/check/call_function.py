"""Calls of functions: rows of `ops.functions`, in networks as nodes, elsewhere at once."""

from __future__ import annotations

import operator as op
from collections.abc import Sequence
from typing import Any

from qmlc.check.bind_arguments import bind_arguments, plain
from qmlc.check.compute_arrays import ARRAY_FUNCTIONS, compute_array
from qmlc.check.errors.types import (
    BadOperation,
    NotKnown,
    ShapeMismatch,
    WrongArguments,
)
from qmlc.check.frame import Frame
from qmlc.check.operate import as_node, shape_error
from qmlc.check.values import (
    RecordNode,
    Tensor,
    Value,
    describe,
    fail,
    type_of,
)
from qmlc.ir.array import Array, ArrayError, elementwise, matmul
from qmlc.ir.operator import Operator
from qmlc.ops.functions import FUNCTIONS
from qmlc.ops.rows import Function
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial
from qmlc.types.polynomial import Value as Exact
from qmlc.types.tensors import RecordType, ShapeError

Arguments = list[Value]
Keywords = dict[str, Value]


def call_function(
    frame: Frame, node: tree.Node, name: str, arguments: Arguments, keywords: Keywords
) -> Value:
    """A row of `ops.functions` applied: a node in a network, worked out at once elsewhere."""
    row = FUNCTIONS[name]
    if row.variadic:
        arguments = _gather(arguments)
    if row.rest and len(arguments) > len(row.parameters):
        last = len(row.parameters) - 1
        arguments = [*arguments[:last], tuple(arguments[last:])]
    sizes = {}
    if row.sizes:
        known = {p.name for p in row.parameters}
        sizes = {k: v for k, v in keywords.items() if k not in known}
        keywords = {k: v for k, v in keywords.items() if k in known}
    values = bind_arguments(node, name, row.parameters, arguments, keywords)
    tensors = [values[p.name] for p in row.tensors]
    settings = {p.name: plain(values[p.name]) for p in row.settings}
    if row.sizes:
        settings["sizes"] = tuple(sizes.items())
    if row.variadic:
        tensors = list(tensors[0])
    if frame.network is not None and _is_symbolic(tensors, row):
        return _add(frame, node, name, row, tensors, settings)
    return _scalar(node, name, row, tensors, settings)


def _is_symbolic(tensors: Sequence[Value], row: Function) -> bool:
    return (
        any(isinstance(t, Tensor | range) for t in tensors)
        or not row.scalar
        or any(isinstance(t, Polynomial) for t in tensors)
    )


def _gather(arguments: Arguments) -> Arguments:
    """The list that a variadic function takes, given as a list or one by one."""
    first = next((i for i, a in enumerate(arguments) if not isinstance(a, str)), 0)
    rest = arguments[first:]
    if len(rest) and isinstance(rest[0], tuple):
        return arguments
    if [isinstance(r, Array) for r in rest].count(True) == 1 and isinstance(rest[0], Array):
        return [*arguments[:first], tuple(rest[0]), *rest[1:]]  # a list of arrays is one
    return [*arguments[:first], tuple(rest)]


def _add(
    frame: Frame,
    node: tree.Node,
    name: str,
    row: Function,
    tensors: Sequence[Value],
    settings: dict[str, Any],
) -> Value:
    assert frame.network is not None
    nodes = [None if t is None else as_node(frame, node, t) for t in tensors]
    for setting in settings.values():
        if isinstance(setting, Tensor):
            what = f"a setting of `{name}` must be known when compiling"
            fail(NotKnown, node, what, f"this is {describe(setting)}")
    try:
        kind = row.law([None if t is None else t.type for t in nodes], settings)
    except ShapeError as error:
        shape_error(frame, node, error, nodes)
    inputs = [t.node for t in nodes if t is not None]
    if any(t is None for t in nodes[: len(inputs)]):
        left_out = next(p.name for p, t in zip(row.tensors, nodes, strict=True) if t is None)
        fail(
            WrongArguments,
            node,
            f"`{name}` needs `{left_out}` here",
            "not given",
            "of several optional tensors, only the last can be left out",
        )
    position = frame.network.graph.add(name, inputs, kind, **settings)
    return RecordNode(position, kind) if isinstance(kind, RecordType) else Tensor(position, kind)


def _scalar(
    node: tree.Node,
    name: str,
    row: Function,
    tensors: Sequence[Value],
    settings: dict[str, Any],
) -> Value:
    """A function of exact numbers: those of a circuit, or known when compiling."""
    values = [t for t in tensors if t is not None]
    if any(isinstance(v, Tensor) for v in values) or not all(
        isinstance(v, int | float | complex | Polynomial | Array | Operator) for v in values
    ):
        wrong = next((v for v in values if type_of(v) is None), values[0] if values else None)
        fail(BadOperation, node, f"`{name}` takes tensors", f"this is {describe(wrong)}")
    try:
        if name in ("matmul", "dot"):
            return matmul(values[0], values[1])
        if name == "mean" and isinstance(values[0], Array):
            return _mean(values[0], settings.get("dim"))
        if name in ARRAY_FUNCTIONS:
            return compute_array(name, row, values, settings)
        if row.scalar:
            scalar = row.scalar
            return elementwise(lambda *a: _apply_scalar(node, name, scalar, a), *values)
    except (ArrayError, IndexError) as error:
        fail(BadOperation, node, f"`{name}` does not apply", str(error))
    except ShapeError as error:
        fail(ShapeMismatch, node, "shapes do not agree", error.message, error.proposal)
    fail(
        BadOperation,
        node,
        f"`{name}` belongs into a layer or a model",
        "a circuit's numbers are worked out one by one",
        "compute it before the circuit, and hand the result over as an input",
    )


def _apply_scalar(node: tree.Node, name: str, scalar: str, arguments: tuple[Exact, ...]) -> Exact:
    try:
        return Polynomial.apply(scalar, *arguments)
    except (ValueError, ZeroDivisionError, OverflowError, TypeError):
        fail(
            BadOperation,
            node,
            f"`{name}` is not defined there",
            "of " + ", ".join(map(str, arguments)),
        )


def _mean(array: Array, axis: Any) -> Value:
    """The mean of all, or along one axis; sums and products are compile-time functions."""
    flat = Array((len(array.items),), array.items) if axis is None else array
    dim = 0 if axis is None else int(axis)
    count = flat.shape[dim]
    return elementwise(lambda total: total / count, flat.reduce(op.add, dim, 0))
