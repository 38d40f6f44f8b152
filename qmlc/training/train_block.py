"""Train what a train block names, and write what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate.data_loader import prepare_data_loader
from rich.console import Console
from torch import nn

from qmlc.ir.program import Call, Program, Training
from qmlc.training.build_metric import check_metrics
from qmlc.training.checkpoint import Checkpoint, identify_run
from qmlc.training.data.prepare_rows import (
    Rows,
    describe_policies,
    describe_rows,
    make_batches,
    prepare_rows,
)
from qmlc.training.errors import shown
from qmlc.training.imitate_device import imitate_device
from qmlc.training.keep_features import compute_features
from qmlc.training.keep_run import KeepRun
from qmlc.training.log_tensorboard import Log, open_log
from qmlc.training.make_accelerator import DTYPES, folder_to_write, make_accelerator
from qmlc.training.measure import Measurement, measure
from qmlc.training.private_gradient import plan_privacy
from qmlc.training.read_options import Plan, TrainOptions, read_options
from qmlc.training.run_epochs import (
    START,
    Batch,
    Epoch,
    Learner,
    Length,
    Position,
    Step,
    check_finite,
    make_learner,
    plan_length,
    run_epochs,
)
from qmlc.training.run_files import CHECKPOINT, TENSORBOARD, run_folder
from qmlc.training.run_module import model_in
from qmlc.training.shard_model import check_shards
from qmlc.training.show_progress import Show, show_progress
from qmlc.training.train_result import TrainResult, show_result

MEASURED_WITHOUT_DATA = 100
"""About how often a training without data is measured."""

Loaders = dict[str, Sequence[Batch]]


def train_block(
    program: Program,
    training: Training,
    make_loss: Callable[[], nn.Module],
    base: Path,
    options: TrainOptions | None = None,
) -> TrainResult:
    """The result of `training`, after writing its files.

    `make_loss` is called once the random numbers are seeded; the submodule of the loss at
    `training.model` is the model whose weights are saved. Paths are relative to `base`. On one
    machine the same program, data and seed give the same bytes. The caller's random
    numbers stay as they were. Raises DataError for all that can be wrong with data and options.
    """
    options = options or TrainOptions()
    plan = read_options(training, options)
    check_metrics(training.metrics)
    dtype = DTYPES[plan.precision]
    rows = prepare_rows(program, training, base, plan, dtype) if training.data else None
    accelerator = make_accelerator(plan.device, plan.precision)
    check_shards(plan, accelerator)
    task = _Task(program, training, plan, options, rows, accelerator)
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(plan.seed)
        module = make_loss().to(device=accelerator.device, dtype=dtype)
        imitate_device(module, plan)
        result = _train(task, module)
    if not task.quiet:
        show_result(result, training.name)
    return result


@dataclass(frozen=True)
class _Task:
    """A training, and what it is done with."""

    program: Program
    training: Training
    plan: Plan
    options: TrainOptions
    rows: Rows | None
    accelerator: Any

    @property
    def folder(self) -> Path:
        """Where the outputs go."""
        return self.options.folder or run_folder(self.program, self.training)

    @property
    def quiet(self) -> bool:
        """Whether nothing is shown."""
        return self.options.quiet or not self.accelerator.is_main_process


def _train(task: _Task, module: nn.Module) -> TrainResult:
    """What came of `module`, after writing its files."""
    program, training, plan, options = task.program, task.training, task.plan, task.options
    started = time.perf_counter()
    run = identify_run(program, training, plan, task.rows, module)
    console = Console(stderr=True, quiet=task.quiet)
    learner, loaders, length = _prepare(task, module, console)
    with (
        folder_to_write(task.accelerator, task.folder) as own,
        show_progress(training.name, length, task.quiet, console) as show,
        open_log(own / TENSORBOARD, options.tensorboard) as log,
    ):
        checkpoint = Checkpoint(task.folder / CHECKPOINT, run, learner)
        model = model_in(module, training.model)
        keep = KeepRun(own, module, model, plan, training, checkpoint)
        fitted = describe_rows(training.data, task.rows, plan) if task.rows else None
        start = keep.start(fitted)
        logs = (log,) if options.watch is None else (log, options.watch)
        for text in describe_policies(task.rows):
            show.note(text)
        _learn(learner, loaders, length, keep, start, show, logs)
        if options.keep:
            keep.end(start)
        result = keep.finish(loaders, time.perf_counter() - started)
        if not options.keep:
            checkpoint.remove()
    return result


def _prepare(task: _Task, module: nn.Module, console: Console) -> tuple[Learner, Loaders, Length]:
    """What learns, from which batches, and for how long."""
    plan, rows, accelerator = task.plan, task.rows, task.accelerator
    home = task.options.features or task.folder
    with console.status("computing what stays the same"), accelerator.main_process_first():
        rest = compute_features(task.program, task.training, module, rows, plan, accelerator, home)
    order = torch.Generator().manual_seed(plan.seed)
    loaders = _loaders(rest or rows, plan, accelerator, order)
    if not task.options.test:
        loaders.pop("test", None)
    length = plan_length(plan, len(loaders["learning"]))
    count = len(rows.splits["training"][0]) if rows else 0
    privacy = plan_privacy(plan, module, count, length.steps, accelerator.num_processes)
    learner = make_learner(module, plan, length, accelerator, order, privacy)
    return learner, loaders, length


def _learn(
    learner: Learner,
    loaders: Loaders,
    length: Length,
    keep: KeepRun,
    start: Position,
    show: Show,
    logs: Sequence[Log],
) -> None:
    """Nothing; the module has learned from `start` on, and what is worth it is kept and shown."""
    for row in keep.rows:
        for log in logs:
            log(row)
    if start != START:
        show.note(f"goes on behind step {start.steps}, as {shown(keep.checkpoint.path)} says")
    if keep.stale():
        return

    def tell(step: Step) -> None:
        show.step(step)
        keep.step(step)

    epochs = run_epochs(learner, loaders["learning"], length, tell, start)
    metrics = keep.training.metrics
    for epoch, split, measurement in _measure_epochs(
        epochs, learner, loaders, metrics, length.epochs
    ):
        row = keep.add(epoch, split, measurement)
        show.row(row)
        for log in logs:
            log(row)
        if keep.stale():
            break


def _loaders(rows: Rows | None, plan: Plan, accelerator: Any, order: torch.Generator) -> Loaders:
    """Batches to learn from, shuffled, and those of each split to measure, in order."""
    if rows is None:
        # A loss without inputs is learned from one empty batch.
        return {"learning": [()], "training": [()]}
    learning = make_batches(
        rows.splits["training"], plan.batch, order, rows.draw, plan.private is not None
    )
    loaders: dict[str, Any] = {"learning": learning}
    loaders |= {name: make_batches(tensors, plan.batch) for name, tensors in rows.splits.items()}
    if accelerator.device.type == "cpu":
        return loaders  # the rows are there
    # of several processes each gets all rows: it learns from its share, and measures on all
    place = partial(
        prepare_data_loader, device=accelerator.device, num_processes=1, put_on_device=True
    )
    return {name: place(loader) for name, loader in loaders.items()}


def _measure_epochs(
    epochs: Iterator[Epoch],
    learner: Learner,
    loaders: Loaders,
    metrics: tuple[Call, ...],
    last: int,
) -> Iterator[tuple[Epoch, str, Measurement]]:
    """Each epoch with its measurement on the held-out split, or on the training split if none.

    Without data an epoch is one step, so that only some are measured.
    """
    split = "held-out" if "held-out" in loaders else "training"
    every = max(1, last // MEASURED_WITHOUT_DATA) if loaders["training"] == [()] else 1
    for epoch in epochs:
        number = epoch.position.epochs
        if number % every == 0 or number == last:
            measurement = measure(learner.module, loaders[split], metrics)
            check_finite(measurement.loss, f"epoch {number}, measured on the {split} rows")
            learner.schedule.move("validation", measurement.loss)
            yield epoch, split, measurement
