"""What is wrong with data, or with how a model is to be trained on it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

CODES: dict[str, str] = {
    "E0701": "a column is missing",
    "E0702": "a cell cannot be used",
    "E0703": "a category was not seen in training",
    "E0704": "there is nothing to train on",
    "E0705": "a file cannot be read",
    "E0706": "an option cannot be used",
    "E0707": "saved state does not fit",
    "E0708": "the loss is not finite",
}
"""The codes of this room and what they are about."""


class DataError(Exception):
    """Data, options or saved state that cannot be used.

    `file` and `line` say where, as far as known; `help` proposes something or is empty.
    """

    def __init__(
        self, code: str, message: str, help: str = "", file: str = "", line: int | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.help, self.file, self.line = code, message, help, file, line

    def __str__(self) -> str:
        """The error as the command line prints it: headline, place, proposal."""
        lines = [f"error[{self.code}]: {self.message}"]
        if self.file:
            place = self.file if self.line is None else f"{self.file}:{self.line}"
            lines.append(f"  --> {place}")
        if self.help:
            lines.append(f"   = help: {self.help}")
        return "\n".join(lines)


def propose(name: str, known: Iterable[str], kind: str) -> str:
    """A help text for a name that is not among `known`: the nearest one, and what there is."""
    names = list(known)
    nearest = get_close_matches(name, names, n=1)
    listing = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
    there_is = f"{kind}: {listing}" if names else f"{kind}: none"
    return f"did you mean `{nearest[0]}`? {there_is}" if nearest else there_is


def shown(path: Path) -> str:
    """`path` as errors print it: relative to the current folder where it lies below it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
