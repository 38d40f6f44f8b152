"""What stands in the place of missing cells, learned from the training rows."""

from __future__ import annotations

from collections import Counter
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from qmlc.ops.data_laws import FILLINGS
from qmlc.training.data.map_cells import make_stores
from qmlc.training.data.table import Table
from qmlc.training.data.transform import Arguments, Parts, State, is_missing
from qmlc.training.errors import DataError

Value = TypeVar("Value", str, float)


def fit_fill(parts: Parts) -> State:
    """The value for each feature; DataError E0706 where none can be found.

    As scikit-learn's SimpleImputer: of values that are equally frequent the least one.
    """
    arguments, table = next(iter(parts))
    value, cells = arguments["value"], isinstance(arguments["x"], pd.Series)
    if value not in FILLINGS:
        if not cells and isinstance(value, str):
            help = "write one of " + ", ".join(f'"{name}"' for name in FILLINGS)
            raise DataError("E0706", f"`{value}` cannot stand for a number", help)
        return {"value": str(value) if cells else _for_each(arguments["x"], value)}
    if cells:
        if value != "most_frequent":
            raise DataError("E0706", f"there is no {value} of texts", 'write "most_frequent"')
        return {"value": _most_frequent_text(parts, table)}
    found = {"mean": _mean, "median": _median, "most_frequent": _most_frequent}[value](parts)
    if not bool(found.isfinite().all()):
        message = "a column has no value in any training row"
        raise DataError("E0706", message, "fill it with a number, or leave it out", table.file)
    return {"value": found.tolist()}


def _for_each(x: Tensor, value: float) -> Any:
    return torch.full(x.shape[1:], float(value)).tolist()


def _mean(parts: Parts) -> Tensor:
    total, count = torch.zeros(()), torch.zeros(())
    for arguments, _ in parts:
        x = arguments["x"]
        total, count = total + x.nansum(dim=0), count + x.isfinite().sum(dim=0)
    return total / count


def _median(parts: Parts) -> Tensor:
    """The middle values; they are put in order in place, which maps what is large."""
    rows = sum(len(arguments["x"]) for arguments, _ in parts)
    shape = next(iter(parts))[0]["x"].shape[1:]
    (store,) = make_stores([((shape.numel(), rows), torch.float64)])
    start = 0
    for arguments, _ in parts:
        x = arguments["x"].reshape(len(arguments["x"]), -1)
        store[:, start : start + len(x)] = x.T
        start += len(x)
    return torch.tensor([_middle(row) for row in store.numpy()]).double().reshape(shape)


def _middle(values: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    """The median of what is not NaN, which stands behind all numbers; `values` is reordered."""
    count = len(values) - int(np.isnan(values).sum())
    if not count:
        return float("nan")
    places = [(count - 1) // 2, count // 2]
    values.partition(places)
    return float(values[places].mean())


def _most_frequent(parts: Parts) -> Tensor:
    shape = next(iter(parts))[0]["x"].shape[1:]
    counts: list[Counter[float]] = [Counter() for _ in range(shape.numel())]
    for arguments, _ in parts:
        for own, column in zip(counts, arguments["x"].reshape(-1, len(counts)).T, strict=True):
            own.update(column[column.isfinite()].tolist())
    return torch.tensor([_first(own, float("nan")) for own in counts], dtype=torch.float64).reshape(
        shape
    )


def _most_frequent_text(parts: Parts, table: Table) -> str:
    counts: Counter[str] = Counter()
    for arguments, _ in parts:
        counts.update(str(cell).strip() for cell in arguments["x"] if not is_missing(cell))
    if not counts:
        raise DataError("E0706", "a column has no value in any training row", "", table.file)
    return _first(counts, "")


def _first(counts: Counter[Value], default: Value) -> Value:
    """What was counted most often; of several the least."""
    return min(counts, key=lambda value: (-counts[value], value), default=default)


def apply_fill(arguments: Arguments, state: State, table: Table) -> Tensor | pd.Series[Any]:
    """The numbers, or the cells of a column, without gaps."""
    x = arguments["x"]
    if isinstance(x, pd.Series):
        filled = [state["value"] if is_missing(cell) else cell for cell in x]
        return pd.Series(filled, index=x.index, name=x.name, dtype=object)
    return torch.where(x.isnan(), torch.tensor(state["value"], dtype=torch.float64), x)


def count_gaps(arguments: Arguments, state: State) -> int:
    """How many cells are filled."""
    x = arguments["x"]
    if isinstance(x, pd.Series):
        return sum(map(is_missing, x))
    return int(x.isnan().sum())
