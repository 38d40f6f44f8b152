"""Calls of constructors as data: optimizers, schedules, metrics, tokenizers."""

from __future__ import annotations

from typing import Any

from qmlc.check.bind_arguments import bind_arguments
from qmlc.check.errors.training import BadOption
from qmlc.check.errors.types import BadOperation
from qmlc.check.evaluate import require_value
from qmlc.check.frame import Frame
from qmlc.check.values import Value, describe, fail
from qmlc.ir.array import Array
from qmlc.ir.program import Call
from qmlc.source.nearest import propose_nearest
from qmlc.syntax import tree

NO_TENSORS = {"metric": "a metric compares two tensors, scores and target: `r2(scores, y)`"}
"""What to say where a tensor is handed over."""


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
        _refuse_parameters(node, name.name)
        hint = NO_TENSORS.get(kind, "")
        arguments = tuple(plain_option(frame, a, hint) for a in node.arguments)
        keywords = {k.name.name: plain_option(frame, k.value, hint) for k in node.keywords}
    bind_arguments(node, name.name, rows[name.name].parameters, list(arguments), keywords)
    return Call(name.name, arguments, tuple(keywords.items()))


def _refuse_parameters(node: tree.Call, name: str) -> None:
    """Refuse `adam(net.parameters())`: the model of the block is what learns."""
    for argument in node.arguments:
        called = argument.function if isinstance(argument, tree.Call) else argument
        if isinstance(called, tree.Attribute) and called.name.name == "parameters":
            what = f"`{name}` is not handed any parameters"
            proposal = f"write `{name}(lr=0.01)`: what the block trains learns"
            fail(BadOption, argument, what, "leave this out", proposal)


def plain_option(frame: Frame, node: tree.Expression, hint: str = "") -> Any:
    """The value of an option as plain data: a number, a string or a list."""
    value = require_value(frame, node)
    if isinstance(value, Array):
        value = value.items
    if not isinstance(value, bool | int | float | str | tuple | None):
        what, where = "a number or a string is needed here", f"this is {describe(value)}"
        fail(BadOperation, node, what, where, hint)
    return value
