"""Calls and pipes: functions, instances of layers and circuits, placed operators."""

from __future__ import annotations

from typing import Any

from qmlc.check.bind_arguments import argument_at, bind_arguments
from qmlc.check.call_declared import call_fn, call_hamiltonian
from qmlc.check.call_function import call_function
from qmlc.check.compile_time import call_compile_time, works_on
from qmlc.check.errors.names import WrongKind
from qmlc.check.errors.types import WrongArguments
from qmlc.check.evaluate import attempt, evaluate
from qmlc.check.evaluate_arguments import evaluate_arguments
from qmlc.check.frame import Frame
from qmlc.check.split_tensor import SPLITS, split_tensor
from qmlc.check.units.apply import apply_instance
from qmlc.check.units.bind_settings import bind_settings
from qmlc.check.units.change_instance import change_instance
from qmlc.check.values import (
    UNITS,
    Builtin,
    Declared,
    Instance,
    Poison,
    RecordNode,
    Tensor,
    Unplaced,
    Value,
    as_qubits,
    describe,
    fail,
)
from qmlc.ir.array import Array, shape_of
from qmlc.ops.changes import CHANGES
from qmlc.ops.layers import LAYERS
from qmlc.ops.parameters import REQUIRED
from qmlc.ops.tunings import Full
from qmlc.source.diagnostic import Label
from qmlc.syntax import tree


def call(frame: Frame, node: tree.Call | tree.Pipe) -> Value:
    """The value of `f(a)` or of `x |> f`."""
    if isinstance(node, tree.Pipe):
        return _pipe(frame, node)
    function = evaluate(frame, node.function)
    arguments, keywords = evaluate_arguments(frame, node, function)
    if any(isinstance(v, Poison) for v in (function, *arguments, *keywords.values())):
        return Poison()
    return _call(frame, node, function, arguments, keywords)


def _pipe(frame: Frame, node: tree.Pipe) -> Value:
    value = attempt(frame, node.value)
    into = node.into
    if not isinstance(into, tree.Call):
        function = evaluate(frame, into)
        if isinstance(value, Poison) or isinstance(function, Poison):
            return Poison()
        return _call(frame, node, function, [value], {})
    function = evaluate(frame, into.function)
    arguments, keywords = evaluate_arguments(frame, into, function)
    if any(isinstance(v, Poison) for v in (value, function, *arguments, *keywords.values())):
        return Poison()
    if isinstance(function, Builtin) and function.name in CHANGES:
        changed = change_instance(frame, into, function.name, arguments, keywords)
        return _call(frame, node, changed, [value], {})
    if _is_component(function) and _has_settings(function):
        return _call(
            frame, node, _instance(frame, into, function, arguments, keywords), [value], {}
        )
    return _call(frame, node, function, [value, *arguments], keywords)


def _is_component(function: Value) -> bool:
    return isinstance(function, Builtin | Declared) and function.kind in UNITS


def _has_settings(function: Builtin | Declared) -> bool:
    if isinstance(function, Builtin):
        return True
    declaration = function.declaration
    return isinstance(declaration, tree.Component) and declaration.settings is not None


def _call(
    frame: Frame,
    node: tree.Call | tree.Pipe,
    function: Value,
    arguments: list[Value],
    keywords: dict[str, Value],
) -> Value:
    match function:
        case Builtin(kind="function"):
            return _call_builtin(frame, node, function.name, arguments, keywords)
        case Full():  # the tuning is a value; called, the name is the function's
            return _call_builtin(frame, node, "full", arguments, keywords)
        case Declared(kind="fn"):
            return call_fn(frame, node, function, arguments, keywords)
        case Declared(kind="hamiltonian"):
            return call_hamiltonian(frame, node, function, arguments, keywords)
        case Instance():
            return apply_instance(frame, node, function, arguments, keywords)
        case Unplaced():
            return place_operator(node, function, arguments)
        case tuple() if function and all(isinstance(f, Unplaced) for f in function):
            placed = tuple(place_operator(node, f, arguments) for f in function)
            equal = len({shape_of(operator) for operator in placed}) == 1
            return Array.stack(placed) if equal else placed
    if isinstance(function, Builtin | Declared) and _is_component(function):
        if not _applies_directly(function, arguments):
            return _instance(frame, node, function, arguments, keywords)
        bare = Instance(function, (), (), _mention(node), frame.loops)
        return apply_instance(frame, node, bare, arguments, keywords)
    callee = node.function if isinstance(node, tree.Call) else node.into
    fail(
        WrongKind,
        callee,
        f"{describe(function)} cannot be called",
        "not a function or layer",
        "functions, layers, circuits and models can be called",
    )


def _call_builtin(
    frame: Frame, node: tree.Node, name: str, arguments: list[Value], keywords: dict[str, Value]
) -> Value:
    """A function that is there without import: of parts, of values known now, or of tensors."""
    if name in SPLITS:
        return split_tensor(frame, node, name, arguments, keywords)
    if name in CHANGES:
        return change_instance(frame, node, name, arguments, keywords)
    if works_on(name, arguments):
        return call_compile_time(frame, node, name, arguments, keywords)
    return call_function(frame, node, name, arguments, keywords)


def _mention(node: tree.Call | tree.Pipe) -> Any:
    function = node.function if isinstance(node, tree.Call) else node.into
    return function.function.span if isinstance(function, tree.Call) else function.span


def _instance(
    frame: Frame,
    node: tree.Call | tree.Pipe,
    function: Builtin | Declared,
    arguments: list[Value],
    keywords: dict[str, Value],
) -> Instance:
    """A component with its settings, which are checked here, where they are written."""
    named = tuple(keywords.items())
    instance = Instance(function, tuple(arguments), named, _mention(node), frame.loops)
    _refuse_tensors(node, function, [*arguments, *keywords.values()])
    if isinstance(function, Declared):
        bind_settings(node, instance)
    else:
        bind_arguments(node, function.name, LAYERS[function.name].parameters, arguments, keywords)
    return instance


def _refuse_tensors(
    node: tree.Call | tree.Pipe, function: Builtin | Declared, values: list[Value]
) -> None:
    """Refuse inputs where the settings stand."""
    tensor = next((v for v in values if isinstance(v, Tensor | RecordNode)), None)
    if tensor is None:
        return
    related: tuple[Label, ...] = ()
    missing = "…"
    if isinstance(function, Declared) and isinstance(function.declaration, tree.Component):
        needed = [p for p in function.declaration.settings or () if p.default is None]
        missing = ", ".join(f"{p.name.name}=…" for p in needed) or "…"
        related = tuple(Label(p.span, "a setting without a default") for p in needed)
    else:
        rows = LAYERS[function.name].parameters
        missing = ", ".join(p.name for p in rows if p.default is REQUIRED) or "…"
    after = f"… |> {function.name}({missing})" if isinstance(node, tree.Pipe) else ""
    fail(
        WrongArguments,
        node.into if isinstance(node, tree.Pipe) else node,
        f"`{function.name}` takes its settings first, its inputs second",
        f"the input {describe(tensor)} stands where the settings do",
        f"write `{after or f'{function.name}({missing})(…)'}`",
        related,
    )


def _applies_directly(function: Builtin | Declared, arguments: list[Value]) -> bool:
    """Whether the settings list was left out: the arguments are the inputs."""
    if isinstance(function, Builtin):
        row = LAYERS[function.name]
        optional = all(p.default is not REQUIRED for p in row.parameters)
        return optional and bool(arguments) and isinstance(arguments[0], Tensor)
    declaration = function.declaration
    assert isinstance(declaration, tree.Component)
    if declaration.settings is None:
        return True
    if any(p.default is None for p in declaration.settings):
        return False
    return bool(arguments) and isinstance(arguments[0], Tensor | RecordNode)


def place_operator(node: tree.Node, function: Unplaced, arguments: list[Value]) -> Value:
    """An operator placed on a register: `O(q)`."""
    qubits: list[int] = []
    for position, argument in enumerate(arguments):
        on = as_qubits(argument)
        if on is None:
            at = argument_at(node, position, "")
            what = f"this is {describe(argument)}"
            fail(WrongKind, at, "an operator is placed on qubits", what, "write `O(q)`")
        qubits += on.indices
    return function.place(tuple(qubits))
