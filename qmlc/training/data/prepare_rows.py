"""Split the rows of a table, learn its preprocessing on the training rows, and make batches."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
)

from qmlc.ir.program import Data, Program, Training
from qmlc.training.data.fit_fields import (
    Draw,
    States,
    Tensors,
    draw_fields,
    fit_fields,
    random_fields,
)
from qmlc.training.data.leave_out_rows import count_left_out, leave_out_rows
from qmlc.training.data.map_cells import fits
from qmlc.training.data.read_data import read_data
from qmlc.training.data.split_rows import SPLITS, Fractions, Places, SavedFractions, split_table
from qmlc.training.data.table import PART, Table
from qmlc.training.errors import DataError, placed


@dataclass(frozen=True)
class Rows:
    """The fields that a loss takes, split by split, and what was learned to make them."""

    splits: dict[str, Tensors]
    states: States
    places: dict[str, Places]
    """Which rows of the table those of each split are; rows of other files come behind it."""
    count: int
    """How many rows the table has."""
    draw: Draw | None = None
    """Makes the training rows of an epoch, where random choices differ between epochs."""
    changing: frozenset[str] = frozenset()
    """The fields that these change."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """What stated policies did: rows left out, cells filled, classes not seen."""


def prepare_rows(
    program: Program, training: Training, base: Path, plan: Fractions, dtype: torch.dtype
) -> Rows:
    """The rows that `training` learns from and is measured on, with reals as `dtype`.

    Raises DataError for all that can be wrong with the table.
    """
    data, inputs = find_data(program, training), training.inputs
    table = read_rows(data, base, inputs)
    splits = split_table(table, plan)
    states = fit_fields(data, table.take(splits["training"]), inputs)
    tables = {name: table.take(rows) for name, rows in splits.items()}
    end = len(table)
    for name, given in _measured(plan.holdout, plan.test):
        if isinstance(given, str):
            tables[name] = own = read_rows(data, base, inputs, base / given)
            splits[name] = np.arange(end, end + len(own))
            end += len(own)
    tensors, draw = {}, None
    changing = frozenset(random_fields(data, inputs))
    names = [name for name in SPLITS if name in splits]
    counts = Counter(count_left_out(table))
    for name in names:
        made = draw_fields(data, tables[name], inputs, states, dtype, counts)
        tensors[name] = made(None)
        if name == "training" and changing:
            draw = made
    places = {name: splits[name] for name in names}
    return Rows(tensors, states, places, len(table), draw, changing, counts)


def _measured(holdout: float | str, test: float | str) -> tuple[tuple[str, float | str], ...]:
    """Which rows are measured, split by split."""
    return ("held-out", holdout), ("test", test)


def find_data(program: Program, training: Training) -> Data:
    """The data block of a training; DataError E0706 where there is none."""
    for data in program.data:
        if data.name == training.data:
            return data
    raise DataError("E0706", f"`{training.name}` has no data block `{training.data}`")


def read_rows(data: Data, base: Path, names: Iterable[str], table: Path | None = None) -> Table:
    """The table of a data block, or another one of its form, to make the fields `names` of.

    Rows that cannot be used are left out, where the source says so. DataError E0704 where none is
    left.
    """
    with placed(data.place, "read here"):
        found = leave_out_rows(data, read_data(data.source, base, table), names)
        if not len(found):
            raise DataError("E0704", "no row of the file can be used", file=found.file)
        return found


def make_batches(
    tensors: Tensors,
    size: int,
    order: torch.Generator | None = None,
    draw: Draw | None = None,
    poisson: bool = False,
) -> DataLoader[Any]:
    """Batches of up to `size` rows, in order, or shuffled anew each epoch by `order`.

    By `poisson` each row is in a batch with one chance, so that it has `size` rows in the mean.
    `order` decides what `draw` draws, too: who sets it back gets the same epoch.
    """
    dataset = _Gather(tensors, draw)
    batches: Sampler[list[int]]
    if order is None:
        batches = BatchSampler(SequentialSampler(dataset), size, drop_last=False)
    elif poisson:
        batches = _Poisson(dataset, size, order)
    else:
        batches = BatchSampler(_Shuffle(dataset, generator=order), size, drop_last=False)
    # A generator of its own keeps the loader from drawing on the caller's random numbers.
    own = torch.Generator()
    return DataLoader(dataset, batch_sampler=batches, collate_fn=lambda x: x, generator=own)


class _Gather(Dataset[Tensors]):
    """Rows of tensors, a whole batch taken by one index: one gather a tensor, not one a row."""

    def __init__(self, tensors: Tensors, draw: Draw | None) -> None:
        self.tensors, self.draw = tensors, draw

    def __len__(self) -> int:
        return len(self.tensors[0])

    def draw_anew(self, order: torch.Generator) -> None:
        """Nothing; random choices are made as `order` says."""
        if self.draw is not None:
            self.tensors = self.draw(int(torch.randint(1 << 62, (), generator=order)))

    def __getitem__(self, row: int) -> Tensors:
        return tuple(tensor[row] for tensor in self.tensors)

    def __getitems__(self, rows: list[int]) -> Tensors:
        return tuple(tensor[rows] for tensor in self.tensors)


class _Shuffle(RandomSampler):
    """The rows of an epoch in random order, their own random choices drawn first."""

    data_source: _Gather

    def __iter__(self) -> Iterator[int]:
        self.data_source.draw_anew(self.generator)
        rows = torch.randperm(len(self.data_source), generator=self.generator).numpy()
        # not all rows as numbers of Python, which take 36 bytes each
        for start in range(0, len(rows), PART):
            yield from rows[start : start + PART].tolist()
        torch.randperm(len(rows), generator=self.generator)  # as RandomSampler draws, too


class _Poisson(Sampler[list[int]]):
    """As many batches as `size` rows each would make; a row is in any of them, by chance."""

    def __init__(self, dataset: _Gather, size: int, order: torch.Generator) -> None:
        self.dataset, self.size, self.order = dataset, size, order

    def __len__(self) -> int:
        return math.ceil(len(self.dataset) / self.size)

    def __iter__(self) -> Iterator[list[int]]:
        self.dataset.draw_anew(self.order)
        count = len(self.dataset)
        for _ in range(len(self)):
            chances = torch.rand(count, generator=self.order, dtype=torch.float64)
            yield (chances * count < self.size).nonzero()[:, 0].tolist()


def describe_rows(data: str | None, rows: Rows, plan: Fractions) -> dict[str, Any]:
    """What `fitted.json` holds: all that is needed to prepare other rows alike."""
    return {
        "format": 1,
        "data": data,
        "rows": rows.count,
        "holdout": plan.holdout,
        "test": plan.test,
        "fold": plan.fold,
        "groups": plan.groups,
        "seed": plan.seed,
        "counts": {name: count for name, count in rows.counts.items() if count},
        "fields": rows.states,
    }


def describe_policies(rows: Rows | None) -> list[str]:
    """What is to be known of rows: what stated policies did to how many, and where they lie."""
    if rows is None:
        return []
    counts = [f"{name}: {count}" for name, count in rows.counts.items() if count]
    size = sum(t.nbytes for tensors in rows.splits.values() for t in tensors)
    if not fits(size):
        counts.append(f"has rows that fill {size / 1e9:.1f} GB: they stay on the disk")
    return counts


def held_out(
    data: Data, base: Path, names: Iterable[str], saved: dict[str, Any]
) -> tuple[str, Table]:
    """The split that a saved model saw least of, and its rows: test, held-out, or training.

    DataError E0707 where the table has another number of rows than the one it was trained on.
    """
    for name, given in reversed(_measured(saved["holdout"], saved["test"])):
        if isinstance(given, str):
            return name, read_rows(data, base, names, base / given)
        if given:
            break
    table = read_rows(data, base, names)
    if len(table) != saved["rows"]:
        message = f"the model was trained on {saved['rows']} rows, these are {len(table)}"
        help = "name the table to measure all of its rows"
        raise DataError("E0707", message, help, table.file)
    fold = tuple(saved["fold"]) if saved["fold"] else None
    fractions = SavedFractions(
        saved["holdout"], saved["test"], saved["seed"], fold, saved["groups"]
    )
    splits = split_table(table, fractions)
    name = next(name for name in reversed(SPLITS) if name in splits)
    return name, table.take(splits[name])
