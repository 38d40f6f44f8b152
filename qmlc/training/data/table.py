"""A table of raw cells, and where each row stands in its file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qmlc.training.data.map_cells import MappedCells
from qmlc.training.errors import DataError, propose

PART = 16384
"""How many rows of a table are worked on at once."""


@dataclass(frozen=True)
class Table:
    """Examples as rows of raw cells.

    `cells` and `arrays` hold all rows of the file, `rows` says which of them these are, from 0;
    `lines` finds the line of every row of the file, and is called only for an error.
    """

    cells: pd.DataFrame | MappedCells
    file: str
    lines: Callable[[], Sequence[int]]
    rows: range | NDArray[np.int64]
    base: Path = Path()
    """The folder of the program, for files that a data block names besides."""
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """Columns whose cells are arrays, a row for each row of the file."""
    ordered: bool = False
    """Whether rows belong beside each other: a split then cuts them, and does not shuffle."""
    broken: Mapping[int, str] = field(default_factory=dict)
    """Rows of the file that could not be read, and why: their cells are empty."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """How many rows of the file were left out, by what was wrong with them."""
    part: int = PART
    """How many rows are worked on at once."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def total(self) -> int:
        """How many rows the file has."""
        arrays = list(self.arrays.values())
        return len(arrays[0]) if arrays else len(self.cells)

    def take(self, rows: range | Sequence[int] | NDArray[np.int64]) -> Table:
        """The rows at these positions."""
        if isinstance(self.rows, range) and isinstance(rows, range):
            return replace(self, rows=self.rows[rows.start : rows.stop : rows.step])
        chosen = np.asarray(self.rows, dtype=np.int64)[np.asarray(rows, dtype=np.int64)]
        return replace(self, rows=chosen)

    def parts(self) -> Iterator[tuple[NDArray[np.int64], Table]]:
        """All rows in the order of the file, some at a time, and their positions in this table."""
        rows = np.asarray(self.rows, dtype=np.int64)
        order = np.argsort(rows, kind="stable")
        ends = np.searchsorted(rows[order], range(self.part, self.total + self.part, self.part))
        start = 0
        for end in ends.tolist():
            if end > start:
                positions = order[start:end]
                yield positions, self.take(positions)
                start = end

    def names(self) -> list[str]:
        """What the columns are called."""
        return [*map(str, self.cells.columns), *self.arrays]

    def column(self, name: str) -> pd.Series[Any]:
        """The cells of a column; DataError E0701 unless there is one of that name."""
        found = list(self.cells.columns).count(name)
        if found != 1:
            message = f"there is no column `{name}`" if not found else f"`{name}` names two columns"
            help = propose(name, self.names(), "the columns are") if not found else "rename one"
            raise DataError("E0701", message, help, self.file)
        if isinstance(self.cells, MappedCells):
            return self.cells.take(name, np.asarray(self.rows, dtype=np.int64))
        rows = self.rows
        if isinstance(rows, range) and rows.step == 1:
            return self.cells[name].iloc[rows.start : rows.stop]
        return self.cells[name].iloc[np.asarray(rows)]

    def tensor(self, name: str) -> NDArray[np.float64]:
        """The cells of a column of `arrays`, as numbers."""
        rows = self.rows
        given = self.arrays[name]
        taken = (
            given[rows.start : rows.stop : rows.step] if isinstance(rows, range) else given[rows]
        )
        return np.asarray(taken, dtype=np.float64)

    def error(
        self, code: str, position: int, message: str, help: str = "", cell: str = ""
    ) -> DataError:
        """An error about the row at `position`, with the line on which it begins, or its number."""
        row = int(self.rows[position])
        lines = self.lines()
        if row < len(lines):
            return DataError(code, message, help, self.file, lines[row], cell)
        return DataError(code, f"{message} (row {row + 1})", help, self.file)
