"""Room on Python's stack for programs that nest deeply."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

RECURSION = 20_000
"""Python frames: expressions nest up to 400 deep, each level taking a few."""


@contextmanager
def allow_recursion() -> Iterator[None]:
    """Within, calls may nest `RECURSION` deep."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, RECURSION))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
