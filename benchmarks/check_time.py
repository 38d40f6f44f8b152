"""Wall and processor time of `qmlc check` on the Iris program, start-up of Python included."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

COMMAND = (sys.executable, "-m", "qmlc.tools.main", "check", "examples/iris/iris.hqm")
ROOT = Path(__file__).parent.parent
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
"""pip writes bytecode when it installs; a checkout must be allowed to as well."""


def run() -> tuple[float, float]:
    """Seconds on the wall, and of the processor."""
    start, before = time.perf_counter(), os.times()
    subprocess.run(COMMAND, cwd=ROOT, env=ENVIRONMENT, check=True, capture_output=True)
    wall, after = time.perf_counter() - start, os.times()
    return wall, sum(after[2:4]) - sum(before[2:4])


if __name__ == "__main__":
    run()  # the first fills the caches
    runs = [run() for _ in range(10)]
    for name, times in (("wall", [r[0] for r in runs]), ("processor", [r[1] for r in runs])):
        print(f"{name}: minimum {min(times):.2f} s, median {statistics.median(times):.2f} s")
