"""Which rows of a table are learned from, and which are measured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from qmlc.training.data.table import Table
from qmlc.training.errors import DataError

SPLITS = ("training", "held-out", "test")
"""What the rows of a table may be for, in the order in which results are shown."""

Places = NDArray[np.int64]
"""Rows of a table, by their numbers."""


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


def split_table(table: Table, plan: Fractions) -> dict[str, Places]:
    """The rows of each split of a table, but for splits that are files of their own."""
    groups = None if plan.groups is None else table.column(plan.groups)
    return split_rows(len(table), plan, table.file, table.ordered, groups)


def split_rows(
    count: int,
    plan: Fractions,
    file: str = "",
    ordered: bool = False,
    groups: Iterable[Any] | None = None,
) -> dict[str, Places]:
    """The rows of each split, shuffled under the seed; splits that are not asked for are absent.

    The sizes are rounded fractions, or a little more where rows of one of the `groups` (a name for
    each row) stay together. The same count, plan and groups give the same rows; classes are not
    balanced; `ordered` rows are cut into stretches. DataError E0704 where a split that is asked for
    would be empty.
    """
    rows, ends = _bundle(count, groups, None if ordered else plan.seed)
    bundles, start = len(ends) - 1, 0
    splits: dict[str, Places] = {}
    if fraction(plan.test) > 0:
        end = _cut(ends, start, round(count * fraction(plan.test)))
        splits["test"], start = rows[: ends[end]], end
    if plan.fold is not None:
        part, parts = plan.fold
        first = start + (bundles - start) * part // parts
        end = start + (bundles - start) * (part + 1) // parts
        splits["held-out"] = rows[ends[first] : ends[end]]
        splits["training"] = np.concatenate([rows[ends[start] : ends[first]], rows[ends[end] :]])
    else:
        end = start
        if fraction(plan.holdout) > 0:
            end = _cut(ends, start, round(count * fraction(plan.holdout)))
            splits["held-out"] = rows[ends[start] : ends[end]]
        splits["training"] = rows[ends[end] :]
    for name, taken in splits.items():
        if not len(taken):
            message = f"the {name} split has no rows; {count} are there in all"
            raise DataError("E0704", message, "take more rows, or split them otherwise", file)
    return {name: splits[name] for name in SPLITS if name in splits}


def fraction(given: float | str) -> float:
    """How much of a table a split takes: nothing where it is a file of its own."""
    return 0.0 if isinstance(given, str) else given


def _bundle(count: int, groups: Iterable[Any] | None, seed: int | None) -> tuple[Places, Places]:
    """All rows, those of a group beside each other, and how many lie before each group's end.

    The groups come in random order, or where they first appear.
    """
    if groups is None:
        return _order(count, seed), np.arange(count + 1)
    codes: Places = pd.factorize(pd.Series(groups), use_na_sentinel=False)[0].astype(np.int64)
    bundles = int(codes.max()) + 1 if count else 0
    order = _order(bundles, seed)
    place = np.empty(bundles, dtype=np.int64)
    place[order] = np.arange(bundles)
    sizes = np.bincount(codes, minlength=bundles)[order]
    return np.argsort(place[codes], kind="stable"), np.concatenate([[0], np.cumsum(sizes)])


def _order(count: int, seed: int | None) -> Places:
    """Numbers in random order, or as they follow."""
    if seed is None:
        return np.arange(count)
    order: Places = torch.randperm(count, generator=torch.Generator().manual_seed(seed)).numpy()
    return order


def _cut(ends: Places, start: int, size: int) -> int:
    """Where a split of at least `size` rows ends that begins with bundle `start`."""
    return min(int(np.searchsorted(ends, ends[start] + size)), len(ends) - 1)


@dataclass(frozen=True, slots=True)
class SavedFractions:
    """The split of a saved model."""

    holdout: float | str
    test: float | str
    seed: int
    fold: tuple[int, ...] | None = None
    groups: str | None = None
