"""Read the source of a data block into a table of raw cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from qmlc.ir.program import Call
from qmlc.ops.data_functions import DATA_SOURCES
from qmlc.ops.parameters import ArgumentError, bind
from qmlc.training.data.list_folder import list_audio, list_images
from qmlc.training.data.read_arrays import read_huggingface, read_numpy, read_parquet, read_sklearn
from qmlc.training.data.read_lines import read_csv, read_jsonl, read_text
from qmlc.training.data.table import Table
from qmlc.training.errors import DataError, propose, shown


def read_data(source: Call, base: Path, path: Path | None = None) -> Table:
    """The table that `source` names, its path taken relative to `base`.

    `path` reads another file of the same form instead. Cells that would fill most of the memory
    stay on the disk. DataError E0705 where a file cannot be read, E0704 where it holds no rows,
    E0706 where the source is unknown.
    """
    arguments = source_settings(source)
    if path is not None and "path" not in arguments:
        raise DataError("E0706", f"`{source.function}` has no file that another could stand for")
    where = path if path is not None else base / str(arguments.get("path", ""))
    table = _read(SOURCES[source.function], where, arguments)
    if table.total == 0:
        raise DataError("E0704", "the file holds no rows", file=table.file)
    if table.broken and arguments.get("broken") != "drop":
        row, reason = next(iter(table.broken.items()))
        help = 'mend the row, or write `broken="drop"` in the source to leave such rows out'
        raise table.error("E0705", row, reason, help)
    return replace(table, base=base)


def source_settings(source: Call) -> dict[str, Any]:
    """The arguments of a source by their names; DataError E0706 where they do not fit."""
    row = DATA_SOURCES.get(source.function)
    if row is None:
        help = propose(source.function, DATA_SOURCES, "the sources are")
        raise DataError("E0706", f"there is no data source `{source.function}`", help)
    try:
        return bind(row.parameters, source.arguments, dict(source.keywords))
    except ArgumentError as error:
        raise DataError("E0706", f"`{source.function}` {error.message}") from None


def _read(reader: Reader, path: Path, arguments: Mapping[str, Any]) -> Table:
    file = shown(path)
    try:
        return reader(path, arguments)
    except FileNotFoundError:
        raise DataError("E0705", "there is no such file", file=file) from None
    except IsADirectoryError:
        help = "name a file in it"
        raise DataError("E0705", "this is a folder, not a file", help, file) from None
    except UnicodeDecodeError as error:
        help = "save it as UTF-8"
        message = f"the file is not UTF-8 text (byte {error.start})"
        raise DataError("E0705", message, help, file) from None
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise DataError("E0705", f"the file cannot be read: {reason}", file=file) from None


Reader = Callable[[Path, Mapping[str, Any]], Table]

SOURCES: dict[str, Reader] = {
    "csv": read_csv,
    "jsonl": read_jsonl,
    "parquet": read_parquet,
    "text": read_text,
    "images": list_images,
    "audio": list_audio,
    "huggingface_dataset": read_huggingface,
    "sklearn": read_sklearn,
    "numpy": read_numpy,
}
"""How each source is read."""
