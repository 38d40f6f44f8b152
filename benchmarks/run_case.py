"""Times one way of computing one case, in a process of its own; `run.py` starts it.

Writes what it has found after each stage, so that nothing is lost when it is stopped.
"""

from __future__ import annotations

import importlib
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.adapters.side import NotOffered, Side
from benchmarks.circuits import Case
from benchmarks.reference import Answer, answer
from benchmarks.workloads import CASES

SHOWN = ("torch", "numpy", "llvmlite")
"""Packages whose versions are kept, beside the peer's own."""
TOLERANCE = 1e-4
"""Of the largest deviation, relative where the largest number is above 1."""
SHORTEST, ENOUGH, MOST = 5, 1.2, 400
"""At least so many calls, for so many seconds, but no more calls than that."""


def deviation(found: np.ndarray | None, true: np.ndarray) -> float:
    """The largest; infinite where something is missing or not a number."""
    if true.size == 0:
        return 0.0
    if found is None or found.shape != true.shape or not np.isfinite(found).all():
        return float("inf")
    return float(np.abs(found - true).max() / max(1.0, np.abs(true).max()))


def memory() -> float:
    """MiB that the process has needed at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def seconds(call: Callable[[], object]) -> float:
    """Of one call, on the wall."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def repeat(call: Callable[[], object]) -> dict[str, float]:
    """Median and extremes of many calls, and how much of the time the processor was ours."""
    warm = seconds(call)
    if warm < 0.3:
        call()
    start, before = time.perf_counter(), time.process_time()
    times: list[float] = []
    while len(times) < SHORTEST or (len(times) < MOST and sum(times) < ENOUGH):
        times.append(seconds(call))
    share = (time.process_time() - before) / (time.perf_counter() - start)
    return {
        "median": statistics.median(times),
        "minimum": min(times),
        "calls": len(times),
        "processor_share": round(share, 3),
    }


def time_stage(case: Case, side: Side, stage: str, true: Answer) -> dict[str, Any]:
    """The record of `forward` or `gradient`."""
    call = getattr(side, stage)
    record: dict[str, Any] = {"first_call": seconds(call)}
    values, d_inputs, d_weights = side.answer()
    record["error"] = deviation(values.reshape(case.shape), true.values)
    if stage == "gradient":
        pairs = ((d_inputs, true.d_inputs), (d_weights, true.d_weights))
        record["gradient_error"] = max(deviation(*pair) for pair in pairs)
    worst = max(record["error"], record.get("gradient_error", 0.0))
    record["status"] = "ok" if worst < TOLERANCE else "wrong"
    return record | repeat(call)


def run_case(variant: dict[str, Any], case: Case, save: Any, references: str) -> None:
    """Hands `save` the record, again and again as it grows."""
    record: dict[str, Any] = {}
    true = answer(case, Path(references))
    start = memory()
    name = f"benchmarks.adapters.{variant['adapter']}"
    record["import"] = seconds(lambda: importlib.import_module(name))
    make = importlib.import_module(name).make
    begin = time.perf_counter()
    try:
        side = make(case, **variant.get("options", {}))
    except NotOffered as error:
        refused = {"status": "not offered", "why": str(error)}
        save(record | dict.fromkeys(("forward", "gradient"), refused))
        return
    record["build"] = time.perf_counter() - begin
    names = sorted({*SHOWN, *variant["packages"]} & {d.name for d in distributions()})
    record["versions"] = {name: version(name) for name in names}
    record["memory_before"] = max(start, memory())
    for stage in ("forward", "gradient"):
        save(record | {stage: {"status": "running"}})
        try:
            record[stage] = time_stage(case, side, stage, true)
        except NotOffered as error:
            record[stage] = {"status": "not offered", "why": str(error)}
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            record[stage] = {"status": "failed", "why": why[:300]}
        record[stage]["memory"] = memory()
        save(record)


def main() -> None:
    """`run_case.py SETTINGS`: a JSON object, in which `output` is the file to write."""
    settings = json.loads(sys.argv[1])
    output = Path(settings["output"])

    def save(record: dict[str, Any]) -> None:
        unfinished = output.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(record), encoding="utf-8")
        unfinished.replace(output)

    case = CASES[settings["case"]]
    run_case(settings["variant"], case, save, settings["references"])


if __name__ == "__main__":
    main()
