"""Cells and tensors that do not fit into memory: in files that are mapped and have no name.

Such a file takes room on the disk until the process ends, however it ends, and leaves nothing.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from qmlc.runtime.check_memory import available_memory
from qmlc.training.import_optional import import_optional

SHARE = 0.5
"""Of the free memory, how much the cells of a table, or its tensors, may fill."""


def fits(size: float) -> bool:
    """Whether so many bytes are few beside the memory that is free."""
    free = available_memory(torch.device("cpu"))
    return free is None or size <= SHARE * free


def open_unnamed() -> IO[bytes]:
    """A file without a name, in `TMPDIR`, else where large files may lie for a while."""
    large = Path("/var/tmp")
    named = any(os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    return tempfile.TemporaryFile(dir=large if large.is_dir() and not named else None)


@dataclass(frozen=True)
class MappedCells:
    """The cells of a table, in a file as Arrow lays them out."""

    table: Any
    columns: Sequence[str]

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def take(self, name: str, rows: NDArray[np.int64]) -> pd.Series[Any]:
        """The cells of a column in some rows: best of rows that lie near each other."""
        first, last = int(rows.min()), int(rows.max())
        column = self.table.column(list(self.columns).index(name))
        cells: pd.Series[Any] = column.slice(first, last + 1 - first).to_pandas()
        return cells.iloc[rows - first].rename(name)


def map_cells(pieces: Iterable[Any]) -> MappedCells:
    """The rows of tables of Arrow with the same columns, one after another."""
    arrow = import_optional("pyarrow", "pyarrow", "data that does not fit into memory")
    import_optional("pyarrow.ipc", "pyarrow", "data that does not fit into memory")
    rest: Iterator[Any] = iter(pieces)
    first = next(rest)
    file = open_unnamed()
    with arrow.ipc.new_file(file, first.schema) as writer:
        for piece in chain([first], rest):
            writer.write(piece.cast(first.schema))
    file.flush()
    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    table = arrow.ipc.open_file(arrow.BufferReader(arrow.py_buffer(mapped))).read_all()
    return MappedCells(table, table.column_names)


def make_stores(shapes: Sequence[tuple[tuple[int, ...], torch.dtype]]) -> tuple[Tensor, ...]:
    """Room for tensors, in memory, or where all of them together are too large in mapped files."""
    sizes = [int(np.prod(shape)) * dtype.itemsize for shape, dtype in shapes]
    if fits(sum(sizes)):
        return tuple(torch.empty(shape, dtype=dtype) for shape, dtype in shapes)
    return tuple(
        _map_tensor(shape, dtype, size) for (shape, dtype), size in zip(shapes, sizes, strict=True)
    )


def _map_tensor(shape: tuple[int, ...], dtype: torch.dtype, size: int) -> Tensor:
    file = open_unnamed()
    file.truncate(max(size, 1))
    mapped = mmap.mmap(file.fileno(), 0)
    return torch.frombuffer(mapped, dtype=dtype, count=int(np.prod(shape))).reshape(shape)
