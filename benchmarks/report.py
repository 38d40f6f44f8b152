"""The tables of what was measured: `results.md`, from `results.json`."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.bounds import bound
from benchmarks.workloads import CASES

Record = dict[str, Any]
STAGES = {"forward": "Values", "gradient": "Values and gradients"}
PEERS = Path(__file__).parent / "peers.toml"
OURS = "ours"


class Measured(NamedTuple):
    """The fastest correct variant of a peer on a case."""

    peer: str
    record: Record
    seconds: float


def duration(seconds: float) -> str:
    """Three digits that count, and a unit."""
    unit, scale = next(((u, s) for u, s in (("s", 1), ("ms", 1e-3)) if seconds >= s), ("µs", 1e-6))
    return f"{float(f'{seconds / scale:.3g}'):g} {unit}"


def times(ratio: float) -> str:
    """How many times."""
    return f"{float(f'{ratio:.3g}'):g}×"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """The lines of a Markdown table and a blank one."""
    head = list(head)
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


class Results:
    """What was measured, by case, stage and number of threads."""

    def __init__(self, path: Path) -> None:
        kept = json.loads(path.read_text(encoding="utf-8"))
        self.machine: Record = kept["machine"]
        self.records: dict[str, Record] = kept["records"]
        self.variants: Record = tomllib.loads(PEERS.read_text(encoding="utf-8"))["variants"]

    def record(self, case: str, variant: str, threads: int = 1) -> Record | None:
        """What there is about a variant."""
        return self.records.get(f"{case} {variant} {threads}")

    def best(self, case: str, stage: str) -> dict[str, Measured | str]:
        """For each peer its fastest correct variant; of one that has none, what went wrong."""
        found: dict[str, Measured | str] = {}
        for name, variant in self.variants.items():
            record, peer = self.record(case, name), variant["peer"]
            if record is None:
                continue
            status = record[stage]["status"]
            old = found.get(peer)
            if status != "ok":
                found.setdefault(peer, status)
            elif not isinstance(old, Measured) or record[stage]["median"] < old.seconds:
                found[peer] = Measured(peer, record, record[stage]["median"])
        return found

    def ours(self, case: str, stage: str, threads: int = 1) -> float | None:
        """Our median, where it is right."""
        record = self.record(case, OURS, threads)
        return record[stage]["median"] if record and record[stage]["status"] == "ok" else None

    def peers(self, in_torch: bool) -> list[str]:
        """The peers that were measured, of those that live in PyTorch or the others."""
        measured = {key.split()[1] for key in self.records} - {OURS}
        variants = (v for name, v in self.variants.items() if name in measured)
        chosen = (v["peer"] for v in variants if v.get("in_torch", False) == in_torch)
        return list(dict.fromkeys(chosen))


def ratios(results: Results, stage: str) -> Iterator[str]:
    """The table of a stage: ours, the roofline, the best peer, and each peer."""
    peers = [*results.peers(in_torch=True), *results.peers(in_torch=False)]
    rows = []
    for name, case in CASES.items():
        mine = results.ours(name, stage)
        if mine is None:
            continue
        found = results.best(name, stage)
        others = [m for peer in peers if isinstance(m := found.get(peer), Measured)]
        best = min(others, key=lambda m: m.seconds, default=None)
        limit = bound(case, stage, results.machine)
        cells = [
            f"`{name}`",
            duration(mine),
            f"{float(f'{100 * limit.seconds / mine:.2g}'):g}% {limit.speed}",
            f"{best.peer}, {duration(best.seconds)}" if best else "",
            f"**{times(best.seconds / mine)}**" if best else "",
        ]
        for peer in peers:
            cell = found.get(peer, "")
            cells.append(times(cell.seconds / mine) if isinstance(cell, Measured) else cell)
        rows.append(cells)
    yield f"## {STAGES[stage]}, one thread\n"
    yield from table(["case", "qmlc", "roofline", "best peer", "ratio", *peers], rows)


def starts(results: Results) -> Iterator[str]:
    """The table of first calls and memory, ours and the best peer's."""
    rows = []
    for name, case in CASES.items():
        record = results.record(name, OURS)
        found = results.best(name, "gradient")
        others = [m for p, m in found.items() if isinstance(m, Measured) and m.record is not record]
        if record is None or results.ours(name, "gradient") is None:
            continue
        best = min(others, key=lambda m: m.seconds, default=None)
        row = [f"`{name}`", str(len(case.gates)), *start_cells(record)]
        rows.append([*row, best.peer, *start_cells(best.record)] if best else row)
    yield "## Start and memory\n"
    columns = ("import", "build", "first forward", "first gradient", "memory")
    yield from table(["case", "gates", *columns, "best peer", *columns], rows)


def start_cells(record: Record) -> list[str]:
    """Import, build, both first calls, and memory beyond what was there before them."""
    seconds = (record["import"], record["build"], *(record[s]["first_call"] for s in STAGES))
    used = record["gradient"]["memory"] - record["memory_before"]
    return [*(duration(s) for s in seconds), f"{used:.0f} MiB"]


def threads(results: Results) -> Iterator[str]:
    """The table of two threads against one."""
    rows = []
    for name in CASES:
        cells = [f"`{name}`"]
        for stage in STAGES:
            one, two = (results.ours(name, stage, n) for n in (1, 2))
            cells += [duration(two), times(one / two)] if one and two else []
        if len(cells) > 1:
            rows.append(cells)
    if rows:
        yield "## Two threads against one\n"
        yield from table(["case", "values", "faster", "values and gradients", "faster"], rows)


def setting(results: Results) -> Iterator[str]:
    """The machine, in words."""
    machine = results.machine
    caches = ", ".join(f"{name} {size} KiB" for name, size in machine["caches"].items())
    yield (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory'] / 2**30:.0f} GiB, "
        f"{caches}; {machine['system']}, Python {machine['python']}."
    )
    speeds = {int(size): speed for size, speed in machine["bandwidth"].items()}
    listed = ", ".join(f"{speeds[s] / 1e9:.0f} GB/s at {s >> 10} KiB" for s in sorted(speeds))
    yield (
        f"One core: {machine['multiply_adds'] / 1e9:.0f}e9 float32 multiply-adds a second; "
        f"scaling numbers in place reads and writes {listed}. "
        f"Load before the run: {machine['load']:.1f}.\n"
    )
    versions = {k: v for r in results.records.values() for k, v in r.get("versions", {}).items()}
    yield f"Versions: {', '.join(f'{k} {v}' for k, v in sorted(versions.items()))}.\n"


def workloads() -> Iterator[str]:
    """What the cases are."""
    yield "## Workloads\n"
    rows = (
        [f"`{c.name}`", c.title, str(c.batch), str(len(c.gates)), str(c.num_weights)]
        for c in CASES.values()
    )
    yield from table(["case", "circuit", "batch", "gates", "weights"], rows)


def write_report(path: Path) -> str:
    """The tables, which are written beside the results."""
    results = Results(path)
    parts = (setting(results), ratios(results, "gradient"), ratios(results, "forward"),
             starts(results), threads(results), workloads())  # fmt: skip
    text = "\n".join(line for part in parts for line in part)
    head = "# Results\n\nMade by `make bench`; README.md says how to read the tables.\n\n"
    path.with_suffix(".md").write_text(head + text, encoding="utf-8")
    return text
