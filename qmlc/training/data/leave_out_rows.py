"""Leave rows out that cannot be used, where the source of the data says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qmlc.ir.program import Call, Column, Data
from qmlc.training.data.fit_fields import needed_fields
from qmlc.training.data.read_data import source_settings
from qmlc.training.data.read_media import Unreadable, read_image, read_sound
from qmlc.training.data.table import Table
from qmlc.training.data.transform import is_missing, read_numbers
from qmlc.training.data.transforms import TRANSFORMS

Mask = NDArray[np.bool_]


def leave_out_rows(data: Data, table: Table, names: Iterable[str]) -> Table:
    """The rows of which the fields `names` can be made, as far as others may be left out.

    `missing="drop"` leaves out rows where a cell is missing that nothing fills, `broken="drop"`
    those where a row, a number, an image or a recording cannot be read. What was left out is
    counted in the table.
    """
    settings = source_settings(data.source)
    policies = {kind for kind in ("missing", "broken") if settings.get(kind) == "drop"}
    if not policies:
        return table
    leaves = list(dict.fromkeys(_leaves(data, names)))
    rows = len(table)
    found = {"missing": np.zeros(rows, dtype=bool), "broken": np.zeros(rows, dtype=bool)}
    for positions, part in table.parts():
        for name, function, filled in leaves:
            missing, broken = _look(part, name, function, "broken" in policies)
            found["missing"][positions] |= missing & (not filled)
            found["broken"][positions] |= broken
    unreadable = np.isin(np.asarray(table.rows), list(table.broken))
    found["broken"] |= unreadable
    found["missing"] &= ~found["broken"]
    gone = np.zeros(rows, dtype=bool)
    counts = {}
    for kind in sorted(policies):
        gone |= found[kind]
        counts[kind] = int(found[kind].sum())
    return replace(table.take(np.nonzero(~gone)[0]), left_out=counts)


Leaf = tuple[str, str, bool]
"""A column, the function that takes its cells as they are, if any, and whether gaps are filled."""


def _leaves(data: Data, names: Iterable[str]) -> Iterator[Leaf]:
    made: set[str] = set()
    for line in needed_fields(data, names):
        for leaf in _of(line.value, "", False):
            if leaf[0] not in made:
                yield leaf
        made |= set(line.names)


def _of(value: Any, function: str, filled: bool) -> Iterator[Leaf]:
    match value:
        case Column(name):
            yield name, function, filled
        case tuple():
            for part in value:
                yield from _of(part, "", filled)
        case Call("fill", arguments, keywords):
            for part in (*arguments, *(v for _, v in keywords)):
                yield from _of(part, function, True)
        case Call(name, arguments, keywords) if name in TRANSFORMS:
            raw = name if TRANSFORMS[name].raw else ""
            for part in (*arguments, *(v for _, v in keywords)):
                yield from _of(part, raw, False)


def _look(part: Table, name: str, function: str, decode: bool) -> tuple[Mask, Mask]:
    """Which cells of a column are missing, and which cannot be read."""
    if name in part.arrays:
        finite = np.isfinite(part.tensor(name)).reshape(len(part), -1)
        odd: Mask = np.logical_not(finite.all(axis=1))
        return odd, np.zeros(len(part), dtype=bool)
    column = part.column(name)
    if not function:
        numbers = read_numbers(column)
        return numbers.missing, numbers.wrong
    missing = np.array([is_missing(cell) for cell in column], dtype=bool)
    read = READERS.get(function) if decode else None
    broken = np.zeros(len(part), dtype=bool)
    if read is not None:
        broken = np.array([not _can(read, cell) for cell in column], dtype=bool)
    return missing, broken


def _can(read: Any, file: str) -> bool:
    with suppress(Unreadable):
        read(file)
        return True
    return False


READERS = {"resize": read_image, "crop": read_image, "spectrogram": read_sound}
"""What reads the files that a function takes."""


def count_left_out(table: Table) -> dict[str, int]:
    """How many rows were left out, as a reader understands it."""
    return {f"rows left out, {kind}": count for kind, count in table.left_out.items()}
