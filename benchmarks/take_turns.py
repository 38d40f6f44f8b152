"""Times of several ways to do one thing, taken in turns, so that no way has the quieter hour."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

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


def answer_turns(work: Callable[[], object]) -> None:
    """Nothing; `work` was done for each line of the input, until it ended.

    What it yields, and the seconds of the processor that it took, are printed, a line each time.
    """
    for _ in sys.stdin:
        begin = time.process_time()
        result = work()
        print(json.dumps([result, time.process_time() - begin]), flush=True)


class Worker:
    """A process that answers turns."""

    def __init__(self, command: Sequence[str], **settings: Any) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **settings
        )

    def turn(self) -> tuple[Any, float]:
        """What it yields in the next turn, and the seconds of the processor for that."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        result, seconds = json.loads(self.process.stdout.readline())
        return result, seconds

    def end(self) -> None:
        """Nothing; the process is over."""
        self.process.kill()
        self.process.communicate()
