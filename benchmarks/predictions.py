"""Predicted times beside measured ones: what `qmlc explain-plan --run` says of many programs.

python -m benchmarks.predictions            # the host is measured first; writes predictions.md
python -m benchmarks.predictions bert iris  # some of them, printed only
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import geometric_mean
from typing import Any

from benchmarks.circuits import Case
from benchmarks.workloads import CASES
from benchmarks.write_program import write_program
from qmlc.costs.host_costs import HostCosts
from qmlc.costs.read_costs import typical_costs
from qmlc.planning.explain_plan import PlanOptions, chosen_units, plan_unit
from qmlc.planning.measure_host import measure_host
from qmlc.planning.plan import Plan
from qmlc.planning.print_plan import time_text
from qmlc.program import load

ROOT = Path(__file__).parent.parent
KEPT = Path(__file__).parent / "predictions.md"
BOUND = 2
"""A prediction is right up to this factor."""


@dataclass(frozen=True)
class Planned:
    """A part of a program, and for which sizes."""

    file: str
    model: str
    batch: int = 32
    sizes: dict[str, int] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)


PROGRAMS = {
    "iris": Planned("examples/iris/iris.hqm", "iris", 16),
    "quench": Planned("examples/ising_dynamics/ising_dynamics.hqm", "quench", 30, {}, {"n": 6}),
    "qaoa": Planned("examples/portfolio/portfolio.hqm", "qaoa", 1, {}, {"n": 8}),
    "vqe": Planned("examples/molecule/molecule.hqm", "vqe", 1),
    "quanvolution": Planned("examples/digits/quanvolution.hqm", "digits"),
    "teleport": Planned("examples/teleport/teleport.hqm", "teleport", 8),
    "phase estimation": Planned(
        "examples/modifiers/modifiers.hqm", "phase_estimation", 4, {}, {"bits": 6}
    ),
    "bert": Planned("benchmarks/models/bert.hqm", "training", 8, {"T": 64}),
    "bert, long": Planned("benchmarks/models/bert.hqm", "training", 1, {"T": 512}),
    "decoder": Planned("benchmarks/models/decoder.hqm", "decoder", 4, {"T": 128}),
    "quantum attention": Planned(
        "benchmarks/models/quantum_attention.hqm", "reader", 32, {"T": 24}
    ),
    "kernel": Planned("benchmarks/models/kernel.hqm", "similarity", 100, {"N": 200}),
    "convolutions": Planned("benchmarks/models/convolutions.hqm", "digits"),
    "recurrent": Planned("benchmarks/models/recurrent.hqm", "series", 16, {"T": 50}),
    "perceptron": Planned("benchmarks/models/perceptron.hqm", "step", 64),
}


def plan_program(planned: Planned, costs: HostCosts) -> Plan:
    """The plan of a program, measured."""
    loaded = load(ROOT / planned.file, **planned.settings)
    options = PlanOptions(batch=planned.batch, sizes=planned.sizes)
    unit = chosen_units(loaded.program, planned.model)[-1]
    return plan_unit(loaded.program, unit, costs, options, loaded)


def plan_workload(case: Case, costs: HostCosts) -> Plan:
    """The plan of a workload of the engine, measured."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.hqm"
        path.write_text(write_program(case), encoding="utf-8")
        loaded = load(path)
    unit = chosen_units(loaded.program, "workload")[-1]
    return plan_unit(loaded.program, unit, costs, PlanOptions(batch=case.batch), loaded)


def plans(names: list[str], costs: HostCosts) -> Iterator[tuple[str, Plan]]:
    """A plan for each of the names, else for all."""
    for name, planned in PROGRAMS.items():
        if not names or name in names:
            yield name, plan_program(planned, costs)
    for name, case in CASES.items():
        if not names or name in names:
            yield f"`{name}`", plan_workload(case, costs)


def rows(name: str, plan: Plan) -> Iterator[tuple[str, str, float, float]]:
    """Name, stage, predicted and measured seconds."""
    yield name, "forward", plan.seconds, plan.measured["forward"]
    if plan.gradient_seconds is not None and "gradient" in plan.measured:
        yield name, "and backward", plan.gradient_seconds, plan.measured["gradient"]


def main() -> None:
    """Measure, and print or keep a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--typical", action="store_true", help="by the costs that are shipped")
    chosen = parser.parse_args()
    costs = typical_costs() if chosen.typical else measure_host()
    lines, ratios = [], []
    for name, plan in plans(chosen.names, costs):
        for case, stage, predicted, measured in rows(name, plan):
            ratios.append(measured / predicted)
            line = (
                f"| {case} | {stage} | {time_text(predicted)} | {time_text(measured)} "
                f"| {measured / predicted:.2f} |"
            )
            print(line, flush=True)
            lines.append(line)
    right = sum(1 / BOUND <= ratio <= BOUND for ratio in ratios)
    summary = (
        f"{right} of {len(ratios)} are right up to a factor of {BOUND}; "
        f"the mean ratio (geometric) is {geometric_mean(ratios):.2f}."
    )
    print(summary)
    if not chosen.names:
        headline = ["| program | stage | predicted | measured | ratio |", "|---|---|---|---|---|"]
        title = "# Predicted and measured times\n\nWritten by `python -m benchmarks.predictions`: "
        host = f"float32 on one thread of {costs.processor}, seconds of the processor.\n\n"
        KEPT.write_text(title + host + "\n".join([summary, "", *headline, *lines]) + "\n", "utf-8")


if __name__ == "__main__":
    main()
