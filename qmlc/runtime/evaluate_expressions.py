"""Evaluate all expressions of a circuit at once, in a few torch operations a level."""

from __future__ import annotations

import operator
from collections.abc import Callable

import torch
from torch import Tensor

from qmlc.runtime.plan_expressions import Calls, Expressions, Sums
from qmlc.types.polynomial import Number

_OPERATORS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "power": operator.pow,
    "divide": operator.truediv,
    "multiply": operator.mul,
}
"""Those that take numbers as well as tensors."""

_FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    "floordiv": lambda a, b: torch.div(a, b, rounding_mode="floor"),
    "mod": torch.remainder,
    **{
        function.__name__: function
        for function in (
            torch.sin, torch.cos, torch.tan, torch.asin, torch.acos, torch.atan, torch.sinh,
            torch.cosh, torch.tanh, torch.exp, torch.log, torch.sqrt, torch.abs, torch.sign,
            torch.floor, torch.ceil, torch.round, torch.minimum, torch.maximum, torch.atan2,
            torch.sigmoid, torch.relu,
        )
    },
}  # fmt: skip
"""What `types.polynomial.FUNCTIONS` does to numbers, on tensors."""


def evaluate_expressions(expressions: Expressions, values: Tensor) -> Tensor:
    """The rows of `expressions`, `[rows, batch]`, for symbols with `values` `[symbols, batch]`."""
    for level in expressions.levels:
        rows = _sum(level.rows, values)
        values = torch.cat([values, *(_call(call, rows) for call in level.calls)])
    return _sum(expressions.outputs, values)


def _call(call: Calls, rows: Tensor) -> Tensor:
    arguments = [rows[a[0] : a[1]] if isinstance(a, tuple) else a for a in call.arguments]
    if call.function in _OPERATORS:
        return _OPERATORS[call.function](*arguments)  # type: ignore[arg-type]
    return _FUNCTIONS[call.function](*(_tensor(a, rows) for a in arguments))


def _tensor(value: Tensor | Number, like: Tensor) -> Tensor:
    return value if isinstance(value, Tensor) else like.new_full((), float(value.real))


def _sum(sums: Sums, values: Tensor) -> Tensor:
    parts = []
    if sums.factors:
        if len(sums.factors) > 1:
            # ONE, the position -1, wraps to this row
            values = torch.cat([values, values.new_ones((1, values.shape[1]))])
        products = values[sums.factors[0]]
        for factor in sums.factors[1:]:
            products = products * values[factor]
        if sums.single:
            single = products[: sums.single]
            parts.append(single if sums.scale is None else single * sums.scale)
        if sums.mixing is not None:
            parts.append(sums.mixing @ products)
    if sums.constant or not sums.rows:
        parts.append(values.new_zeros((sums.constant, values.shape[1])))
    total = parts[0] if len(parts) == 1 else torch.cat(parts)
    if sums.offset is not None:
        total = total + sums.offset
    return total if sums.order is None else total[sums.order]
