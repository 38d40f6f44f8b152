"""The columns that a data block names, against the header of its file where that is at hand."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from qmlc.check.errors_training import NoSuchColumn
from qmlc.check.frame import Frame
from qmlc.check.values import fail
from qmlc.ir.program import Call
from qmlc.source.diagnostic import Label
from qmlc.source.nearest import nearest
from qmlc.source.span import Span
from qmlc.syntax import tree

MAX_HEADER = 1_000_000
"""The longest header that is read, in characters."""


def read_columns(base: Path | None, source: Call) -> tuple[str, ...] | None:
    """The header of a CSV file, or None where there is no such file to look at."""
    path = source.arguments[0] if source.arguments else dict(source.keywords).get("path")
    separator = dict(source.keywords).get("separator", ",")
    if source.function != "csv" or base is None or not isinstance(path, str):
        return None
    try:
        with (base / path).open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader([file.readline(MAX_HEADER)], delimiter=separator), None)
    except (OSError, ValueError, TypeError, csv.Error):
        return None  # training says what is wrong with the file
    return tuple(name.strip() for name in header) if header else None


def check_columns(
    frame: Frame, node: tree.Expression, known: set[str], columns: tuple[str, ...], source: Span
) -> None:
    """Report each name that is neither in `known`, a constant of the file, nor a column."""
    for name in _names(node):
        constant = isinstance(frame.module.declared.get(name.name), tree.Const)
        if name.name in known or name.name in columns or constant or name.name in ("pi", "tau"):
            continue
        close = nearest(name.name, columns)
        with frame.session.recover():
            fail(
                NoSuchColumn,
                name,
                f"the data has no column `{name.name}`",
                "no such column",
                f"did you mean `{close}`?" if close else "it has " + ", ".join(columns[:20]),
                (Label(source, "in the header of this file"),),
            )


def _names(node: tree.Expression) -> Iterator[tree.Identifier]:
    """The names in an expression that stand for values, not for functions."""
    match node:
        case tree.Identifier():
            yield node
        case tree.List():
            for item in node.items:
                yield from _names(item)
        case tree.Unary():
            yield from _names(node.operand)
        case tree.Binary():
            yield from _names(node.left)
            yield from _names(node.right)
        case tree.Call():
            for argument in (*node.arguments, *(k.value for k in node.keywords)):
                yield from _names(argument)
