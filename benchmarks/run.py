"""Runs ours and its peers on the workloads and keeps what was measured; README.md explains.

Each pair of a variant and a case has a process of its own, on one core for each thread.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.environments import HOME, install, python_of, read_peers
from benchmarks.machine import describe_machine
from benchmarks.reference import answer
from benchmarks.report import write_report
from benchmarks.workloads import CASES

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results.json"
REFERENCES = HOME / "references"
THREAD_COUNTS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
ONE_THREAD_OF_XLA = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


def arguments() -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", default="", help="environments; default: those of peers.toml")
    parser.add_argument("--variants", default="", help="of those peers; default: all")
    parser.add_argument("--cases", default=",".join(CASES), help="workloads")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--first-core", type=int, default=0)
    parser.add_argument("--limit", type=float, default=120, help="seconds for a variant and case")
    parser.add_argument("--results", type=Path, default=RESULTS, help="kept and extended")
    return parser.parse_args()


def chosen(peers: dict[str, Any], names: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Ours, and the variants of the environments that are named, which are installed."""
    environments = peers["environments"]
    wanted = names.split(",") if names else [n for n, e in environments.items() if e["default"]]
    for name in wanted:
        install(name, environments[name])
    for name, variant in peers["variants"].items():
        if "environment" not in variant:
            yield name, variant | {"packages": []}
        elif variant["environment"] in wanted:
            packages = environments[variant["environment"]]["packages"]
            yield name, variant | {"packages": [re.split("[=<]", p)[0] for p in packages]}


def environment(threads: int) -> dict[str, str]:
    """What a measured process finds in its environment: all libraries keep to the threads."""
    counts = dict.fromkeys(THREAD_COUNTS, str(threads))
    xla = {"XLA_FLAGS": ONE_THREAD_OF_XLA} if threads == 1 else {}
    return os.environ | counts | xla | {"CUDA_VISIBLE_DEVICES": "", "PYTHONWARNINGS": "ignore"}


def run(variant: dict[str, Any], case: str, options: argparse.Namespace) -> dict[str, Any]:
    """The record of a process; what had not ended when it was stopped says so."""
    cores = range(options.first_core, options.first_core + options.threads)
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "record.json"
        settings = {
            "variant": variant,
            "case": case,
            "output": str(output),
            "references": str(REFERENCES),
        }
        command = [python_of(variant.get("environment")), "-m", "benchmarks.run_case"]
        process = subprocess.Popen(
            [*command, json.dumps(settings)],
            cwd=ROOT,
            env=environment(options.threads),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )
        try:
            _, said = process.communicate(timeout=options.limit)
            end = {"status": "failed", "why": said.strip()[-300:]}
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            end = {"status": "too slow", "why": f"over {options.limit:g} s"}
        record = json.loads(output.read_text(encoding="utf-8")) if output.exists() else {}
    for stage in ("forward", "gradient"):
        if record.get(stage, {"status": "running"})["status"] == "running":
            record[stage] = end
    return record


def summary(record: dict[str, Any]) -> str:
    """A line for those who wait."""
    stages = (record[stage] for stage in ("forward", "gradient"))
    return "  ".join(
        f"{s['median'] * 1e6:12.1f} µs" if s["status"] == "ok" else f"{s['status']:>15}"
        for s in stages
    )


def main() -> None:
    """Measure, save after each process, and write the report."""
    options = arguments()
    peers = read_peers()
    wanted = options.variants.split(",") if options.variants else peers["variants"]
    variants = [(n, v) for n, v in chosen(peers, options.peers) if n in wanted]
    kept = json.loads(options.results.read_text("utf-8")) if options.results.exists() else {}
    records = kept.get("records", {})
    machine = describe_machine(options.first_core)
    for case in options.cases.split(","):
        answer(CASES[case], REFERENCES)
        for name, variant in variants:
            record = run(variant, case, options)
            records[f"{case} {name} {options.threads}"] = record | {
                "date": time.strftime("%F %H:%M")
            }
            print(f"{case:18} {name:24} {summary(record)}", flush=True)
            write_results(options.results, machine, records)
    print(write_report(options.results))


def write_results(path: Path, machine: dict[str, Any], records: dict[str, Any]) -> None:
    """A line a record, in order, so that differences are read."""
    lines = [f"    {json.dumps(key)}: {json.dumps(records[key])}" for key in sorted(records)]
    body = ",\n".join(lines)
    path.write_text(
        f'{{\n  "machine": {json.dumps(machine)},\n  "records": {{\n{body}\n  }}\n}}\n',
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
