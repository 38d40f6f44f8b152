"""Where the values of an expression come from, for errors that show every place involved."""

from __future__ import annotations

from collections.abc import Sequence

from qmlc.check.frame import Frame
from qmlc.check.values import Tensor, describe
from qmlc.source.diagnostic import Label
from qmlc.source.span import Span
from qmlc.syntax import tree


def origin(frame: Frame, node: tree.Node) -> Span | None:
    """Where the name that `node` is was bound; None for other expressions."""
    if not isinstance(node, tree.Identifier):
        return None
    scope = frame.scope.find(node.name)
    return scope.places.get(node.name) if scope is not None else None


def operands(node: tree.Node) -> tuple[tree.Node, ...]:
    """The expressions that an operator, an index or a call works on, in their order."""
    match node:
        case tree.Binary():
            return node.left, node.right
        case tree.Unary():
            return (node.operand,)
        case tree.Index() | tree.Attribute():
            return (node.base,)
        case tree.Call():
            return node.arguments
        case tree.Pipe():
            into = node.into
            return node.value, *(into.arguments if isinstance(into, tree.Call) else ())
    return ()


def label_operands(
    frame: Frame, node: tree.Node, values: Sequence[Tensor | None]
) -> tuple[Label, ...]:
    """A label with its type for each operand: where its name was bound, else where it stands."""
    labels = []
    for operand, value in zip(operands(node), values, strict=False):
        if value is not None:
            place = origin(frame, operand) or operand.span
            labels.append(Label(place, f"this is {describe(value)}"))
    return tuple(dict.fromkeys(labels))
