"""Build the schedule of the learning rate that a train block names."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from qmlc.ir.program import Call
from qmlc.ops.optimizers import SCHEDULES
from qmlc.training.construct import bind_call, construct, find_row
from qmlc.training.errors import DataError


@dataclass(frozen=True, slots=True)
class Schedule:
    """A scheduler of PyTorch and when it moves: after each `step`, `epoch` or `validation`."""

    scheduler: Any = None
    every: str = ""

    def move(self, when: str, *values: float) -> None:
        """Move the learning rate if this is when it moves."""
        if when == self.every:
            self.scheduler.step(*values)

    def state(self) -> Any:
        """How far the rate has moved; None where it stays."""
        return self.scheduler.state_dict() if self.scheduler is not None else None

    def restore(self, state: Any) -> None:
        """Nothing; the rate has moved as far as `state` says."""
        if self.scheduler is not None:
            self.scheduler.load_state_dict(state)


def build_schedule(call: Call | None, optimizer: Optimizer, steps: int) -> Schedule:
    """The schedule that `call` names, for so many steps in all; a constant rate for None.

    DataError E0706 where the name or an argument is wrong.
    """
    if call is None:
        return Schedule()
    row = find_row(call, SCHEDULES, "schedule")
    arguments = bind_call(call, row.parameters)
    for name in ("warmup", "step_size"):
        value = arguments.get(name, 1)
        if not isinstance(value, (int, float)) or value < (0 if name == "warmup" else 1):
            raise DataError("E0706", f"`{call.function}` cannot have {name} = {value!r}")
    if call.function in MULTIPLES:
        multiple = MULTIPLES[call.function]
        warmup = arguments["warmup"]
        scheduler: Any = LambdaLR(optimizer, lambda step: multiple(*_warm(warmup, step, steps)))
    else:
        total = {"total_steps": steps} if call.function == "one_cycle" else {}
        scheduler = construct(call, row.path, optimizer, **arguments, **total)
    return Schedule(scheduler, row.every)


def _warm(warmup: float, step: int, steps: int) -> tuple[float, float]:
    """The factor of the warm-up, and how far the rest has come, both from 0 to 1."""
    warm = warmup * steps if warmup < 1 else warmup
    if step < warm:
        return (step + 1) / (warm + 1), 0.0
    return 1.0, min((step - warm) / max(steps - warm, 1), 1.0)


MULTIPLES: Mapping[str, Callable[[float, float], float]] = {
    "constant": lambda factor, progress: factor,
    "cosine": lambda factor, progress: factor * (1 + math.cos(math.pi * progress)) / 2,
    "linear": lambda factor, progress: factor * (1 - progress),
}
"""The language's own schedules: the rate's multiple by warm-up factor and progress after it."""
