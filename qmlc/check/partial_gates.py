"""Gates handed to other gates with their angles: `grover(oracle(x))`, `evolve(H, time=t)`."""

from __future__ import annotations

from dataclasses import replace

from qmlc.check.errors_types import WrongArguments
from qmlc.check.evaluate_arguments import as_gate
from qmlc.check.frame import Frame
from qmlc.check.resolve import find_gate
from qmlc.check.values import Builtin, Declared, PartialGate, fail
from qmlc.source.diagnostic import Label
from qmlc.syntax import tree


def hand_over_gate(frame: Frame, node: tree.Expression) -> Declared | Builtin | PartialGate:
    """A gate by its name, or a call of it, whose angles belong to where it is written."""
    if isinstance(node, tree.Identifier):
        return _known(frame, node) or as_gate(frame, node)
    if isinstance(node, tree.Call) and isinstance(node.function, tree.Identifier):
        name = node.function
        if name.name != "evolve" and _known(frame, name) is None:
            find_gate(frame, name)
        return PartialGate(tree.Head(node.span, name, node.arguments, node.keywords, True), frame)
    return as_gate(frame, node)


def unfold_gate(frame: Frame, node: tree.Apply) -> tuple[Frame, tree.Apply]:
    """A gate statement whose head was handed over with angles, as it was written there."""
    value = _known(frame, node.gate.name)
    while value is not None:
        if node.gate.has_arguments:
            what = f"`{node.gate.name.name}` has its angles already"
            related = (Label(value.head.span, "given here"),)
            fail(WrongArguments, node.gate, what, "given again", "", related)
        node = replace(node, gate=value.head)
        frame = replace(value.frame, circuit=frame.circuit, stack=frame.stack, place=frame.place)
        value = _known(frame, node.gate.name)
    return frame, node


def _known(frame: Frame, name: tree.Identifier) -> PartialGate | None:
    scope = frame.scope.find(name.name)
    value = scope.values[name.name] if scope is not None else None
    return value if isinstance(value, PartialGate) else None
