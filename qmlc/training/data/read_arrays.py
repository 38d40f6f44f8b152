"""Tables that other libraries keep: NumPy's, scikit-learn's, Parquet, Hugging Face's data sets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qmlc.training.data.map_cells import MappedCells, fits, map_cells
from qmlc.training.data.table import PART, Table
from qmlc.training.errors import DataError, propose, shown
from qmlc.training.import_optional import import_optional

GROWTH = 8
"""How much more the cells of Parquet files may fill in memory than the files do on the disk."""

NUMBERS = 1 << 21
"""About how many numbers of arrays are worked on at once."""


def read_numpy(path: Path, arguments: Mapping[str, Any]) -> Table:
    """The arrays of an `.npz` file by their names, or that of an `.npy` file as `values`.

    An `.npy` file is mapped: only what is used of it is read.
    """
    if path.is_dir():
        raise IsADirectoryError
    with path.open("rb") as file:
        packed = file.read(2) == b"PK"
    found = np.load(path, allow_pickle=False, mmap_mode=None if packed else "r")
    arrays = {"values": found} if isinstance(found, np.ndarray) else dict(found)
    lengths = {name: len(array) if array.ndim else 0 for name, array in arrays.items()}
    if len(set(lengths.values())) != 1:
        raise ValueError(f"the arrays have different numbers of rows: {lengths}")
    for name, array in arrays.items():
        if array.ndim > 1 and array.dtype.kind not in "biuf":
            raise ValueError(f"the array `{name}` holds {array.dtype}, not real numbers")
    return _table(arrays, shown(path))


def _table(arrays: Mapping[str, NDArray[Any]], file: str) -> Table:
    """Arrays with a row for each example: vectors as cells, others as they are."""
    count = len(next(iter(arrays.values())))
    cells = {name: pd.Series(array) for name, array in arrays.items() if array.ndim == 1}
    others = {name: array for name, array in arrays.items() if array.ndim > 1}
    width = sum(array[0].size for array in others.values()) if count else 0
    part = min(PART, max(1, NUMBERS // max(1, width)))
    frame = pd.DataFrame(cells, index=range(count))
    return Table(frame, file, list, range(count), arrays=others, part=part)


SETS = ("breast_cancer", "diabetes", "digits", "iris", "wine")
"""The data sets that scikit-learn brings along."""


def read_sklearn(path: Path, arguments: Mapping[str, Any]) -> Table:
    """`features` and `target` of a data set, of `digits` also `image`; classes have their names."""
    name = arguments["name"]
    if name not in SETS:
        message = f"scikit-learn brings no data set `{name}`"
        raise DataError("E0706", message, propose(str(name), SETS, "there are"))
    library = import_optional("sklearn.datasets", "scikit-learn", "the source `sklearn`")
    found = getattr(library, f"load_{name}")()
    target = found.target
    if "target_names" in found:
        target = np.array([str(found.target_names[i]) for i in target])
    arrays = {"features": found.data, "target": target}
    return _table(
        arrays | ({"image": found.images} if "images" in found else {}), f"sklearn:{name}"
    )


def read_parquet(path: Path, arguments: Mapping[str, Any]) -> Table:
    """A Parquet file, or those of a folder one after another."""
    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    if not files:
        raise DataError("E0705", "the folder holds no Parquet files", file=shown(path))
    return _parquet(files, shown(path))


def _parquet(files: Sequence[Path], file: str) -> Table:
    size = sum(part.stat().st_size for part in files)
    library = import_optional("pyarrow.parquet", "pyarrow", "a Parquet file")
    pieces = (
        piece for part in files for piece in library.ParquetFile(part).iter_batches(batch_size=PART)
    )
    return _arrow_table(pieces, fits(size * GROWTH), file)


def _arrow_table(batches: Iterator[Any], small: bool, file: str) -> Table:
    arrow = import_optional("pyarrow", "pyarrow", "a Parquet file")
    pieces = (arrow.Table.from_batches([batch]) for batch in batches)
    if small:
        table = arrow.concat_tables(list(pieces))
        cells = MappedCells(table, table.column_names)
    else:
        cells = map_cells(pieces)
    return Table(cells, file, list, range(len(cells)))


def read_huggingface(path: Path, arguments: Mapping[str, Any]) -> Table:
    """A data set in a folder, as `save_to_disk` writes it or as Parquet files; one split of it."""
    if not path.is_dir():
        raise DataError("E0705", "there is no such folder", file=shown(path))
    split = str(arguments["split"])
    folder = path / split if (path / split).is_dir() else path
    if not (folder / "state.json").is_file():
        return _parquet(_files_of(folder, split, shown(path)), shown(path))
    state = json.loads((folder / "state.json").read_text("utf-8"))
    arrow = import_optional("pyarrow", "pyarrow", "a data set of Hugging Face")
    import_optional("pyarrow.ipc", "pyarrow", "a data set of Hugging Face")
    # the library itself keeps these files mapped
    tables = [
        arrow.ipc.open_stream(arrow.memory_map(str(folder / str(part["filename"])))).read_all()
        for part in state["_data_files"]
    ]
    table = arrow.concat_tables(tables)
    cells = MappedCells(table, table.column_names)
    return Table(cells, shown(path), list, range(len(cells)))


SPLITS = ("train", "test", "validation", "valid", "dev")
"""What the files of a split begin with."""


def _files_of(folder: Path, split: str, shown_path: str) -> Sequence[Path]:
    """The files of a split: those that its name begins, or all where none is of any split."""
    every = sorted(folder.rglob("*.parquet"))
    named = [file for file in every if file.name.startswith(split)]
    others = [name for name in SPLITS if any(file.name.startswith(name) for file in every)]
    if not every:
        help = "a data set is a folder that `save_to_disk` wrote, or one of Parquet files"
        raise DataError("E0705", "the folder holds no data set", help, shown_path)
    if not named and others:
        message, help = f"the data set has no split `{split}`", "it has " + ", ".join(others)
        raise DataError("E0705", message, help, shown_path)
    return named or every
