"""What a function of a data block does: learn from the training examples, then compute."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from qmlc.training.data.table import Table
from qmlc.training.errors import DataError

State = dict[str, Any]
"""What a function learned: numbers, strings and lists of them, as JSON holds them."""
Arguments = Mapping[str, Any]
Results = Any
"""A tensor, several, or the cells of a column: a row for each row of the table."""
Parts = Iterable[tuple[Arguments, Table]]
"""The arguments on some of the rows at a time; they can be gone through again."""


@dataclass(frozen=True, slots=True)
class Transform:
    """How a function of `ops.data_functions` is computed.

    `fit` learns from the arguments on the training rows, part by part; `apply` computes with what
    was learned; `invert` takes the results of a model that was trained on it back to the units of
    the file; `count` says in how many cells a stated policy did something. A `raw` function is
    given the cells of a column, the others float64 tensors. One that takes `tokens` finds what
    their maker learned under `tokenizer`. One that is random finds under `generator` what it draws
    from; None where rows are only measured, and it has no `seed`. What a `whole` function yields
    for a row depends on the other rows.
    """

    apply: Callable[[Arguments, State, Table], Results]
    fit: Callable[[Parts], State] | None = None
    invert: Callable[[Tensor, State], Tensor] | None = None
    count: Callable[[Arguments, State], int] | None = None
    raw: bool = False
    whole: bool = False


MISSING = frozenset({"", "#n/a", "<na>", "n/a", "na", "nan", "none", "null"})
"""What stands in a column of numbers where there is none, in large or small letters."""


LONG = 60
"""How much of a cell an error quotes."""


class Numbers(NamedTuple):
    """The cells of a column as numbers, which of them are missing, and which are none."""

    values: NDArray[np.float64]
    missing: NDArray[np.bool_]
    wrong: NDArray[np.bool_]


def read_numbers(column: pd.Series[Any]) -> Numbers:
    """The cells of a column as float64; NaN where there is no finite number."""
    if column.dtype.kind in "mMc":  # dates, spans of time, complex numbers
        gone = column.isna().to_numpy(dtype=bool)
        return Numbers(np.full(len(column), np.nan), gone, ~gone)
    try:
        values = pd.to_numeric(column, errors="coerce").to_numpy("float64", na_value=np.nan).copy()
    except (TypeError, ValueError):  # cells that hold lists
        values = np.full(len(column), np.nan)
    (odd,) = np.nonzero(~np.isfinite(values))
    missing, wrong = np.zeros(len(column), dtype=bool), np.zeros(len(column), dtype=bool)
    for position, cell in zip(odd.tolist(), column.iloc[odd], strict=True):
        text = cell.strip().lower() if isinstance(cell, str) else ""
        values[position] = {"true": 1.0, "false": 0.0}.get(text, np.nan)
        missing[position] = text in MISSING if isinstance(cell, str) else is_missing(cell)
        wrong[position] = not missing[position] and np.isnan(values[position])
    return Numbers(values, missing, wrong)


def numbers(column: pd.Series[Any], table: Table, gaps: bool = False) -> Tensor:
    """A column as float64 numbers, NaN for missing ones if there may be `gaps`.

    DataError E0702 at the first cell that cannot be used.
    """
    found = read_numbers(column)
    bad = np.nonzero(found.wrong | (found.missing & (not gaps)))[0]
    if len(bad):
        position = int(bad[0])
        if found.missing[position]:
            raise no_value(column, position, table)
        raise _no_number(column, position, table)
    return torch.from_numpy(found.values)


def _no_number(column: pd.Series[Any], position: int, table: Table) -> DataError:
    cell, name = column.iloc[position], column.name
    if column.dtype.kind in "mM" or not isinstance(cell, str | int | float):
        what = "dates or times" if column.dtype.kind in "mM" else f"`{type(cell).__name__}`"
        message = f"the cells of column `{name}` are no numbers but {what}"
        help = "give each number a column" if isinstance(cell, list | np.ndarray) else ""
        return table.error("E0702", position, message, help or "write numbers into the file")
    text = str(cell) if len(str(cell)) <= LONG else f"{str(cell)[:LONG]}…"
    message = f"`{text}` in column `{name}` is not a finite number"
    help = f'for classes write `category({name})`; `broken="drop"` leaves such rows out'
    return table.error("E0702", position, message, help, str(cell).strip())


def no_value(column: pd.Series[Any], position: int, table: Table) -> DataError:
    """The error about a cell that is missing."""
    name, cell = column.name, column.iloc[position]
    help = f'write `fill({name}, …)`, or `missing="drop"` in the source to leave such rows out'
    shown = cell.strip() if isinstance(cell, str) else ""
    return table.error("E0702", position, f"column `{name}` has no value here", help, shown)


def is_missing(cell: Any) -> bool:
    """Whether there is nothing in a cell."""
    if isinstance(cell, str):
        return not cell.strip()
    return not isinstance(cell, list | dict | np.ndarray) and bool(pd.isna(cell))


def texts(column: pd.Series[Any], table: Table) -> list[str]:
    """A column as texts; DataError E0702 at the first cell that is empty."""
    for position, cell in enumerate(column):
        if is_missing(cell):
            raise no_value(column, position, table)
    return [str(cell).strip() for cell in column]


def column_of(arguments: Arguments, name: str, function: str) -> pd.Series[Any]:
    """The cells that a function was given as `name`; DataError E0706 where it was no column."""
    column = arguments[name]
    if not isinstance(column, pd.Series):
        raise DataError("E0706", f"`{function}` takes a column of the file")
    return column
