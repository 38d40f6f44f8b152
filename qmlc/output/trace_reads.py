"""Which files a piece of work reads, seen by Python itself (PEP 578): no reader has to tell."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

Stamp = tuple[int, int]
"""When a file was changed, in nanoseconds, and its size."""

_tracing: dict[str, Stamp | None] | None = None


@contextmanager
def trace_reads() -> Iterator[dict[str, Stamp | None]]:
    """Within, files that are opened for reading are collected, those that are not there with None.

    Python's own files, installed packages, what a system reports as files, and what the compiler
    itself is made of are left out.
    """
    global _tracing
    _install()
    found: dict[str, Stamp | None] = {}
    _tracing = found
    try:
        yield found
    finally:
        _tracing = None


def stamp(path: str) -> Stamp | None:
    """Of a file as it is now; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


@cache
def _install() -> None:
    sys.addaudithook(_see)


def _see(event: str, arguments: tuple[Any, ...]) -> None:
    if _tracing is None or event != "open":
        return
    path, mode, flags = arguments
    reading = not set(mode) & set("wax+") if mode else not flags & (os.O_WRONLY | os.O_RDWR)
    if reading and isinstance(path, str | os.PathLike):
        name = os.path.abspath(os.fspath(path))
        if not name.startswith(_elsewhere()):
            _tracing.setdefault(name, stamp(name))


@cache
def _elsewhere() -> tuple[str, ...]:
    package = Path(__file__).parent.parent
    cached = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    ours = (sys.prefix, sys.base_prefix, str(package), str(cached))
    return (*ours, "/proc/", "/sys/", "/dev/", "/etc/")
