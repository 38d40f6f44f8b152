"""How long `qmlc check` takes from start to end, beside a Python that does nothing."""

from __future__ import annotations

import platform
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
ROUNDS = 9


def seconds(arguments: list[str]) -> float:
    """The median wall time of a Python command, after one run to warm the file cache."""
    times = []
    for _ in range(ROUNDS + 1):
        started = time.perf_counter()
        subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, check=True)
        times.append(time.perf_counter() - started)
    return median(times[1:])


def main() -> None:
    """Print a line for each example."""
    print(f"Python {platform.python_version()}, {platform.machine()}, median of {ROUNDS}")
    print(f"{seconds(['-c', 'pass']):.3f} s  python -c pass")
    for program in sorted((ROOT / "examples").glob("*/*.hqm")):
        path = str(program.relative_to(ROOT))
        print(f"{seconds(['-m', 'qmlc', 'check', path]):.3f} s  qmlc check {path}")


if __name__ == "__main__":
    main()
