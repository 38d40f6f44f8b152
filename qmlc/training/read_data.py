"""Read the source of a data block into a table of raw cells."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from qmlc.ir.program import Call
from qmlc.ops.data_functions import DATA_SOURCES
from qmlc.ops.parameters import ArgumentError, bind
from qmlc.training.errors import DataError, propose, shown
from qmlc.training.list_folder import list_audio, list_images
from qmlc.training.read_arrays import read_huggingface, read_numpy, read_parquet, read_sklearn
from qmlc.training.table import Table


def read_data(source: Call, base: Path, path: Path | None = None) -> Table:
    """The table that `source` names, its path taken relative to `base`.

    `path` reads another file of the same form instead. DataError E0705 where a file cannot be
    read, E0704 where it holds no rows, E0706 where the source is unknown.
    """
    row = DATA_SOURCES.get(source.function)
    if row is None:
        help = propose(source.function, DATA_SOURCES, "the sources are")
        raise DataError("E0706", f"there is no data source `{source.function}`", help)
    try:
        arguments = bind(row.parameters, source.arguments, dict(source.keywords))
    except ArgumentError as error:
        raise DataError("E0706", f"`{source.function}` {error.message}") from None
    if path is not None and "path" not in arguments:
        raise DataError("E0706", f"`{source.function}` has no file that another could stand for")
    where = path if path is not None else base / str(arguments.get("path", ""))
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

SOURCES: dict[str, Reader] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "parquet": read_parquet,
    "text": _text,
    "images": list_images,
    "audio": list_audio,
    "huggingface_dataset": read_huggingface,
    "sklearn": read_sklearn,
    "numpy": read_numpy,
}
"""How each source is read."""
