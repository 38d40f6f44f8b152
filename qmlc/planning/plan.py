"""A plan as data: what runs how for one call of a part, what it costs, and how long it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace

from qmlc.costs.host_costs import HostCosts
from qmlc.planning.step import GROUPS, Step
from qmlc.planning.work import predict_seconds


@dataclass(frozen=True, slots=True)
class Row:
    """Equal steps together. `gradient` numbers are those of a forward and a backward pass.

    Seconds are predicted; bytes are read and written; `circuits` are samples for which a circuit
    is run forward.
    """

    group: str
    how: str
    calls: int
    flops: float
    gradient_flops: float
    bytes: float
    gradient_bytes: float
    circuits: int
    seconds: float
    gradient_seconds: float


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes in float32: of parameters, of what stays for a backward pass, and of one step.

    The last are on top of the others, at most while that step runs.
    """

    parameters: int
    kept: int
    step: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of a part of a program for certain sizes.

    `measured` are the seconds that were measured, if they were.
    """

    name: str
    kind: str
    sizes: dict[str, int]
    rows: tuple[Row, ...]
    memory: Memory
    seconds: float
    gradient_seconds: float | None
    """Of a forward and a backward pass; None where nothing learns."""
    measured: dict[str, float] = field(default_factory=dict)

    @property
    def total(self) -> Row:
        """The sum of all rows."""
        numbers = {
            item.name: sum(getattr(row, item.name) for row in self.rows)
            for item in fields(Row)
            if item.name not in ("group", "how")
        }
        return replace(Row("total", "", **numbers), gradient_seconds=self.gradient_seconds or 0)


def make_rows(steps: Sequence[Step], costs: HostCosts) -> tuple[Row, ...]:
    """Rows for steps, equal ones together, by their groups and then as they come."""
    equal: dict[tuple[str, str], list[Step]] = {}
    for step in steps:
        equal.setdefault((step.group, step.how), []).append(step)
    rows = [_row(group, how, same, costs) for (group, how), same in equal.items()]
    return tuple(sorted(rows, key=lambda row: GROUPS.index(row.group)))


def _row(group: str, how: str, steps: Sequence[Step], costs: HostCosts) -> Row:
    forward = [step.forward for step in steps]
    gradient = [work for step in steps for work in (step.training, step.backward)]
    return Row(
        group,
        how,
        len(steps),
        sum(work.flops for work in forward),
        sum(work.flops for work in gradient),
        sum(work.bytes for work in forward),
        sum(work.bytes for work in gradient),
        sum(step.circuits for step in steps),
        sum(predict_seconds(work, costs) for work in forward),
        sum(predict_seconds(work, costs) for work in gradient),
    )
