"""Write the history of a training so that TensorBoard shows it while it runs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from qmlc.training.import_optional import import_optional

Log = Callable[[Mapping[str, Any]], object]
"""Takes a row of the history."""


@contextmanager
def open_log(folder: Path, wanted: bool) -> Iterator[Log]:
    """What takes the rows of the history, and writes their numbers by epoch to `folder`.

    What was there is gone; nothing is written unless it is `wanted`. DataError E0709 without the
    library.
    """
    if not wanted:
        shutil.rmtree(folder, ignore_errors=True)
        yield lambda row: None
        return
    library = import_optional("tensorboardX", "tensorboardX", "a log for TensorBoard")
    shutil.rmtree(folder, ignore_errors=True)

    with library.SummaryWriter(str(folder)) as writer:

        def log(row: Mapping[str, Any]) -> None:
            for name, value in row.items():
                if isinstance(value, float):
                    where = "learning/loss" if name == "learning" else f"{row['split']}/{name}"
                    writer.add_scalar(where, value, row["epoch"])

        yield log
