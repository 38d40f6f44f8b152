"""Operators handed to gates and hamiltonians: `h: operator[n]`, `parts: operator[m, n]`."""

from __future__ import annotations

from qmlc.check.dimensions import Binding, Mismatch, dimension, match_dims
from qmlc.check.errors.types import WrongArguments
from qmlc.check.frame import Frame
from qmlc.check.values import Unplaced, Value, describe, fail
from qmlc.ir.array import Array
from qmlc.ir.operator import Operator
from qmlc.source.diagnostic import Label
from qmlc.syntax import tree


def takes_operator(parameter: tree.Parameter) -> bool:
    """Whether a parameter is `operator[n]` or `operator[m, n]`."""
    written = parameter.type
    return isinstance(written, tree.TypeName) and written.name.name == "operator"


def match_operator(
    inner: Frame, place: tree.Node, parameter: tree.Parameter, value: Value, binding: Binding
) -> None:
    """Bind the number of operators that a parameter takes; WrongArguments where they do not fit."""
    written = parameter.type
    assert isinstance(written, tree.TypeName)
    declared = (Label(parameter.span, "declared here"),)
    parts = tuple(value) if isinstance(value, tuple | Array) else (value,)
    if not parts or not all(isinstance(v, Operator | Unplaced) for v in parts):
        what = f"`{parameter.name.name}` takes an operator"
        fail(WrongArguments, place, what, f"this is {describe(value)}", "", declared)
    *leading, last = written.dims
    size = dimension(inner, last, binding)
    if isinstance(value, Unplaced) and leading and isinstance(size, int):
        placed = value.place(tuple(range(size)))
        parts = tuple(placed) if isinstance(placed, Array) else (placed,)
    single = isinstance(value, Operator | Unplaced) and not leading
    try:
        match_dims(inner, tuple(leading), () if single else (len(parts),), binding)
    except Mismatch as mismatch:
        what = f"`{parameter.name.name}` takes other operators"
        fail(WrongArguments, place, what, str(mismatch), "", declared)
