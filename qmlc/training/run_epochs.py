"""Take the steps of a training, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from qmlc.runtime.freeze import rest_frozen
from qmlc.training.build_optimizer import build_optimizer
from qmlc.training.build_schedule import Schedule, build_schedule
from qmlc.training.errors import DataError
from qmlc.training.private_gradient import Privacy, private_gradient
from qmlc.training.read_options import Plan
from qmlc.training.run_module import run_module
from qmlc.training.shard_model import shard_model

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
class Position:
    """How far a training has come: where it goes on after a stop."""

    epochs: int = 0
    """How many are over."""
    steps: int = 0
    """How many were taken in all."""
    inside: int = 0
    """How many of them were taken in the epoch under way."""
    total: float = 0.0
    """The sum of the losses of the examples of the epoch under way."""
    seen: int = 0
    """How many these are."""
    order: Tensor | None = None
    """The state of what the order of the rows is drawn from, where the epoch began."""


START = Position()


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was taken: its loss before it, its examples, and where the training is then."""

    loss: float
    examples: int
    position: Position


@dataclass(frozen=True, slots=True)
class Epoch:
    """An epoch that is over: its mean loss while learning, and where the training is then."""

    loss: float
    position: Position


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
    parallel: nn.Module
    """The same; of several processes each hands it its share, and gradients are averaged."""
    optimizer: Any
    schedule: Schedule
    accelerator: Accelerator
    accumulate: int
    """How many batches make a step."""
    clip: float | None
    """The greatest norm of the gradient."""
    order: torch.Generator
    """What the order of the rows is drawn from."""
    privacy: Privacy | None = None
    """What is promised to the rows."""


def make_learner(
    module: nn.Module,
    plan: Plan,
    length: Length,
    accelerator: Accelerator,
    order: torch.Generator,
    privacy: Privacy | None = None,
) -> Learner:
    """The learner for `module`; DataError where its optimizer or schedule is wrong."""
    if plan.shard:
        shard_model(module, accelerator)
    optimizer = build_optimizer(plan.optimizer, module.parameters())
    schedule = build_schedule(plan.schedule, optimizer, length.steps)
    # where it is sharded, there is nothing to be averaged besides; the optimizer stays bare: what
    # Accelerate wraps it in looks for other packages in each step, for kinds that are not here
    parallel = accelerator.prepare_model(module, evaluation_mode=plan.shard)
    return Learner(
        module,
        parallel,
        optimizer,
        schedule,
        accelerator,
        plan.accumulate,
        plan.clip,
        order,
        privacy,
    )


def run_epochs(
    learner: Learner,
    batches: Iterable[Batch],
    length: Length,
    tell: Callable[[Step], object],
    start: Position = START,
) -> Iterator[Epoch]:
    """Yield after each epoch, with the module in the state it left; `tell` hears of each step.

    What is done at `start` is left out: the order of the rows is drawn again, and the batches of
    the epoch under way that were learned from are skipped.

    DataError E0708 as soon as the loss is not finite.
    """
    position = start
    if start.order is not None:
        learner.order.set_state(start.order)
    while position.inside or position.steps < length.steps:
        set_modes(learner.module)
        position = replace(position, order=learner.order.get_state())
        for group in islice(_groups(batches, learner.accumulate), position.inside, None):
            if position.steps == length.steps:
                break
            step = _take_step(learner, group, position)
            position = step.position
            learner.schedule.move("step")
            tell(step)
        learner.schedule.move("epoch")
        # batches that are drawn row by row may all be empty
        loss = position.total / max(position.seen, 1)
        position = Position(position.epochs + 1, position.steps, order=learner.order.get_state())
        yield Epoch(loss, position)


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


def _take_step(learner: Learner, group: list[Batch], position: Position) -> Step:
    """The step that comes at `position`. Optimizers such as L-BFGS ask for several losses."""
    module, accelerator = learner.module, learner.accelerator
    examples = sum(map(_examples, group))
    losses: list[float] = []

    def closure() -> Tensor:
        learner.optimizer.zero_grad()
        if learner.privacy is not None:
            total = private_gradient(module, group[0], learner.privacy, accelerator.backward)
        else:
            total = _mean_gradient(learner, group, examples)
        if learner.clip is not None:
            accelerator.clip_grad_norm_(module.parameters(), learner.clip)
        if accelerator.num_processes > 1:
            total = accelerator.reduce(total, "mean")
        losses.append(float(total))
        return total

    learner.optimizer.step(closure)
    loss = losses[0]
    check_finite(loss, f"epoch {position.epochs + 1}, step {position.steps + 1}")
    behind = replace(
        position,
        steps=position.steps + 1,
        inside=position.inside + 1,
        total=position.total + loss * examples,
        seen=position.seen + examples,
    )
    return Step(loss, examples, behind)


def _mean_gradient(learner: Learner, group: list[Batch], examples: int) -> Tensor:
    """The mean loss of the share of this process; parameters have its gradients."""
    total = torch.zeros((), device=learner.accelerator.device)
    for batch in group:
        share, weight = _share(batch, learner.accelerator)
        loss = run_module(learner.parallel, share).loss
        if weight != examples:
            loss = loss * (weight / examples)
        loss.backward()
        total = total + loss.detach()
    return total


def _share(batch: Batch, accelerator: Accelerator) -> tuple[Batch, float]:
    """The rows of a batch that this process learns from, and for how many examples they stand.

    So that the mean over processes is what one process alone would have. A batch with fewer rows
    than there are processes is learned from by all.
    """
    examples, processes = _examples(batch), accelerator.num_processes
    if examples < processes or processes == 1:
        return batch, examples
    own = [tensor[accelerator.process_index :: processes] for tensor in batch]
    return own, len(own[0]) * processes


def check_finite(loss: float, where: str) -> None:
    """Nothing; DataError E0708 where the loss is not finite."""
    if not math.isfinite(loss):
        message = f"the loss became {loss} in {where}"
        help = "lower the learning rate, set `clip`, or look for log(0) and 1/0 in the loss"
        raise DataError("E0708", message, help)
