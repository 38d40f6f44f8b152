"""The threads of torch: functions of the OpenMP runtime that it has loaded."""

from __future__ import annotations

import ctypes
import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

MAPS = Path("/proc/self/maps")


class OpenMP(NamedTuple):
    """Addresses of functions of GNU's runtime: a second one beside it would fight for the cores."""

    parallel: int
    """`void GOMP_parallel(void f(void *), void *data, unsigned threads, unsigned flags)`"""
    thread_number: int
    barrier: int


@cache
def find_openmp() -> OpenMP | None:
    """The runtime of this process, once torch is imported; None where it is another or none."""
    try:
        lines = MAPS.read_text(encoding="utf-8", errors="replace").splitlines()
        path = next(line.split(maxsplit=5)[5] for line in lines if "libgomp" in line)
        library = ctypes.CDLL(path)
        names = ("GOMP_parallel", "omp_get_thread_num", "GOMP_barrier")
        found = [ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0 for name in names]
    except (OSError, StopIteration, AttributeError):
        return None
    return OpenMP(*found)


_forked = False


def _note_fork() -> None:
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


def may_use_threads() -> bool:
    """Whether there are threads: the child of a fork has none that the runtime counts on."""
    return not _forked and find_openmp() is not None
