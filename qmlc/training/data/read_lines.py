"""Tables that are text: CSV, JSON lines, running text. Cells stay text until they are used."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from qmlc.source.count_noun import count_noun
from qmlc.training.data.map_cells import MappedCells, fits, map_cells
from qmlc.training.data.table import PART, Table
from qmlc.training.errors import DataError, shown
from qmlc.training.import_optional import import_optional

GROWTH = 4
"""How much more the cells of a file may fill in memory than the file does on the disk."""


@dataclass
class _Pieces:
    """The cells of a file, some rows at a time: lists of texts, one a column."""

    names: list[str]
    pieces: Iterator[Sequence[Sequence[str | None]]]
    broken: dict[int, str] = field(default_factory=dict)
    """Rows that cannot be read, and why: filled while pieces are taken."""


def _gather(path: Path, found: _Pieces) -> pd.DataFrame | MappedCells:
    """All rows, in memory, or on the disk where they would fill too much of it."""
    if fits(path.stat().st_size * GROWTH):
        frames = [
            pd.DataFrame(
                {i: pd.Series(list[Any](cells), dtype="str") for i, cells in enumerate(piece)}
            )
            for piece in found.pieces
        ]
        frame = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
        return frame.set_axis(found.names, axis=1) if frames else frame
    arrow = import_optional("pyarrow", "pyarrow", "a file that does not fit into memory")
    kind = arrow.large_string()
    return map_cells(
        arrow.table([arrow.array(cells, kind) for cells in piece], names=found.names)
        for piece in found.pieces
    )


def _table(path: Path, found: _Pieces, lines: Callable[[], Sequence[int]]) -> Table:
    cells = _gather(path, found)
    return Table(cells, shown(path), lines, range(len(cells)), broken=found.broken)


def read_csv(path: Path, arguments: Mapping[str, Any]) -> Table:
    """A table with a header; cells may be quoted, and hold line breaks then (RFC 4180)."""
    separator = arguments["separator"]
    if not isinstance(separator, str) or len(separator) != 1:
        raise DataError("E0706", f"`separator` is one character, not `{separator}`")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = _csv_rows(file, separator)
        try:
            header = next(rows, None)
            if header is None:
                raise DataError("E0704", "the file is empty", file=shown(path))
            found = _Pieces([name.strip() for name in header[1]], iter(()))
            found.pieces = _csv_pieces(rows, found)
            return _table(path, found, lambda: _csv_lines(path, separator))
        except csv.Error as error:
            message = f"a quotation mark is missing, or stands inside a cell ({error})"
            line = _last_line(path, separator)
            help = 'write `""` for one in a cell'
            raise DataError("E0705", message, help, shown(path), line) from None


def _csv_rows(file: Iterable[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """The line on which each row begins, and its cells; blank lines are none."""
    reader = csv.reader(file, delimiter=separator, strict=True)
    line = 1
    for cells in reader:
        if len(cells) > 1 or (cells and cells[0].strip()):
            yield line, cells
        line = reader.line_num + 1


def _csv_pieces(
    rows: Iterator[tuple[int, list[str]]], found: _Pieces
) -> Iterator[Sequence[Sequence[str | None]]]:
    width, start = len(found.names), 0
    while piece := [cells for _, cells in islice(rows, PART)]:
        given: list[Sequence[str | None]] = []
        for number, cells in enumerate(piece, start=start):
            if len(cells) != width:
                found.broken[number] = (
                    f"this row has {count_noun(len(cells), 'cell')}, the header {width}"
                )
            given.append(cells if len(cells) == width else (None,) * width)
        start += len(piece)
        yield list(zip(*given, strict=True))


def _csv_lines(path: Path, separator: str) -> list[int]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [line for line, _ in _csv_rows(file, separator)][1:]


def _last_line(path: Path, separator: str) -> int:
    """The line on which the last row begins that can be told from the next, and one more."""
    line = 1
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=separator, strict=True)
        try:
            for _ in reader:
                line = reader.line_num + 1
        except csv.Error:
            pass
    return line


def read_jsonl(path: Path, arguments: Mapping[str, Any]) -> Table:
    """An object a line; a key that a line does not have is a cell that is missing."""
    names: dict[str, None] = {}
    with path.open(encoding="utf-8-sig") as file:
        for text in file:
            row = _json_row(text)
            if isinstance(row, dict):
                names |= dict.fromkeys(row)
    found = _Pieces(list(names), iter(()))
    with path.open(encoding="utf-8-sig") as file:
        found.pieces = _json_pieces(file, found)
        return _table(path, found, lambda: _text_lines(path))


def _json_pieces(file: Iterable[str], found: _Pieces) -> Iterator[Sequence[Sequence[str | None]]]:
    texts, start = (text for text in file if text.strip()), 0
    while piece := list(islice(texts, PART)):
        rows = []
        for number, text in enumerate(piece, start=start):
            row = _json_row(text)
            if not isinstance(row, dict):
                found.broken[number] = row
            rows.append(row if isinstance(row, dict) else {})
        start += len(piece)
        yield [[_json_cell(row.get(name)) for row in rows] for name in found.names]


def _json_row(text: str) -> dict[str, Any] | str:
    """The object in a line, or what is wrong with the line."""
    try:
        row = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError) as error:
        return f"this line is not JSON ({getattr(error, 'msg', 'nested too deeply')})"
    return row if isinstance(row, dict) else "this line is not a JSON object"


def _json_cell(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if value != value:  # NaN
        return None
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def _text_lines(path: Path) -> list[int]:
    with path.open(encoding="utf-8-sig") as file:
        return [number for number, text in enumerate(file, start=1) if text.strip()]


def read_text(path: Path, arguments: Mapping[str, Any]) -> Table:
    """A sentence a line, and the number of its document, between empty lines."""
    with path.open(encoding="utf-8-sig") as file:
        found = _Pieces(["text", "document"], _text_pieces(file))
        return replace(_table(path, found, lambda: _text_lines(path)), ordered=True)


def _text_pieces(file: Iterable[str]) -> Iterator[Sequence[Sequence[str | None]]]:
    rows = _text_rows(file)
    while piece := list(islice(rows, PART)):
        yield list(zip(*piece, strict=True))


def _text_rows(file: Iterable[str]) -> Iterator[tuple[str, str]]:
    document, used = 0, False
    for text in file:
        if text.strip():
            yield text.strip(), str(document)
            used = True
        elif used:
            document, used = document + 1, False
