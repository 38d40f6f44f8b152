"""All settings of a unit: given, or by default; operators on their positions."""

from __future__ import annotations

from typing import Any

from qmlc.check.circuits.partial_gates import fix_angles, hand_over_gate
from qmlc.check.dimensions import Mismatch, dimension, match_dims
from qmlc.check.errors.types import UnknownDimension, WrongArguments
from qmlc.check.evaluate import require_value
from qmlc.check.evaluate_arguments import takes_gate
from qmlc.check.frame import Frame
from qmlc.check.require_number import require_number
from qmlc.check.units.bind_settings import check_setting, missing_setting
from qmlc.check.units.hand_over import adopt
from qmlc.check.units.making import Making
from qmlc.check.values import (
    Unplaced,
    Value,
    component_kind,
    fail,
    setting_kind,
)
from qmlc.ir.array import Array
from qmlc.ir.operator import Operator, lift_operator
from qmlc.source.diagnostic import Label
from qmlc.syntax import tree


def complete_settings(making: Making) -> dict[str, Value]:
    """All settings: given, or by default; operators are placed on the register's positions."""
    settings: dict[str, Value] = {}
    for parameter in making.declaration.settings or ():
        name, kind = parameter.name.name, setting_kind(parameter)
        if name in making.given:
            value = making.given[name]
        elif parameter.default is None:
            missing_setting(making.node, making.callee, parameter)
        else:
            value = read_setting(making.frame(), parameter, parameter.default)
        if kind == "operator":
            value = _placed(making, parameter, value)
        elif component_kind(parameter):
            value = adopt(parameter, value)
            if isinstance(value, tuple):
                _count(making, parameter, len(value))
        settings[name] = value
        making.given[name] = _placeable(value) if kind == "operator" else value
        if isinstance(value, int) and not isinstance(value, bool):
            making.binding[name] = value
    return settings


def read_setting(frame: Frame, parameter: tree.Parameter, written: tree.Expression) -> Value:
    """A setting as written, checked; gates are looked up among gates."""
    if takes_gate(parameter):
        return fix_angles(hand_over_gate(frame, written))
    value = require_value(frame, written)
    return check_setting(parameter, parameter, value)


def _count(making: Making, parameter: tree.Parameter, count: int) -> None:
    """Bind how many a list holds: the `m` of `layer[m]` and of `operator[m, n]`."""
    assert isinstance(parameter.type, tree.TypeName)
    try:
        match_dims(making.frame(), parameter.type.dims[:1], (count,), making.binding)
    except Mismatch as mismatch:
        what = f"`{parameter.name.name}` is a list of another length"
        declared = (Label(parameter.span, "declared here"),)
        fail(WrongArguments, making.node, what, str(mismatch), "", declared)


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
        _count(making, parameter, len(array))
    return value


def _placeable(value: Operator | Array) -> Unplaced:
    """An operator on positions, to be placed on a register."""
    if isinstance(value, Operator):
        return Unplaced(value.place)
    return Unplaced(lambda qubits: value.map(lambda operator: operator.place(qubits)))


def _flatten(placed: list[Any]) -> Array:
    items = [x for p in placed for x in (p.items if isinstance(p, Array) else (p,))]
    return Array.stack(items)
