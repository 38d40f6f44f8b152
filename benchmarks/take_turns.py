"""Times of several ways to do one thing, taken in turns, so that no way has the quieter hour."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

Times = tuple[float, float]
"""Milliseconds of the processor: the least, and the median."""


def take_turns(
    ways: Mapping[str, Callable[[], object]], limit: float = 4.0, least: int = 5
) -> dict[str, Times]:
    """The times of each way, after two runs that are not timed.

    All together run for `limit` seconds, each at least `least` times, on one thread: the time of
    the processor leaves out what other processes took.
    """
    found: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
        way()
    start = time.perf_counter()
    while len(next(iter(found.values()))) < least or time.perf_counter() - start < limit:
        for name, way in ways.items():
            begin = time.process_time()
            way()
            found[name].append(1000 * (time.process_time() - begin))
    return {name: (min(times), statistics.median(times)) for name, times in found.items()}
