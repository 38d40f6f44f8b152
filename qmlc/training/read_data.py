"""Read the source of a data block into a table of raw cells."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from qmlc.ir.program import Call
from qmlc.ops.data_functions import DATA_SOURCES
from qmlc.ops.parameters import ArgumentError, bind
from qmlc.training.errors import DataError, propose, shown


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
            columns = [str(c) for c in self.frame.columns]
            raise DataError(
                "E0701",
                f"there is no column `{name}`",
                propose(name, columns, "the columns are"),
                self.file,
            )
        return self.frame[name]

    def error(
        self, code: str, position: int, message: str, help: str = "", cell: str = ""
    ) -> DataError:
        """An error about the row at `position`, with the line on which it begins."""
        row = int(self.frame.index[position])
        lines = self.lines()
        line = lines[row] if row < len(lines) else None
        return DataError(code, message, help, self.file, line, cell)


def read_data(source: Call, base: Path, path: Path | None = None) -> Table:
    """The table that `source` names, its path taken relative to `base`.

    `path` reads another file of the same form instead. DataError E0705 where a file cannot be
    read, E0704 where it holds no rows, E0706 where the source is unknown or not available yet.
    """
    row = DATA_SOURCES.get(source.function)
    if row is None:
        help = propose(source.function, DATA_SOURCES, "the sources are")
        raise DataError("E0706", f"there is no data source `{source.function}`", help)
    if source.function not in SOURCES:
        help = "sources that are ready: " + ", ".join(SOURCES)
        raise DataError("E0706", f"the data source `{source.function}` is not available yet", help)
    try:
        arguments = bind(row.parameters, source.arguments, dict(source.keywords))
    except ArgumentError as error:
        raise DataError("E0706", f"`{source.function}` {error.message}") from None
    where = path if path is not None else base / str(arguments["path"])
    table = _read(SOURCES[source.function], where, arguments)
    if len(table) == 0:
        raise DataError("E0704", "the file holds no rows", file=table.file)
    return replace(table, base=base)


def _read(reader: Reader, path: Path, arguments: Mapping[str, Any]) -> Table:
    file = shown(path)
    try:
        return reader(path, arguments)
    except FileNotFoundError:
        raise DataError("E0705", "there is no such file", file=file) from None
    except UnicodeDecodeError as error:
        help = "save it as UTF-8"
        message = f"the file is not UTF-8 text (byte {error.start})"
        raise DataError("E0705", message, help, file) from None
    except pd.errors.EmptyDataError:
        raise DataError("E0704", "the file is empty", file=file) from None
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise DataError("E0705", f"the file cannot be read: {reason}", file=file) from None


def _csv(path: Path, arguments: Mapping[str, Any]) -> Table:
    separator = arguments["separator"]
    if not isinstance(separator, str) or len(separator) != 1:
        raise DataError("E0706", f"`separator` is one character, not `{separator}`")
    # Cells stay text: numbers are read where they are used, so that a bad one can be shown.
    frame = pd.read_csv(path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    if not isinstance(frame.index, pd.RangeIndex):
        # pandas takes surplus cells for row labels
        raise ValueError("the rows have more cells than the header has names")
    frame.columns = frame.columns.str.strip()
    return Table(frame, shown(path), lambda: list(_csv_lines(path, separator))[1:])


def _csv_lines(path: Path, separator: str) -> Iterator[int]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=separator)
        before = 0
        for cells in reader:
            if cells:
                yield before + 1
            before = reader.line_num


def _jsonl(path: Path, arguments: Mapping[str, Any]) -> Table:
    rows, lines = [], []
    with path.open(encoding="utf-8-sig") as file:
        for number, text in enumerate(file, start=1):
            if text.strip():
                rows.append(_json_row(text, number))
                lines.append(number)
    return Table(pd.DataFrame(rows, dtype=object), shown(path), lambda: lines)


def _json_row(text: str, number: int) -> dict[str, Any]:
    try:
        row = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {number} is not JSON ({error.msg})") from None
    if not isinstance(row, dict):
        raise ValueError(f"line {number} is not a JSON object")
    return row


def _text(path: Path, arguments: Mapping[str, Any]) -> Table:
    rows, lines, document = [], [], 0
    with path.open(encoding="utf-8-sig") as file:
        for number, text in enumerate(file, start=1):
            if text.strip():
                rows.append((text.strip(), document))
                lines.append(number)
            elif rows and rows[-1][1] == document:
                document += 1
    frame = pd.DataFrame(rows, columns=["text", "document"])
    return Table(frame, shown(path), lambda: lines, ordered=True)


Reader = Callable[[Path, Mapping[str, Any]], Table]

SOURCES: dict[str, Reader] = {"csv": _csv, "jsonl": _jsonl, "text": _text}
"""How each source that is ready is read."""
