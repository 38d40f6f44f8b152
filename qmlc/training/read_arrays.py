"""Tables that other libraries keep: NumPy's, scikit-learn's, Parquet, Hugging Face's data sets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from qmlc.training.errors import DataError, propose, shown
from qmlc.training.import_optional import import_optional
from qmlc.training.table import Table


def read_numpy(path: Path, arguments: Mapping[str, Any]) -> Table:
    """The arrays of an `.npz` file by their names, or that of an `.npy` file as `values`."""
    found = np.load(path, allow_pickle=False)
    arrays = {"values": found} if isinstance(found, np.ndarray) else dict(found)
    lengths = {name: len(array) if array.ndim else 0 for name, array in arrays.items()}
    if len(set(lengths.values())) != 1:
        raise ValueError(f"the arrays have different numbers of rows: {lengths}")
    return _table(arrays, shown(path))


def _table(arrays: Mapping[str, Any], file: str) -> Table:
    """Arrays with a row for each example: vectors as cells, others as tensors."""
    count = len(next(iter(arrays.values())))
    cells = {name: array for name, array in arrays.items() if array.ndim == 1}
    tensors = {
        name: torch.from_numpy(array.astype("float64"))
        for name, array in arrays.items()
        if array.ndim > 1
    }
    return Table(pd.DataFrame(cells, index=range(count)), file, list, arrays=tensors)


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
    """A Parquet file."""
    if not path.exists():
        raise FileNotFoundError
    library = import_optional("pyarrow.parquet", "pyarrow", "a Parquet file")
    return Table(library.read_table(path).to_pandas(), shown(path), list)


def read_huggingface(path: Path, arguments: Mapping[str, Any]) -> Table:
    """A data set in a folder, as `save_to_disk` writes it or as Parquet files; one split of it."""
    if not path.is_dir():
        raise DataError("E0705", "there is no such folder", file=shown(path))
    split = str(arguments["split"])
    folder = path / split if (path / split).is_dir() else path
    library = import_optional("pyarrow", "pyarrow", "a data set of Hugging Face")
    if (folder / "state.json").is_file():
        state = json.loads((folder / "state.json").read_text("utf-8"))
        parts = [folder / str(file["filename"]) for file in state["_data_files"]]
        import_optional("pyarrow.ipc", "pyarrow", "a data set of Hugging Face")
        tables = [library.ipc.open_stream(part.read_bytes()).read_all() for part in parts]
    else:
        files = _files_of(folder.rglob("*.parquet"), split, shown(path))
        parquet = import_optional("pyarrow.parquet", "pyarrow", "a Parquet file")
        tables = [parquet.read_table(file) for file in files]
    return Table(library.concat_tables(tables).to_pandas(), shown(path), list)


def _files_of(files: Any, split: str, shown_path: str) -> Sequence[Path]:
    """The files of a split: those that its name begins, or all where none has one."""
    every = sorted(files)
    named = [file for file in every if file.name.startswith(split)] or every
    if not named:
        help = "a data set is a folder that `save_to_disk` wrote, or one of Parquet files"
        raise DataError("E0705", "the folder holds no data set", help, shown_path)
    return named
