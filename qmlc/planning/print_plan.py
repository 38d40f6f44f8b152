"""Plans as text for people."""

from __future__ import annotations

from collections.abc import Iterator

from qmlc.costs.host_costs import HostCosts
from qmlc.planning.plan import Plan, Row

HEADLINE = ("", "step", "calls", "FLOPs", "bytes", "circuits", "forward", "and backward")
PREFIXES = ("", "k", "M", "G", "T", "P")


def print_plans(costs: HostCosts, plans: tuple[Plan, ...]) -> Iterator[str]:
    """Lines: the host, then a table for each plan, and what memory it takes."""
    yield f"float32 on one thread of {costs.processor}"
    for plan in plans:
        yield ""
        yield from _plan(plan)


def _plan(plan: Plan) -> Iterator[str]:
    sizes = sizes_text(plan)
    yield f"{plan.kind} {plan.name}" + (f", {sizes}" if sizes else "")
    cells = [HEADLINE, *(_cells(row, plan) for row in (*plan.rows, plan.total))]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADLINE))]
    for row in cells:
        texts = (
            cell.rjust(width) if column > 1 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(["", *texts]).rstrip()
    if plan.measured:
        gradient = plan.measured.get("gradient")
        parts = ["forward " + _ratio(plan.measured["forward"], plan.seconds)]
        if gradient is not None and plan.gradient_seconds is not None:
            parts.append("and backward " + _ratio(gradient, plan.gradient_seconds))
        yield f"  measured: {', '.join(parts)}"
    memory = plan.memory
    parts = [f"{byte_text(memory.parameters)} of parameters"]
    if plan.gradient_seconds is not None:
        parts.append(f"{byte_text(memory.kept)} kept for gradients")
    if memory.step:
        parts.append(f"at most {byte_text(memory.step)} while a circuit runs")
    yield f"  memory: {', '.join(parts)}"


def sizes_text(plan: Plan) -> str:
    """`B = 32, T = 64`."""
    return ", ".join(f"{name} = {size}" for name, size in plan.sizes.items())


def _cells(row: Row, plan: Plan) -> tuple[str, ...]:
    learns = plan.gradient_seconds is not None
    return (
        row.group,
        row.how,
        str(row.calls),
        _number(row.flops),
        byte_text(row.bytes),
        str(row.circuits) if row.circuits else "",
        time_text(row.seconds),
        time_text(row.gradient_seconds) if learns else "-",
    )


def _ratio(measured: float, predicted: float) -> str:
    return f"{time_text(measured)} ({measured / predicted:.2f} of the predicted)"


def _number(value: float) -> str:
    """Three digits and a prefix for thousands."""
    for prefix in PREFIXES:
        if value < 999.5 or prefix == PREFIXES[-1]:
            break
        value /= 1000
    return f"{value:.3g} {prefix}".rstrip()


def byte_text(value: float) -> str:
    """Bytes with a prefix: `12.3 kB`."""
    text = _number(value)
    return f"{text}B" if text[-1].isalpha() else f"{text} B"


def time_text(seconds: float) -> str:
    """Seconds with a unit: `14.5 µs`."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= 0.9995 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"
