"""Errors of files that cannot be read at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from qmlc.source.diagnostic import Problem


@dataclass(frozen=True)
class UnreadableFile(Problem):
    """A file that cannot be read: it is not there, is a folder, or is not what it should be.

    A program is a text file in UTF-8; weights (`--state`) are safetensors; numbers for inputs
    (`--input x=FILE`) are `.npy`, `.csv` or `.json`.
    """

    code: ClassVar[str] = "E0601"
    title: ClassVar[str] = "unreadable file"
