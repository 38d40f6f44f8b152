"""Take the steps of a training, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from qmlc.runtime.freeze import rest_frozen
from qmlc.training.build_optimizer import build_optimizer
from qmlc.training.build_schedule import Schedule, build_schedule
from qmlc.training.errors import DataError
from qmlc.training.read_options import Plan
from qmlc.training.run_module import run_module

Batch = Sequence[Tensor]


@dataclass(frozen=True, slots=True)
class Length:
    """How long a training is."""

    steps: int
    per_epoch: int

    @property
    def epochs(self) -> int:
        """Passes over the data, the last perhaps cut short; steps where there is no data."""
        return math.ceil(self.steps / self.per_epoch)


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was taken: its number from 1, its loss before it, its examples."""

    epoch: int
    number: int
    loss: float
    examples: int


@dataclass(frozen=True, slots=True)
class Epoch:
    """An epoch that is over: its number from 1, steps so far, mean loss while learning."""

    number: int
    steps: int
    loss: float


NOTHING_DONE = Epoch(0, 0, 0.0)


def plan_length(plan: Plan, batches: int) -> Length:
    """How many steps `plan` makes of so many batches an epoch."""
    per_epoch = math.ceil(batches / plan.accumulate)
    steps = plan.steps if plan.steps is not None else (plan.epochs or 1) * per_epoch
    return Length(steps, per_epoch)


@dataclass(frozen=True)
class Learner:
    """What learns, and how it takes a step."""

    module: nn.Module
    """Yields a record with the loss."""
    optimizer: Any
    schedule: Schedule
    accelerator: Accelerator
    accumulate: int
    """How many batches make a step."""
    clip: float | None
    """The greatest norm of the gradient."""


def make_learner(
    module: nn.Module, plan: Plan, length: Length, accelerator: Accelerator
) -> Learner:
    """The learner for `module`; DataError where its optimizer or schedule is wrong."""
    optimizer = build_optimizer(plan.optimizer, module.parameters())
    schedule = build_schedule(plan.schedule, optimizer, length.steps)
    module, prepared = accelerator.prepare(module, optimizer)
    return Learner(module, prepared, schedule, accelerator, plan.accumulate, plan.clip)


def run_epochs(
    learner: Learner,
    batches: Iterable[Batch],
    length: Length,
    tell: Callable[[Step], object],
    done: Epoch = NOTHING_DONE,
) -> Iterator[Epoch]:
    """Yield after each epoch, with the module in the state it left; `tell` hears of each step.

    Epochs up to and with `done` are left out.

    DataError E0708 as soon as the loss is not finite.
    """
    number = done.steps
    for epoch in range(done.number + 1, length.epochs + 1):
        set_modes(learner.module)
        total, seen = 0.0, 0
        for group in _groups(batches, learner.accumulate):
            examples = sum(map(_examples, group))
            loss = _take_step(learner, group)
            number += 1
            _check_finite(loss, epoch, number)
            learner.schedule.move("step")
            total, seen = total + loss * examples, seen + examples
            tell(Step(epoch, number, loss, examples))
            if number == length.steps:
                break
        learner.schedule.move("epoch")
        yield Epoch(epoch, number, total / seen)


def set_modes(module: nn.Module) -> None:
    """Nothing; training mode, and evaluation mode for frozen parts."""
    module.train()
    rest_frozen(module)


def _groups(batches: Iterable[Batch], size: int) -> Iterator[list[Batch]]:
    group: list[Batch] = []
    for batch in batches:
        group.append(batch)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


def _examples(batch: Batch) -> int:
    return len(batch[0]) if batch else 1


def _take_step(learner: Learner, group: list[Batch]) -> float:
    """The loss before the step. Optimizers such as L-BFGS ask for it several times a step."""
    module, accelerator = learner.module, learner.accelerator
    examples = sum(map(_examples, group))
    losses: list[float] = []

    def closure() -> Tensor:
        learner.optimizer.zero_grad()
        total = torch.zeros((), device=accelerator.device)
        for batch in group:
            loss = run_module(module, batch).loss * (_examples(batch) / examples)
            accelerator.backward(loss)
            total = total + loss.detach()
        if learner.clip is not None:
            accelerator.clip_grad_norm_(module.parameters(), learner.clip)
        losses.append(float(total))
        return total

    learner.optimizer.step(closure)
    return losses[0]


def _check_finite(loss: float, epoch: int, step: int) -> None:
    if not math.isfinite(loss):
        message = f"the loss became {loss} in epoch {epoch}, step {step}"
        help = "lower the learning rate, set `clip`, or look for log(0) and 1/0 in the loss"
        raise DataError("E0708", message, help)
