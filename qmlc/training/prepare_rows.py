"""Split the rows of a table, learn its preprocessing on the training rows, and make batches."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.utils.data import BatchSampler, DataLoader, Dataset, RandomSampler, SequentialSampler

from qmlc.ir.program import Data, Program, Training
from qmlc.training.errors import DataError, placed
from qmlc.training.fit_fields import States, apply_fields, fit_fields
from qmlc.training.read_data import read_data
from qmlc.training.table import Table

SPLITS = ("training", "held-out", "test")
"""What the rows of a table may be for, in the order in which results are shown."""

Tensors = tuple[Tensor, ...]


class Fractions(Protocol):
    """What decides a split."""

    @property
    def holdout(self) -> float:
        """The fraction of rows that is measured each epoch."""

    @property
    def test(self) -> float:
        """The fraction of rows that is measured once."""

    @property
    def seed(self) -> int:
        """What the shuffle depends on, besides the number of rows."""


@dataclass(frozen=True)
class Rows:
    """The fields that a loss takes, split by split, and what was learned to make them."""

    splits: dict[str, Tensors]
    states: States
    count: int
    """How many rows the table has."""


def prepare_rows(
    program: Program, training: Training, base: Path, plan: Fractions, dtype: torch.dtype
) -> Rows:
    """The rows that `training` learns from and is measured on, with reals as `dtype`.

    Raises DataError for all that can be wrong with the table.
    """
    data = find_data(program, training)
    table = read_rows(data, base)
    splits = split_rows(len(table), plan, table.file, table.ordered)
    states = fit_fields(data, table.take(splits["training"]), training.inputs)
    tensors = {
        name: apply_fields(data, table.take(rows), training.inputs, states, dtype)
        for name, rows in splits.items()
    }
    return Rows(tensors, states, len(table))


def find_data(program: Program, training: Training) -> Data:
    """The data block of a training; DataError E0706 where there is none."""
    for data in program.data:
        if data.name == training.data:
            return data
    raise DataError("E0706", f"`{training.name}` has no data block `{training.data}`")


def read_rows(data: Data, base: Path, table: Path | None = None) -> Table:
    """The table of a data block, or another one of its form."""
    with placed(data.place, "read here"):
        return read_data(data.source, base, table)


def split_rows(
    count: int, plan: Fractions, file: str = "", ordered: bool = False
) -> dict[str, list[int]]:
    """The rows of each split, shuffled under the seed; splits that are not asked for are absent.

    The sizes are rounded fractions. The same count, fractions and seed give the same rows; classes
    are not balanced; `ordered` rows are cut into stretches. DataError E0704 where a split that is
    asked for would be empty.
    """
    order = torch.randperm(count, generator=torch.Generator().manual_seed(plan.seed)).tolist()
    order = list(range(count)) if ordered else order
    sizes = {"test": round(count * plan.test), "held-out": round(count * plan.holdout)}
    asked = {"test": plan.test > 0, "held-out": plan.holdout > 0}
    splits: dict[str, list[int]] = {}
    for name, size in sizes.items():
        if asked[name]:
            splits[name], order = order[:size], order[size:]
    splits["training"] = order
    for name, rows in splits.items():
        if not rows:
            message = f"{count} rows leave none for the {name} split"
            raise DataError("E0704", message, "take more rows or other fractions", file)
    return {name: splits[name] for name in SPLITS if name in splits}


def make_batches(tensors: Tensors, size: int, seed: int | None = None) -> DataLoader[Any]:
    """Batches of up to `size` rows, in order, or shuffled anew each epoch under `seed`."""
    dataset = _Gather(tensors)
    sampler: RandomSampler | SequentialSampler = SequentialSampler(dataset)
    if seed is not None:
        sampler = RandomSampler(dataset, generator=torch.Generator().manual_seed(seed))
    batches = BatchSampler(sampler, size, drop_last=False)
    # A generator of its own keeps the loader from drawing on the caller's random numbers.
    own = torch.Generator()
    return DataLoader(dataset, batch_sampler=batches, collate_fn=lambda x: x, generator=own)


class _Gather(Dataset[Tensors]):
    """Rows of tensors, a whole batch taken by one index: one gather a tensor, not one a row."""

    def __init__(self, tensors: Tensors) -> None:
        self.tensors = tensors

    def __len__(self) -> int:
        return len(self.tensors[0])

    def __getitem__(self, row: int) -> Tensors:
        return tuple(tensor[row] for tensor in self.tensors)

    def __getitems__(self, rows: list[int]) -> Tensors:
        return tuple(tensor[rows] for tensor in self.tensors)


def describe_rows(data: str | None, rows: Rows, plan: Fractions) -> dict[str, Any]:
    """What `fitted.json` holds: all that is needed to prepare other rows alike."""
    return {
        "format": 1,
        "data": data,
        "rows": rows.count,
        "holdout": plan.holdout,
        "test": plan.test,
        "seed": plan.seed,
        "fields": rows.states,
    }


def held_out(table: Table, saved: dict[str, Any]) -> tuple[str, Table]:
    """The split that a saved model saw least of, and its rows: test, held-out, or training.

    DataError E0707 where the table has another number of rows than the one it was trained on.
    """
    if len(table) != saved["rows"]:
        message = f"the model was trained on {saved['rows']} rows, these are {len(table)}"
        help = "name the table to measure all of its rows"
        raise DataError("E0707", message, help, table.file)
    fractions = SavedFractions(saved["holdout"], saved["test"], saved["seed"])
    splits = split_rows(len(table), fractions, table.file, table.ordered)
    name = next(name for name in reversed(SPLITS) if name in splits)
    return name, table.take(splits[name])


@dataclass(frozen=True, slots=True)
class SavedFractions:
    """The split of a saved model."""

    holdout: float
    test: float
    seed: int
