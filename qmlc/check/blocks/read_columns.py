"""The columns of a data source, where its file is at hand or its kind says them."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from qmlc.check.blocks.read_npy_header import read_npy_header
from qmlc.ir.program import Call
from qmlc.ops.data_functions import DATA_SOURCES
from qmlc.ops.parameters import bind
from qmlc.types.tensors import TensorType

MAX_HEADER = 1_000_000
"""The longest header of a table that is read, in characters."""

Columns = Mapping[str, TensorType]
"""The type of each column for one example; a cell of a table is `real`, whatever it holds."""


def read_columns(base: Path | None, source: Call) -> Columns | None:
    """The columns of a source; None where there is no file to look at, or none that says them."""
    row = DATA_SOURCES[source.function]
    if row.columns:
        return dict(row.columns)
    arguments = bind(row.parameters, source.arguments, dict(source.keywords))
    if source.function == "sklearn":
        return SKLEARN.get(arguments["name"])
    path = arguments.get("path")
    if source.function not in HEADERS or base is None or not isinstance(path, str):
        return None
    try:
        return HEADERS[source.function](base / path, arguments)
    except (OSError, ValueError, TypeError, KeyError, SyntaxError, csv.Error, zipfile.BadZipFile):
        return None  # training says what is wrong with the file


def _csv(path: Path, arguments: Mapping[str, Any]) -> Columns | None:
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader([file.readline(MAX_HEADER)], delimiter=arguments["separator"])
        header = next(lines, None)
    return {name.strip(): TensorType("real") for name in header} if header else None


def _jsonl(path: Path, arguments: Mapping[str, Any]) -> Columns | None:
    with path.open(encoding="utf-8-sig") as file:
        row = json.loads(file.readline(MAX_HEADER))
    return {name: TensorType("real") for name in row} if isinstance(row, dict) else None


def _numpy(path: Path, arguments: Mapping[str, Any]) -> Columns | None:
    """The shapes in the headers of the arrays, less their rows."""
    if path.suffix != ".npz":
        with path.open("rb") as file:
            return {"values": _array(file)}
    found = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            with archive.open(name) as file:
                found[name.removesuffix(".npy")] = _array(file)
    return found


def _array(file: IO[bytes]) -> TensorType:
    """The type of an example in an `.npy` file."""
    return TensorType("real", read_npy_header(file).shape[1:])


def _features(count: int) -> Columns:
    return {"features": TensorType("real", (count,)), "target": TensorType("real")}


SKLEARN: dict[str, Columns] = {
    "breast_cancer": _features(30),
    "diabetes": _features(10),
    "digits": {**_features(64), "image": TensorType("real", (8, 8))},
    "iris": _features(4),
    "wine": _features(13),
}
"""The columns of scikit-learn's own data sets."""

HEADERS: dict[str, Callable[[Path, Mapping[str, Any]], Columns | None]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "numpy": _numpy,
}
"""How the columns of each source are found, where its file is at hand."""
