"""Gates handed to other gates with their angles: `grover(oracle(x))`, `evolve(H, time=t)`."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from qmlc.check.errors.names import WrongKind
from qmlc.check.errors.types import NotKnown, WrongArguments
from qmlc.check.evaluate import evaluate
from qmlc.check.frame import Frame
from qmlc.check.resolve import find_gate
from qmlc.check.values import Builtin, Declared, PartialGate, Poison, Stop, describe, fail
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


def as_gate(frame: Frame, node: tree.Expression) -> Declared | Builtin:
    """A gate handed over by its name."""
    if not isinstance(node, tree.Identifier):
        fail(WrongKind, node, "a gate is handed over by its name", "not a name")
    return find_gate(frame, node)


def fix_angles(gate: Declared | Builtin | PartialGate) -> Declared | Builtin | PartialGate:
    """A gate handed over as a setting, its angles as numbers; NotKnown where they are none."""
    if not isinstance(gate, PartialGate):
        return gate
    head = gate.head
    arguments = tuple(_number(gate.frame, node) for node in head.arguments)
    keywords = tuple(replace(k, value=_number(gate.frame, k.value)) for k in head.keywords)
    return replace(gate, head=replace(head, arguments=arguments, keywords=keywords))


def _number(frame: Frame, node: tree.Expression) -> tree.Expression:
    if isinstance(node, tree.Identifier) and frame.scope.find(node.name) is None:
        with suppress(Stop):
            if not isinstance(find_gate(frame, node), PartialGate):
                return node  # a gate handed to this gate
    value = evaluate(frame, node)
    if isinstance(value, Poison):
        raise Stop(None)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return tree.Literal(node.span, value)
    what = "the angle of a gate that is a setting must be known when compiling"
    fail(NotKnown, node, what, f"this is {describe(value)}", "hand it over as an input")


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
