"""What stands for the inputs of a unit that are left out when it is called."""

from __future__ import annotations

import math
from typing import Any, NoReturn

from qmlc.check.dimensions import REST, dimension_names, has_rest
from qmlc.check.errors.types import UnknownDimension, WrongArguments
from qmlc.check.evaluate import evaluate
from qmlc.check.frame import Frame
from qmlc.check.operate import add_node
from qmlc.check.units.making import Making
from qmlc.check.values import Poison, Stop, Value, describe, fail
from qmlc.ir.array import Array
from qmlc.syntax import tree
from qmlc.types.tensors import TensorType, Type

KINDS: dict[str, Any] = {
    "bool": bool, "int": int, "real": int | float, "complex": int | float | complex
}  # fmt: skip
"""The numbers that may fill a tensor of a type."""


def default_node(
    making: Making, frame: Frame, parameter: tree.Parameter, kind: Type
) -> tuple[int, ...]:
    """The node that stands for a network's input, in its declared type; none without default.

    WrongArguments for what is no such tensor, UnknownDimension for a size that nothing tells.
    """
    if parameter.default is None or making.declaration.kind == "extern":
        return ()
    value = _value(making, parameter, kind)
    assert isinstance(kind, TensorType)
    _check_sizes(making, parameter)
    if isinstance(value, Array):
        given = add_node(frame, parameter, "stack", list(value))
        return (add_node(frame, parameter, "expand", [given], size=kind.dims).node,)
    return (add_node(frame, parameter, "full", [], size=kind.dims, fill_value=value).node,)


def default_numbers(
    making: Making, parameter: tree.Parameter, kind: TensorType
) -> float | tuple[float, ...] | None:
    """What stands for a circuit's input: one number for all elements, or one for each, or None."""
    if parameter.default is None:
        return None
    value: float | Array = _value(making, parameter, kind)
    if not isinstance(value, Array):
        return value
    count: Any = math.prod(size for size in kind.dims if isinstance(size, int))
    return tuple(map(float, [*value.items] * (count // len(value.items))))


def _value(making: Making, parameter: tree.Parameter, kind: Type) -> Any:
    """The default: a number for all elements, or a list of the declared shape."""
    assert parameter.default is not None
    value = evaluate(making.frame(), parameter.default)
    if isinstance(value, Poison):
        raise Stop(None)
    items = value.items if isinstance(value, Array) else (value,)
    if not isinstance(kind, TensorType) or not all(_fits(item, kind.dtype) for item in items):
        _refuse(parameter, value, kind)
    if isinstance(value, Array) and value.shape != kind.dims[-len(value.shape) :]:
        _refuse(parameter, value, kind)
    return float(value) if kind.dtype == "real" and isinstance(value, int) else value


def _fits(item: Value, dtype: str) -> bool:
    return isinstance(item, KINDS[dtype]) and isinstance(item, bool) == (dtype == "bool")


def _refuse(parameter: tree.Parameter, value: Value, kind: Type) -> NoReturn:
    assert parameter.default is not None
    name, written = parameter.name.name, parameter.type.span.text if parameter.type else "real"
    sample = "true" if isinstance(kind, TensorType) and kind.dtype == "bool" else "0"
    fail(
        WrongArguments,
        parameter.default,
        f"this does not stand for a `{written}`",
        f"this is {describe(value)}",
        f"a number of its type fills all of it: `{name}: {written} = {sample}`",
    )


def _check_sizes(making: Making, parameter: tree.Parameter) -> None:
    """The sizes of an input that is left out are told by those that cannot be."""
    if parameter.type is None:
        return
    required = [p.type for p in making.declaration.inputs if p.default is None and p.type]
    known = {name for written in required for name in dimension_names(written)}
    known |= {name for name, size in making.binding.items() if isinstance(size, int)}
    names = [n for n in dimension_names(parameter.type) if n != REST and n not in known]
    if has_rest(parameter.type) or names:
        size = names[0] if names else REST
        fail(
            UnknownDimension,
            parameter,
            f"nothing says what `{size}` is where `{parameter.name.name}` is left out",
            f"`{size}` stands in no input without a default",
            "leave the default out, or use sizes of other inputs",
        )
