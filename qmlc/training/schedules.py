"""How the learning rate moves: its multiple at each step of a training."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qmlc.ir.program import Call
from qmlc.ops.parameters import ArgumentError, Parameter, bind
from qmlc.training.errors import DataError, propose

Multiple = Callable[[int], float]
"""From the number of steps taken to the multiple of the optimizer's learning rate."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A row: its parameters, and its multiple at a step of so many, with so many an epoch."""

    parameters: tuple[Parameter, ...]
    multiple: Callable[[dict[str, Any], int, int, int], float]
    doc: str


def _warm(arguments: dict[str, Any], step: int, total: int) -> tuple[float, float]:
    """The factor of the warm-up, and how far the rest has come, both from 0 to 1."""
    warmup = arguments["warmup"]
    steps = warmup * total if warmup < 1 else warmup
    if step < steps:
        return (step + 1) / (steps + 1), 0.0
    return 1.0, (step - steps) / max(total - steps, 1)


def _cosine(arguments: dict[str, Any], step: int, total: int, per_epoch: int) -> float:
    factor, progress = _warm(arguments, step, total)
    return factor * (1 + math.cos(math.pi * min(progress, 1))) / 2


def _linear(arguments: dict[str, Any], step: int, total: int, per_epoch: int) -> float:
    factor, progress = _warm(arguments, step, total)
    return factor * max(1 - progress, 0)


def _constant(arguments: dict[str, Any], step: int, total: int, per_epoch: int) -> float:
    return _warm(arguments, step, total)[0]


def _step(arguments: dict[str, Any], step: int, total: int, per_epoch: int) -> float:
    return float(arguments["gamma"] ** (step // per_epoch // arguments["step_size"]))


def _exponential(arguments: dict[str, Any], step: int, total: int, per_epoch: int) -> float:
    return float(arguments["gamma"] ** (step // per_epoch))


_WARMUP = Parameter("warmup", 0)

SCHEDULES: dict[str, Schedule] = {
    "constant": Schedule((_WARMUP,), _constant, "The same rate, after a warm-up."),
    "cosine": Schedule((_WARMUP,), _cosine, "Half a cosine down to 0, after a warm-up."),
    "linear": Schedule((_WARMUP,), _linear, "A line down to 0, after a warm-up."),
    "step": Schedule(
        (Parameter("step_size"), Parameter("gamma", 0.1)),
        _step,
        "Times gamma every step_size epochs.",
    ),
    "exponential": Schedule((Parameter("gamma"),), _exponential, "Times gamma every epoch."),
}
"""Every schedule; a `warmup` below 1 is a fraction of all steps, else a number of steps."""


def read_schedule(call: Call, total: int, per_epoch: int) -> Multiple:
    """The multiple by steps taken, for `total` steps; DataError E0706 where `call` is wrong."""
    if call.function not in SCHEDULES:
        help = propose(call.function, SCHEDULES, "the schedules are")
        raise DataError("E0706", f"there is no schedule `{call.function}`", help)
    row = SCHEDULES[call.function]
    try:
        arguments = bind(row.parameters, call.arguments, dict(call.keywords))
    except ArgumentError as error:
        raise DataError("E0706", f"`{call.function}` {error.message}") from None
    for name, value in arguments.items():
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or value < 0 or (name == "step_size" and value < 1):
            raise DataError("E0706", f"`{call.function}` cannot have {name} = {value!r}")
    return lambda step: row.multiple(arguments, step, total, per_epoch)
