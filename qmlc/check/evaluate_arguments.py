"""The arguments of a call or of a gate, as values; where a parameter is a gate, as gates."""

from __future__ import annotations

from qmlc.check.circuits.partial_gates import fix_angles, hand_over_gate
from qmlc.check.evaluate import attempt, evaluate
from qmlc.check.frame import Frame
from qmlc.check.resolve import find_gate
from qmlc.check.values import Declared, Value
from qmlc.syntax import tree


def evaluate_arguments(
    frame: Frame, node: tree.Call | tree.Head, function: Value = None
) -> tuple[list[Value], dict[str, Value]]:
    """The values of the arguments of a call; where a setting is a gate, gates are looked up."""
    kinds = _gate_settings(function)
    arguments = [
        _setting(frame, a) if i < len(kinds) and kinds[i][1] else attempt(frame, a)
        for i, a in enumerate(node.arguments)
    ]
    gates = {name for name, takes_gate in kinds if takes_gate}
    keywords = {
        k.name.name: _setting(frame, k.value) if k.name.name in gates else attempt(frame, k.value)
        for k in node.keywords
    }
    return arguments, keywords


def _setting(frame: Frame, node: tree.Expression) -> Value:
    """A gate by its name, unless the name is bound here (an input may be called `x`), or a call."""
    if isinstance(node, tree.Identifier) and frame.scope.find(node.name) is None:
        return find_gate(frame, node)
    if isinstance(node, tree.Call):
        return fix_angles(hand_over_gate(frame, node))
    return evaluate(frame, node)


def _gate_settings(function: Value) -> list[tuple[str, bool]]:
    """The settings of a component by name, and whether each is a gate."""
    if not isinstance(function, Declared) or not isinstance(function.declaration, tree.Component):
        return []
    return [(p.name.name, takes_gate(p)) for p in function.declaration.settings or ()]


def takes_gate(parameter: tree.Parameter) -> bool:
    """Whether a parameter is of the kind `gate`."""
    written = parameter.type
    return isinstance(written, tree.TypeName) and written.name.name == "gate"
