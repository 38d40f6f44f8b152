"""Threads: which one this is, and how they share work and wait for each other."""

from __future__ import annotations

from typing import Any

from qmlc.kernels.language import address, call_int, call_void, inline, ints
from qmlc.kernels.layout import BARRIER, PARALLEL, PROGRAM, THREAD_NUMBER, THREADS


@inline
def thread_of(call: Any) -> Any:
    """The number of this thread."""
    thread = 0
    if call[THREADS] > 1:
        thread = call_int(ints(call[PROGRAM])[THREAD_NUMBER]) & 0xFFFF
    return thread


@inline
def meet(call: Any) -> None:
    """Wait for the other threads."""
    if call[THREADS] > 1:
        call_void(ints(call[PROGRAM])[BARRIER])


@inline
def share(call: Any, work: Any) -> None:
    """Call a function of the library on all threads, or here where there is but one."""
    if call[THREADS] > 1:
        call_void(ints(call[PROGRAM])[PARALLEL], work, address(call), call[THREADS], 0)
    else:
        call_void(work, address(call))
