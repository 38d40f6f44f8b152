"""What is wrong with data, or with how a model is to be trained on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import ClassVar

from qmlc.source.compile_error import CompileError
from qmlc.source.diagnostic import Label, Problem
from qmlc.source.nearest import nearest
from qmlc.source.span import Source, Span


@dataclass(frozen=True)
class MissingColumn(Problem):
    """A data block names a column that the file does not have.

    Columns are named in the first line of a CSV file, blanks around a name do not count, and large
    and small letters differ. `qmlc predict` needs the columns of the model's inputs only: the
    column of the target may be left out.
    """

    code: ClassVar[str] = "E0701"
    title: ClassVar[str] = "a column is missing"


@dataclass(frozen=True)
class UnusableCell(Problem):
    """A cell is empty, or is no finite number where one is needed.

    Nothing is left out or filled silently: write `fill(column, "median")`, or in the source of the
    data `missing="drop"` for cells that are empty, `broken="drop"` for those that cannot be read. A
    column of names is turned into classes by `category(column)`.
    """

    code: ClassVar[str] = "E0702"
    title: ClassVar[str] = "a cell cannot be used"


@dataclass(frozen=True)
class UnseenCategory(Problem):
    """A cell holds a class that no training row has.

    What is learned from data (a mean, the names of classes) is learned from the training rows
    only, so a class that is rare may lie among the held-out rows alone. Write
    `category(column, unseen="other")`, take another `seed`, or bring more rows of that class.
    """

    code: ClassVar[str] = "E0703"
    title: ClassVar[str] = "a category was not seen in training"


@dataclass(frozen=True)
class NothingToTrainOn(Problem):
    """A file has no rows, a split would be empty, or the model has no parameters that learn."""

    code: ClassVar[str] = "E0704"
    title: ClassVar[str] = "there is nothing to train on"


@dataclass(frozen=True)
class UnreadableData(Problem):
    """A file of data, or what a training saved, is not there, cannot be read or cannot be written.

    Or a row of it is broken: the line is shown then. Paths in a program are relative to the
    program; `runs/PROGRAM/MODEL`, where a training saves, is relative to the current folder.
    `qmlc eval` and `qmlc predict` need what `qmlc train` saved.
    """

    code: ClassVar[str] = "E0705"
    title: ClassVar[str] = "a file cannot be read or written"


@dataclass(frozen=True)
class UnusableOption(Problem):
    """An option of a train block, or an argument in one, has a value that cannot be used.

    Optimizers, schedules, losses and metrics take PyTorch's arguments, under PyTorch's names.
    `epochs` and `steps` both say how long to train, so one of them is given; without data there
    are `steps` only.
    """

    code: ClassVar[str] = "E0706"
    title: ClassVar[str] = "an option cannot be used"


@dataclass(frozen=True)
class StateDoesNotFit(Problem):
    """Saved weights or preprocessing belong to another model, another data block or other rows.

    The program or its data changed after the training. Train again, or name the folder of the run
    that fits: `--folder DIR`.
    """

    code: ClassVar[str] = "E0707"
    title: ClassVar[str] = "saved state does not fit"


@dataclass(frozen=True)
class LossNotFinite(Problem):
    """The loss became infinite or not a number, so that nothing can be learned from it.

    Lower the learning rate, bound the gradient (`clip = 1.0`), or look for log(0) and 1/0 in the
    loss. The files of the last epoch that was complete stay.
    """

    code: ClassVar[str] = "E0708"
    title: ClassVar[str] = "the loss is not finite"


@dataclass(frozen=True)
class MissingLibrary(Problem):
    """A program needs a library that is not installed.

    qmlc itself needs few. Tokenizers, images, recordings, Parquet files and support-vector machines
    each need one more, which the message names with the line that installs it.
    """

    code: ClassVar[str] = "E0709"
    title: ClassVar[str] = "a library is missing"


KINDS: dict[str, type[Problem]] = {
    kind.code: kind
    for kind in (
        MissingColumn, UnusableCell, UnseenCategory, NothingToTrainOn, UnreadableData,
        UnusableOption, StateDoesNotFit, LossNotFinite, MissingLibrary,
    )
}  # fmt: skip
"""The errors of this room by their code."""


class DataError(CompileError):
    """Data, options or saved state that cannot be used: a CompileError with one diagnostic.

    `file` and `line` say where, as far as known, `cell` what there; `help` proposes something or
    is empty.
    """

    def __init__(
        self,
        code: str,
        message: str,
        help: str = "",
        file: str = "",
        line: int | None = None,
        cell: str = "",
    ) -> None:
        place = _place(file, line, cell)
        super().__init__((KINDS[code](place, what=message, proposal=help),))
        self.code, self.message, self.help, self.file, self.line = code, message, help, file, line

    def place(self, place: Span | None, label: str) -> None:
        """Say where in the program; the first to say so is the nearest."""
        (problem,) = self.diagnostics
        if place is None or problem.related or problem.at.source is place.source:
            return
        if problem.at.source.name:
            problem = replace(problem, related=(Label(place, label),))
        else:
            problem = replace(problem, at=place)
        self.diagnostics = (problem,)


@contextmanager
def placed(place: Span | None, label: str) -> Iterator[None]:
    """Inside, a DataError that names no place in the program is given this one."""
    try:
        yield
    except DataError as error:
        error.place(place, label)
        raise


def _place(file: str, line: int | None, cell: str) -> Span:
    """The cell, if it stands once in the line, else the line; of the file, only this is read."""
    if line is None:
        return Span(Source(file, ""), 0, 0)
    with Path(file).open(encoding="utf-8-sig", errors="replace") as lines:
        text = next(islice(lines, line - 1, line), "").rstrip("\r\n")
    source = Source(file, "\n" * (line - 1) + text)
    if cell and text.count(cell) == 1:
        start = line - 1 + text.index(cell)
        return Span(source, start, start + len(cell))
    return Span(source, line - 1, len(source.text))


def propose(name: str, known: Iterable[str], kind: str) -> str:
    """A help text for a name that is not among `known`: the nearest one, and what there is."""
    names = list(known)
    meant = nearest(name, names)
    listing = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
    there_is = f"{kind}: {listing}" if names else f"{kind}: none"
    return f"did you mean `{meant}`? {there_is}" if meant else there_is


def shown(path: Path) -> str:
    """`path` as errors print it: relative to the current folder where it lies below it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
