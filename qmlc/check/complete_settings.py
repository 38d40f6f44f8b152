"""The settings of an instance: given, checked, by default; operators on their positions."""

from __future__ import annotations

from typing import Any

from qmlc.check.bind_arguments import argument_at, bind_arguments
from qmlc.check.dimensions import (
    dimension,
    match_dims,
)
from qmlc.check.errors_names import NotAvailable
from qmlc.check.errors_types import UnknownDimension, WrongArguments
from qmlc.check.evaluate import evaluate
from qmlc.check.evaluate_arguments import as_gate
from qmlc.check.making import Making
from qmlc.check.require_number import require_number
from qmlc.check.values import (
    Builtin,
    Declared,
    Instance,
    Poison,
    Stop,
    Tensor,
    Unplaced,
    Value,
    describe,
    fail,
)
from qmlc.ir.array import Array
from qmlc.ir.operator import Operator, lift_operator
from qmlc.ops.parameters import Parameter
from qmlc.source.diagnostic import Label
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial

PYTHON = {"int": int, "real": (int, float), "str": str, "bool": bool}


def bind_settings(node: tree.Node, instance: Instance) -> dict[str, Value]:
    """The settings of an instance that were given, by name."""
    callee = instance.target
    assert isinstance(callee, Declared) and isinstance(callee.declaration, tree.Component)
    declared = callee.declaration.settings or ()
    rows = [Parameter(p.name.name, None) for p in declared]
    values = bind_arguments(
        node, callee.name, rows, list(instance.arguments), dict(instance.keywords)
    )
    given = {name: value for name, value in values.items() if value is not None}
    for position, parameter in enumerate(declared):
        name = parameter.name.name
        if name in given:
            check_setting(argument_at(node, position, name), parameter, given[name])
    return given


def check_setting(node: tree.Node, parameter: tree.Parameter, value: Value) -> None:
    """Refuse a setting of the wrong kind."""
    written = parameter.type
    kind = written.name.name if isinstance(written, tree.TypeName) else "real"
    wanted: Any = PYTHON.get(kind)
    if isinstance(value, Tensor):
        fail(
            WrongArguments,
            node,
            f"the setting `{parameter.name.name}` must be known when compiling",
            f"this is {describe(value)}",
            "settings first, inputs second: `c(…)(x)`",
            (Label(parameter.span, "declared here"),),
        )
    if kind in ("layer", "circuit"):
        fail(
            NotAvailable,
            node,
            f"settings of kind `{kind}` are not there yet",
            f"`{parameter.name.name}`",
            "mention the component in the body instead",
            (Label(parameter.span, "declared here"),),
        )
    is_gate = isinstance(value, Declared | Builtin) and value.kind == "gate"
    if is_gate != (kind == "gate"):
        fail(
            WrongArguments,
            node,
            f"the setting `{parameter.name.name}` is a {'gate' if kind == 'gate' else f'`{kind}`'}",
            f"this is {describe(value)}",
            "hand a gate over by its name: `ry`" if kind == "gate" else "",
            (Label(parameter.span, "declared here"),),
        )
    plain_scalar = isinstance(written, tree.TypeName) and not written.dims
    if wanted is None or not plain_scalar or isinstance(value, Polynomial):
        return
    if not isinstance(value, wanted) or (isinstance(value, bool) and kind != "bool"):
        fail(
            WrongArguments,
            node,
            f"the setting `{parameter.name.name}` is `{kind}`",
            f"this is {describe(value)}",
            "",
            (Label(parameter.span, "declared here"),),
        )


def complete_settings(making: Making) -> dict[str, Value]:
    """All settings: given, or by default; operators are placed on the register's positions."""
    settings: dict[str, Value] = {}
    for parameter in making.declaration.settings or ():
        name = parameter.name.name
        written = parameter.type
        kind = written.name.name if isinstance(written, tree.TypeName) else "real"
        if name in making.given:
            value = making.given[name]
        elif parameter.default is None:
            fail(
                WrongArguments,
                making.node,
                f"`{making.callee.name}` needs the setting `{name}`",
                "not given",
                f"write `{making.callee.name}({name}=…)(…)`",
                (Label(parameter.span, "declared here, without a default"),),
            )
        elif kind == "gate":
            value = as_gate(making.frame(), parameter.default)
        else:
            value = evaluate(making.frame(), parameter.default)
            if isinstance(value, Poison):
                raise Stop(None)
            check_setting(parameter, parameter, value)
        if kind == "operator":
            value = _placed(making, parameter, value)
        settings[name] = value
        making.given[name] = _placeable(value) if kind == "operator" else value
        if isinstance(value, int) and not isinstance(value, bool):
            making.binding[name] = value
    return settings


def _placed(making: Making, parameter: tree.Parameter, value: Value) -> Value:
    """An operator setting: on the positions 0…n-1 of the register it will be placed on."""
    written = parameter.type
    assert isinstance(written, tree.TypeName)
    values = list(value) if isinstance(value, tuple) else [value]
    dims = written.dims
    if not dims:
        fail(
            UnknownDimension,
            parameter,
            "an operator says on how many qubits it acts",
            "no dimension",
            "write `operator[n]` or `operator[m, n]`",
        )
    frame = making.frame()
    size = require_number(frame, dimension(frame, dims[-1], making.binding), dims[-1], "the size")
    if all(isinstance(v, Unplaced) for v in values):
        placed = [v.place(tuple(range(size))) for v in values]
        value = placed[0] if len(placed) == 1 and not isinstance(value, tuple) else _flatten(placed)
    if len(dims) == 2:
        array = value if isinstance(value, Array) else Array.stack([value])
        value = array.map(lift_operator)
        match_dims(frame, dims[:1], (len(array),), making.binding)
    return value


def _placeable(value: Operator | Array) -> Unplaced:
    """An operator on positions, to be placed on a register."""
    if isinstance(value, Operator):
        return Unplaced(value.place)
    return Unplaced(lambda qubits: value.map(lambda operator: operator.place(qubits)))


def _flatten(placed: list[Any]) -> Array:
    items = [x for p in placed for x in (p.items if isinstance(p, Array) else (p,))]
    return Array.stack(items)
