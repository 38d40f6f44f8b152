"""What the functions of a data block learn from the training examples, and what they compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from qmlc.training.errors import DataError
from qmlc.training.read_data import Table

State = dict[str, Any]
"""What a function learned: numbers, strings and lists of them, as JSON holds them."""
Arguments = Mapping[str, Any]


def _learn_nothing(arguments: Arguments, table: Table) -> State:
    return {}


@dataclass(frozen=True, slots=True)
class Transform:
    """How a function of `ops.data_functions` is computed.

    `fit` learns from the arguments on the training rows; `apply` computes with what was learned;
    `invert` takes the results of a model that was trained on it back to the units of the file.
    A `raw` function is given the cells of a column, the others float64 tensors.
    """

    apply: Callable[[Arguments, State, Table], Tensor]
    fit: Callable[[Arguments, Table], State] = _learn_nothing
    invert: Callable[[Tensor, State], Tensor] | None = None
    raw: bool = False


def numbers(column: pd.Series[Any], table: Table) -> Tensor:
    """A column as float64 numbers; DataError E0702 at the first cell that is none."""
    values = torch.tensor(pd.to_numeric(column, errors="coerce").to_numpy("float64"))
    bad = (~values.isfinite()).nonzero()
    if len(bad):
        position = int(bad[0, 0])
        cell = column.iloc[position]
        if _missing(cell):
            message = f"column `{column.name}` has no value here"
            help = "fill the cell or leave the row out"
        else:
            message = f"`{cell}` in column `{column.name}` is not a finite number"
            help = f"for classes write `category({column.name})`"
        raise table.error("E0702", position, message, help, str(cell).strip())
    return values


def _missing(cell: Any) -> bool:
    return not cell.strip() if isinstance(cell, str) else bool(pd.isna(cell))


def _texts(column: pd.Series[Any], table: Table) -> list[str]:
    for position, cell in enumerate(column):
        if _missing(cell):
            message = f"column `{column.name}` has no value here"
            raise table.error("E0702", position, message, "fill the cell or leave the row out")
    return [str(cell).strip() for cell in column]


def class_names(texts: list[str]) -> list[str]:
    """The different texts, sorted: as numbers if all are numbers, else as text."""
    names = sorted(set(texts))
    try:
        return sorted(names, key=float)
    except ValueError:
        return names


def _fit_category(arguments: Arguments, table: Table) -> State:
    column = _cells("category", arguments)
    return {"classes": class_names(_texts(column, table))}


def _apply_category(arguments: Arguments, state: State, table: Table) -> Tensor:
    column = _cells("category", arguments)
    index = {name: i for i, name in enumerate(state["classes"])}
    texts = _texts(column, table)
    for position, text in enumerate(texts):
        if text not in index:
            message = f"`{text}` in column `{column.name}` was not among the training rows"
            help = "the classes are: " + ", ".join(state["classes"])
            raise table.error("E0703", position, message, help, text)
    return torch.tensor([index[text] for text in texts], dtype=torch.int64)


def _cells(function: str, arguments: Arguments) -> pd.Series[Any]:
    column = arguments["column"]
    if not isinstance(column, pd.Series):
        raise DataError("E0706", f"`{function}` takes a column of the file")
    return column


def _fit_one_hot(arguments: Arguments, table: Table) -> State:
    state = _fit_category(arguments, table)
    found, given = len(state["classes"]), arguments["num_classes"]
    if found > given:
        help = "the classes are: " + ", ".join(state["classes"][:20])
        message = f"`one_hot` was told {given} classes and found {found}"
        raise DataError("E0706", message, help, table.file)
    return state


def _apply_one_hot(arguments: Arguments, state: State, table: Table) -> Tensor:
    codes = _apply_category(arguments, state, table)
    return torch.nn.functional.one_hot(codes, int(arguments["num_classes"])).double()


def _fit_standardize(arguments: Arguments, table: Table) -> State:
    x = arguments["x"]
    spread = x.std(dim=0, correction=0)
    # A constant feature becomes 0 instead of 0/0.
    return {"mean": x.mean(dim=0).tolist(), "std": torch.where(spread > 0, spread, 1.0).tolist()}


def _apply_standardize(arguments: Arguments, state: State, table: Table) -> Tensor:
    result: Tensor = (arguments["x"] - _tensor(state["mean"])) / _tensor(state["std"])
    return result


def _invert_standardize(y: Tensor, state: State) -> Tensor:
    return y * _tensor(state["std"]) + _tensor(state["mean"])


def _fit_scale(arguments: Arguments, table: Table) -> State:
    x, low, high = arguments["x"], float(arguments["low"]), float(arguments["high"])
    least, greatest = x.amin(dim=0), x.amax(dim=0)
    factor = torch.where(greatest > least, (high - low) / (greatest - least), 1.0)
    return {"factor": factor.tolist(), "offset": (low - least * factor).tolist()}


def _apply_scale(arguments: Arguments, state: State, table: Table) -> Tensor:
    result: Tensor = arguments["x"] * _tensor(state["factor"]) + _tensor(state["offset"])
    return result


def _invert_scale(y: Tensor, state: State) -> Tensor:
    return (y - _tensor(state["offset"])) / _tensor(state["factor"])


def _tensor(values: Any) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def _elementwise(function: Callable[[Tensor], Tensor]) -> Transform:
    return Transform(lambda arguments, state, table: function(arguments["x"]))


def _binary(function: Callable[[Tensor, Tensor], Tensor]) -> Transform:
    def apply(arguments: Arguments, state: State, table: Table) -> Tensor:
        left, right = arguments["left"], arguments["right"]
        rank = max(left.ndim, right.ndim)
        return function(_with_rank(left, rank), _with_rank(right, rank))

    return Transform(apply)


def _with_rank(x: Tensor, rank: int) -> Tensor:
    # Examples broadcast from the right, behind the batch dimension.
    return x.reshape(x.shape[0], *(1,) * (rank - x.ndim), *x.shape[1:])


TRANSFORMS: dict[str, Transform] = {
    "standardize": Transform(_apply_standardize, _fit_standardize, _invert_standardize),
    "scale": Transform(_apply_scale, _fit_scale, _invert_scale),
    "category": Transform(_apply_category, _fit_category, raw=True),
    "one_hot": Transform(_apply_one_hot, _fit_one_hot, raw=True),
    "log": _elementwise(torch.log),
    "log1p": _elementwise(torch.log1p),
    "exp": _elementwise(torch.exp),
    "sqrt": _elementwise(torch.sqrt),
    "abs": _elementwise(torch.abs),
    "sin": _elementwise(torch.sin),
    "cos": _elementwise(torch.cos),
    "tanh": _elementwise(torch.tanh),
    "neg": _elementwise(torch.neg),
    "clip": Transform(lambda a, state, table: a["x"].clip(float(a["min"]), float(a["max"]))),
    "add": _binary(torch.add),
    "sub": _binary(torch.sub),
    "mul": _binary(torch.mul),
    "div": _binary(torch.div),
    "pow": _binary(torch.pow),
}
"""How each function of a data block that is ready is computed."""
