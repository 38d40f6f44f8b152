"""Which published limit of a device a job would exceed."""

from __future__ import annotations

from qmlc.targets.read_target import Target


def exceeded_limit(target: Target, shots: int, circuits: int = 1) -> str:
    """A sentence on the limit of `target` that so many circuits with `shots` exceed, or ""."""
    limits = dict(target.limits)
    most = limits.get("shots", shots)
    if shots > most:
        return f"{target.title} runs a circuit {most:,} times at most, and {shots:,} are asked for"
    executions = circuits * shots
    most = limits.get("executions", executions)
    if executions > most:
        counted = f"{circuits} circuits with {shots:,} shots are {executions:,}"
        return f"{target.title} takes {most:,} executions at once, and {counted}"
    return ""
