"""`freeze(m)`, `prune(m, amount)`: an instance to which something is done once it is made."""

from __future__ import annotations

from dataclasses import replace

from qmlc.check.bind_arguments import argument_at, bind_arguments
from qmlc.check.errors.names import WrongKind
from qmlc.check.errors.types import WrongArguments
from qmlc.check.frame import Frame
from qmlc.check.values import Builtin, Declared, Instance, Value, describe, fail
from qmlc.ir.program import Call
from qmlc.ops.changes import ARGUMENTS, CHANGES
from qmlc.ops.parameters import Parameter
from qmlc.syntax import tree

CHANGED = ("layer", "model", "circuit", "kernel", "extern")


def change_instance(
    frame: Frame, node: tree.Node, name: str, arguments: list[Value], keywords: dict[str, Value]
) -> Instance:
    """The instance, or one of the component, that the row `name` of CHANGES is applied to."""
    rows = (Parameter("module"), *CHANGES[name].parameters)
    values = bind_arguments(node, name, rows, arguments, keywords)
    module, place = values.pop("module"), argument_at(node, 0, "module")
    if isinstance(module, Builtin | Declared) and module.kind in CHANGED:
        module = Instance(module, (), (), place.span, frame.loops)
    if not isinstance(module, Instance):
        what = f"`{name}` takes a layer, a model or a circuit"
        fail(WrongKind, place, what, f"this is {describe(module)}", f"`{name}(linear(4))`")
    for position, (key, value) in enumerate(values.items(), 1):
        if not ARGUMENTS[key].test(value):
            at = argument_at(node, position, key)
            what = f"`{key}` {ARGUMENTS[key].words}"
            fail(WrongArguments, at, what, f"this is {describe(value)}")
    change = Call(name, (), tuple(values.items()))
    return replace(module, changes=(*module.changes, change))
