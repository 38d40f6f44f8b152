"""A table of raw cells, and where each row stands in its file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
from torch import Tensor

from qmlc.training.errors import DataError, propose


@dataclass(frozen=True)
class Table:
    """Examples as rows of raw cells.

    The index of `frame` numbers the rows of the file from 0, and stays with a row when some are
    taken; `lines` finds the line of every row, and is called only for an error.
    """

    frame: pd.DataFrame
    file: str
    lines: Callable[[], Sequence[int]]
    base: Path = Path()
    """The folder of the program, for files that a data block names besides."""
    arrays: Mapping[str, Tensor] = field(default_factory=dict)
    """Columns whose cells are tensors, a row for each row of the file."""
    ordered: bool = False
    """Whether rows belong beside each other: a split then cuts them, and does not shuffle."""

    def __len__(self) -> int:
        return len(self.frame)

    def take(self, rows: Sequence[int]) -> Table:
        """The rows at these positions."""
        return replace(self, frame=self.frame.iloc[list(rows)])

    def column(self, name: str) -> pd.Series[Any]:
        """The cells of a column; DataError E0701 where there is none of that name."""
        if name not in self.frame.columns:
            columns = [*map(str, self.frame.columns), *self.arrays]
            raise DataError(
                "E0701",
                f"there is no column `{name}`",
                propose(name, columns, "the columns are"),
                self.file,
            )
        return self.frame[name]

    def tensor(self, name: str) -> Tensor:
        """The cells of a column of `arrays`."""
        return self.arrays[name][list(self.frame.index)]

    def error(
        self, code: str, position: int, message: str, help: str = "", cell: str = ""
    ) -> DataError:
        """An error about the row at `position`, with the line on which it begins."""
        row = int(self.frame.index[position])
        lines = self.lines()
        line = lines[row] if row < len(lines) else None
        return DataError(code, message, help, self.file, line, cell)
