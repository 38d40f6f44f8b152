"""Arguments as given, by the names of the parameters that they fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qmlc.check.errors.types import WrongArguments
from qmlc.check.values import Value, fail
from qmlc.ir.array import Array
from qmlc.ops.parameters import REQUIRED, ArgumentError, Parameter, bind
from qmlc.source.diagnostic import Label
from qmlc.source.nearest import nearest
from qmlc.syntax import tree


def bind_arguments(
    node: tree.Node,
    name: str,
    parameters: Sequence[Parameter],
    arguments: Sequence[Value],
    keywords: Mapping[str, Value],
    related: tuple[Label, ...] = (),
) -> dict[str, Value]:
    """Values by parameter name; an error that names the nearest one where they do not fit."""
    try:
        return bind(parameters, arguments, keywords)
    except ArgumentError as error:
        proposal = f"`{name}({', '.join(map(_shown, parameters))})`"
        if isinstance(error.culprit, str):
            close = _meant(error.culprit, [p.name for p in parameters])
            proposal = f"did you mean `{close}`?" if close else proposal
        at = _culprit(node, error.culprit)
        fail(WrongArguments, at, f"`{name}` {error.message}", "does not fit", proposal, related)


OTHER_NAMES = {"axis": "dim", "axes": "dim", "keepdims": "keepdim", "units": "out_features"}
"""What numpy and Keras call arguments of PyTorch's."""


def _meant(name: str, known: Sequence[str]) -> str | None:
    """The nearest name, or the one that begins with this one: `kernel` for `kernel_size`."""
    name = OTHER_NAMES.get(name, name)
    if name in known:
        return name
    begun = [k for k in known if len(name) > 2 and (k.startswith(name) or name.startswith(k))]
    return nearest(name, known) or next(iter(begun), None)


def _culprit(node: tree.Node, culprit: int | str | None) -> tree.Node:
    """The argument in the text that does not fit, else the whole call."""
    call: Any = node.into if isinstance(node, tree.Pipe) else node
    if not isinstance(call, tree.Call | tree.Head):
        return node
    if isinstance(culprit, str):
        return next((k.name for k in call.keywords if k.name.name == culprit), node)
    if isinstance(culprit, int) and culprit < len(call.arguments) and call is node:
        return call.arguments[culprit]
    return node


def _shown(parameter: Parameter) -> str:
    default = parameter.default
    if default is REQUIRED:
        return parameter.name
    if isinstance(default, tree.Node):
        return f"{parameter.name}={default.span.text}"
    text = repr(default)
    return f"{parameter.name}={text.lower() if text in ('True', 'False', 'None') else text}"


def argument_at(node: tree.Node, position: int, name: str) -> tree.Node:
    """The argument in the text that fills the parameter at `position`, else the whole call."""
    call: Any = node
    if isinstance(node, tree.Pipe):
        if position == 0:
            return node.value
        call, position = node.into, position - 1
    if isinstance(call, tree.Call | tree.Head):
        for keyword in call.keywords:
            if keyword.name.name == name:
                return keyword.value
        if position < len(call.arguments):
            return call.arguments[position]
    return node


def plain(value: Value) -> Any:
    """A setting as plain data: arrays of numbers become tuples."""
    if isinstance(value, Array):
        return tuple(plain(v) for v in value)
    if isinstance(value, tuple | range):
        return tuple(plain(v) for v in value)
    return value
