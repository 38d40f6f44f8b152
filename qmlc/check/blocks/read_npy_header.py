"""What an `.npy` file says before its numbers: numpy.lib.format, versions 1 to 3."""

from __future__ import annotations

import ast
import math
from typing import IO, NamedTuple

MAX_LENGTH = 1_000_000
"""Bytes: a longer header is no header."""


class NpyHeader(NamedTuple):
    """The type of the numbers as numpy writes it, their order, and the shape."""

    kind: str
    by_columns: bool
    shape: tuple[int, ...]


def read_npy_header(file: IO[bytes]) -> NpyHeader:
    """The header; `file` stands at the first number then. ValueError where there is none."""
    start = file.read(8)
    if start[:6] != b"\x93NUMPY" or len(start) < 8:
        raise ValueError("it is no `.npy` file")
    length = int.from_bytes(file.read(2 if start[6] == 1 else 4), "little")
    try:
        header = ast.literal_eval(file.read(min(length, MAX_LENGTH)).decode("utf-8"))
        kind, by_columns, shape = header["descr"], header["fortran_order"], header["shape"]
        math.prod(shape)
    except (ValueError, SyntaxError, KeyError, TypeError):
        raise ValueError("the header of the `.npy` file is damaged") from None
    return NpyHeader(kind, by_columns, tuple(shape))
