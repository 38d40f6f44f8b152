"""What each pass did to a program: before, after, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise

from qmlc.ir.graph import Graph
from qmlc.ir.program import Program, Unit
from qmlc.passes.attention.lower_attention import lower_unit
from qmlc.passes.pipeline import PIPELINE, optimise

QUIET = frozenset({"input", "parameter", "constant", "dimension"})

Figures = Callable[[Program, Program, str], str]
"""What a pass saves: of a program before and after it, for the class of a unit."""


def explain_passes(program: Program, level: int, figures: Figures | None = None) -> Iterator[str]:
    """A line for each pass that changed something, with its reason, and one for each unit.

    `figures` are put behind the latter. Then the attention that stays as it is written, and why.
    """
    stages = [("", program)]
    optimise(program, level, lambda name, after: stages.append((name, after)))
    reasons = {step.name: step.doc for step in PIPELINE}
    for (_, before), (name, after) in pairwise(stages):
        yield from compare_programs(before, after, f"{name}: {reasons[name]}", figures)
    for unit in stages[-1][1].units:
        for refusal in lower_unit(unit)[1] if unit.graph is not None else ():
            yield f"attention of {unit.name} stays as it is written: {refusal.reason}"


def compare_programs(
    before: Program, after: Program, title: str, figures: Figures | None = None
) -> Iterator[str]:
    """A title and a line for each unit that a pass changed; nothing where it changed none."""
    old = {unit.class_name: unit for unit in before.units}
    found = [(u, line) for u in after.units for line in _differences(old[u.class_name], u)]
    if found:
        yield title
    for unit, line in found:
        yield line + (figures(before, after, unit.class_name) if figures else "")


def _differences(before: Unit, after: Unit) -> Iterator[str]:
    """What a unit has no more, and what it has instead; the methods that it has besides."""
    old, new = _operations(before), _operations(after)
    if old != new:
        yield f"  {after.name}: {_listed(old - new)} -> {_listed(new - old)}"
    for method in after.methods[len(before.methods) :]:
        yield f"  {after.name}: nothing -> {method.name}: {_listed(_functions(method.graph))}"


def _operations(unit: Unit) -> Counter[str]:
    """How often a unit computes what: functions, calls of modules, gates."""
    if unit.graph is not None:
        return _functions(unit.graph)
    return Counter(i.name for i in unit.circuit.instructions) if unit.circuit else Counter()


def _functions(graph: Graph) -> Counter[str]:
    return Counter(n.operation for n in graph.nodes if n.operation not in QUIET)


def _listed(operations: Counter[str]) -> str:
    texts = [f"{count} {name}" if count > 1 else name for name, count in operations.items()]
    return ", ".join(texts) or "nothing"
