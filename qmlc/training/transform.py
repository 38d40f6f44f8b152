"""What a function of a data block does: learn from the training examples, then compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from qmlc.training.errors import DataError
from qmlc.training.table import Table

State = dict[str, Any]
"""What a function learned: numbers, strings and lists of them, as JSON holds them."""
Arguments = Mapping[str, Any]
Results = Tensor | tuple[Tensor, ...]


def _learn_nothing(arguments: Arguments, table: Table) -> State:
    return {}


@dataclass(frozen=True, slots=True)
class Transform:
    """How a function of `ops.data_functions` is computed.

    `fit` learns from the arguments on the training rows; `apply` computes with what was learned;
    `invert` takes the results of a model that was trained on it back to the units of the file.
    A `raw` function is given the cells of a column, the others float64 tensors. One that takes
    `tokens` finds what their maker learned under `tokenizer`. One that is random finds under
    `generator` what it draws from; None where rows are only measured, and it has no `seed`.
    """

    apply: Callable[[Arguments, State, Table], Results]
    fit: Callable[[Arguments, Table], State] = _learn_nothing
    invert: Callable[[Tensor, State], Tensor] | None = None
    raw: bool = False


def numbers(column: pd.Series[Any], table: Table) -> Tensor:
    """A column as float64 numbers; DataError E0702 at the first cell that is none."""
    try:
        values = torch.tensor(pd.to_numeric(column, errors="coerce").to_numpy("float64"))
    except TypeError:  # lists in cells
        message = f"the cells of column `{column.name}` are no numbers"
        raise table.error("E0702", 0, message, "give each number a column") from None
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


def texts(column: pd.Series[Any], table: Table) -> list[str]:
    """A column as texts; DataError E0702 at the first cell that is empty."""
    for position, cell in enumerate(column):
        if _missing(cell):
            message = f"column `{column.name}` has no value here"
            raise table.error("E0702", position, message, "fill the cell or leave the row out")
    return [str(cell).strip() for cell in column]


def column_of(arguments: Arguments, name: str, function: str) -> pd.Series[Any]:
    """The cells that a function was given as `name`; DataError E0706 where it was no column."""
    column = arguments[name]
    if not isinstance(column, pd.Series):
        raise DataError("E0706", f"`{function}` takes a column of the file")
    return column
