"""Split the rows of a table, learn its preprocessing on the training rows, and make batches."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

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
from qmlc.training.errors import DataError, placed
from qmlc.training.fit_fields import (
    Draw,
    States,
    Tensors,
    draw_fields,
    fit_fields,
    random_fields,
)
from qmlc.training.read_data import read_data
from qmlc.training.table import Table

SPLITS = ("training", "held-out", "test")
"""What the rows of a table may be for, in the order in which results are shown."""


class Fractions(Protocol):
    """What decides a split."""

    @property
    def holdout(self) -> float | str:
        """The fraction of rows, or the file, that is measured each epoch."""

    @property
    def test(self) -> float | str:
        """The fraction of rows, or the file, that is measured once."""

    @property
    def fold(self) -> tuple[int, ...] | None:
        """The part that is held out in the place of a fraction, from 0, of so many."""

    @property
    def groups(self) -> str | None:
        """The column whose cells say which rows stay together."""

    @property
    def seed(self) -> int:
        """What the shuffle depends on, besides the number of rows."""


@dataclass(frozen=True)
class Rows:
    """The fields that a loss takes, split by split, and what was learned to make them."""

    splits: dict[str, Tensors]
    states: States
    places: dict[str, list[int]]
    """Which rows of the table those of each split are; rows of other files come behind it."""
    count: int
    """How many rows the table has."""
    draw: Draw | None = None
    """Makes the training rows of an epoch, where random choices differ between epochs."""
    changing: frozenset[str] = frozenset()
    """The fields that these change."""


def prepare_rows(
    program: Program, training: Training, base: Path, plan: Fractions, dtype: torch.dtype
) -> Rows:
    """The rows that `training` learns from and is measured on, with reals as `dtype`.

    Raises DataError for all that can be wrong with the table.
    """
    data = find_data(program, training)
    table = read_rows(data, base)
    splits = split_table(table, plan)
    states = fit_fields(data, table.take(splits["training"]), training.inputs)
    tables = {name: table.take(rows) for name, rows in splits.items()}
    end = len(table)
    for name, given in _measured(plan.holdout, plan.test):
        if isinstance(given, str):
            tables[name] = own = read_rows(data, base, base / given)
            splits[name] = list(range(end, end + len(own)))
            end += len(own)
    tensors, draw = {}, None
    changing = frozenset(random_fields(data, training.inputs))
    names = [name for name in SPLITS if name in splits]
    for name in names:
        made = draw_fields(data, tables[name], training.inputs, states, dtype)
        tensors[name] = made(None)
        if name == "training" and changing:
            draw = made
    places = {name: splits[name] for name in names}
    return Rows(tensors, states, places, len(table), draw, changing)


def _measured(holdout: float | str, test: float | str) -> tuple[tuple[str, float | str], ...]:
    """Which rows are measured, split by split."""
    return ("held-out", holdout), ("test", test)


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


def split_table(table: Table, plan: Fractions) -> dict[str, list[int]]:
    """The rows of each split of a table, but for splits that are files of their own."""
    groups = None if plan.groups is None else table.column(plan.groups)
    return split_rows(len(table), plan, table.file, table.ordered, groups)


def split_rows(
    count: int,
    plan: Fractions,
    file: str = "",
    ordered: bool = False,
    groups: Iterable[Any] | None = None,
) -> dict[str, list[int]]:
    """The rows of each split, shuffled under the seed; splits that are not asked for are absent.

    The sizes are rounded fractions, or a little more where rows of one of the `groups` (a name for
    each row) stay together. The same count, plan and groups give the same rows; classes are not
    balanced; `ordered` rows are cut into stretches. DataError E0704 where a split that is asked for
    would be empty.
    """
    bundles = _bundles(count, groups)
    order = torch.randperm(len(bundles), generator=torch.Generator().manual_seed(plan.seed))
    left = bundles if ordered else [bundles[i] for i in order.tolist()]
    splits: dict[str, list[int]] = {}
    if _fraction(plan.test) > 0:
        splits["test"], left = _cut(left, round(count * _fraction(plan.test)))
    if plan.fold is not None:
        part, parts = plan.fold
        start, end = len(left) * part // parts, len(left) * (part + 1) // parts
        splits["held-out"], left = _join(left[start:end]), left[:start] + left[end:]
    elif _fraction(plan.holdout) > 0:
        splits["held-out"], left = _cut(left, round(count * _fraction(plan.holdout)))
    splits["training"] = _join(left)
    for name, rows in splits.items():
        if not rows:
            message = f"the {name} split has no rows; {count} are there in all"
            raise DataError("E0704", message, "take more rows, or split them otherwise", file)
    return {name: splits[name] for name in SPLITS if name in splits}


def _fraction(given: float | str) -> float:
    """How much of a table a split takes: nothing where it is a file of its own."""
    return 0.0 if isinstance(given, str) else given


Bundles = list[list[int]]
"""Rows that stay in one split, each list of them."""


def _bundles(count: int, groups: Iterable[Any] | None) -> Bundles:
    """The rows of each group, in the order in which groups come first."""
    found: dict[Any, list[int]] = {}
    for row, group in enumerate(range(count) if groups is None else groups):
        found.setdefault(group, []).append(row)
    return list(found.values())


def _cut(bundles: Bundles, size: int) -> tuple[list[int], Bundles]:
    """At least `size` rows from the front, and the bundles that are left."""
    taken = rows = 0
    while taken < len(bundles) and rows < size:
        rows += len(bundles[taken])
        taken += 1
    return _join(bundles[:taken]), bundles[taken:]


def _join(bundles: Bundles) -> list[int]:
    return [row for bundle in bundles for row in bundle]


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
        return super().__iter__()


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
        "fields": rows.states,
    }


def held_out(data: Data, base: Path, saved: dict[str, Any]) -> tuple[str, Table]:
    """The split that a saved model saw least of, and its rows: test, held-out, or training.

    DataError E0707 where the table has another number of rows than the one it was trained on.
    """
    for name, given in reversed(_measured(saved["holdout"], saved["test"])):
        if isinstance(given, str):
            return name, read_rows(data, base, base / given)
        if given:
            break
    table = read_rows(data, base)
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


@dataclass(frozen=True, slots=True)
class SavedFractions:
    """The split of a saved model."""

    holdout: float | str
    test: float | str
    seed: int
    fold: tuple[int, ...] | None = None
    groups: str | None = None
