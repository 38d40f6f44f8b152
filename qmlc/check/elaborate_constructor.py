"""Calls of constructors as data: optimizers, schedules, metrics, tokenizers."""

from __future__ import annotations

from typing import Any

from qmlc.check.bind_arguments import bind_arguments
from qmlc.check.errors_training import BadOption
from qmlc.check.errors_types import BadOperation
from qmlc.check.evaluate import require_value
from qmlc.check.frame import Frame
from qmlc.check.values import Value, describe, fail
from qmlc.ir.array import Array
from qmlc.ir.program import Call
from qmlc.source.nearest import propose_nearest
from qmlc.syntax import tree


def elaborate_constructor(frame: Frame, node: tree.Expression, rows: Any, kind: str) -> Call:
    """`adam(lr=0.05)` as data, its name and arguments checked against the table."""
    name = node.function if isinstance(node, tree.Call) else node
    if not isinstance(name, tree.Identifier) or name.name not in rows:
        text = name.span.text
        fail(
            BadOption,
            name,
            f"there is no {kind} `{text}`",
            "not known",
            propose_nearest(text, rows, "there are " + ", ".join(rows)),
        )
    arguments: tuple[Value, ...] = ()
    keywords: dict[str, Value] = {}
    if isinstance(node, tree.Call):
        arguments = tuple(plain_option(frame, a) for a in node.arguments)
        keywords = {k.name.name: plain_option(frame, k.value) for k in node.keywords}
    bind_arguments(node, name.name, rows[name.name].parameters, list(arguments), keywords)
    return Call(name.name, arguments, tuple(keywords.items()))


def plain_option(frame: Frame, node: tree.Expression) -> Any:
    """The value of an option as plain data: a number, a string or a list."""
    value = require_value(frame, node)
    if isinstance(value, Array):
        value = value.items
    if not isinstance(value, bool | int | float | str | tuple | None):
        fail(
            BadOperation, node, "a number or a string is needed here", f"this is {describe(value)}"
        )
    return value
