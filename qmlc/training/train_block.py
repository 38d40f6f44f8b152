"""Train what a train block names, and write what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate.data_loader import prepare_data_loader
from rich.console import Console
from torch import nn

from qmlc.ir.program import Call, Program, Training
from qmlc.runtime.circuit_module import CircuitModule
from qmlc.runtime.kernel_module import KernelModule
from qmlc.training.build_metric import check_metrics
from qmlc.training.checkpoint import CHECKPOINT, Checkpoint, identify_run
from qmlc.training.errors import DataError, shown
from qmlc.training.keep_features import compute_features, whole_again
from qmlc.training.keep_fitted import write_fitted
from qmlc.training.log_tensorboard import Log, open_log
from qmlc.training.make_accelerator import DTYPES, folder_to_write, make_accelerator
from qmlc.training.measure import Measurement, measure
from qmlc.training.prepare_rows import Rows, describe_rows, make_batches, prepare_rows
from qmlc.training.read_options import Plan, TrainOptions, read_options
from qmlc.training.run_epochs import (
    START,
    Batch,
    Epoch,
    Learner,
    Length,
    Position,
    Step,
    make_learner,
    plan_length,
    run_epochs,
)
from qmlc.training.show_progress import Show, show_measurements, show_progress
from qmlc.training.write_files import (
    PARTIAL,
    copy_weights,
    write_json,
    write_json_lines,
    write_weights,
)

BEST, LAST, FITTED = "best.safetensors", "last.safetensors", "fitted.json"
HISTORY, RESULTS = "history.jsonl", "metrics.json"
REPORT, CURVES, ABLATION = "report.html", "curves.png", "ablation.json"
TENSORBOARD = "tensorboard"
"""What is in a run's folder; the last is a folder itself."""

MEASURED_WITHOUT_DATA = 100
"""About how often a training without data is measured."""


@dataclass(frozen=True)
class TrainResult:
    """What came of a training."""

    folder: Path
    module: nn.Module = field(repr=False)
    """The loss module, with the weights of the best epoch, in evaluation mode."""
    best_epoch: int
    measurements: Mapping[str, Measurement]
    """The best model on each split; the one split `training` where there is no data."""
    history: tuple[Mapping[str, Any], ...] = field(repr=False)
    parameters: int
    """How many numbers were learned."""
    steps: int
    seconds: float
    files: tuple[Path, ...]


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
    order = torch.Generator().manual_seed(plan.seed)
    folder = options.folder or run_folder(program, training)
    started = time.perf_counter()
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(plan.seed)
        module = make_loss().to(device=accelerator.device, dtype=dtype)
        _simulate_device(module, plan)
        model = module.get_submodule(training.model)
        quiet = options.quiet or not accelerator.is_main_process
        console = Console(stderr=True, quiet=quiet)
        with console.status("computing what stays the same"), accelerator.main_process_first():
            rest = compute_features(program, training, module, rows, plan, accelerator, folder)
        loaders = _loaders(rest or rows, plan, accelerator, order)
        length = plan_length(plan, len(loaders["learning"]))
        learner = make_learner(module, plan, length, accelerator, order)
        with (
            folder_to_write(accelerator, folder) as own,
            show_progress(training.name, length, quiet, console) as show,
            open_log(own / TENSORBOARD, options.tensorboard) as log,
        ):
            checkpoint = Checkpoint(
                folder / CHECKPOINT, identify_run(program, training, plan, rows), learner
            )
            keep = _Keep(own, module, model, plan, training, checkpoint)
            start = keep.start(describe_rows(training.data, rows, plan) if rows else None)
            _learn(learner, loaders, length, keep, start, show, log)
            result = keep.finish(loaders, time.perf_counter() - started)
    if not quiet:
        show_result(result, training.name)
    return result


def _learn(
    learner: Learner,
    loaders: Loaders,
    length: Length,
    keep: _Keep,
    start: Position,
    show: Show,
    log: Log,
) -> None:
    """Nothing; the module has learned from `start` on, and what is worth it is kept and shown."""
    for row in keep.rows:
        log(row)
    if start != START:
        show.note(f"goes on behind step {start.steps}, as {shown(keep.checkpoint.path)} says")

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
        log(row)
        if keep.stale():
            break


def _simulate_device(module: nn.Module, plan: Plan) -> None:
    """Train circuits under the noise of a device, or with so many shots, where the plan says so."""
    if plan.noise is None and plan.shots is None:
        return
    how = f"under the noise of {plan.noise}" if plan.shots is None else "with shots"
    for name, circuit in module.named_modules():
        if isinstance(circuit, KernelModule):
            raise DataError("E0706", f"the kernel `{name}` is not trained {how} yet")
        if isinstance(circuit, CircuitModule):
            try:
                circuit.simulate_noise(plan.noise)
                circuit.simulate_shots(plan.shots)
            except ValueError as error:
                what = f"`{name}` cannot be trained {how}: {error}"
                raise DataError("E0706", what) from error


def run_folder(program: Program, training: Training) -> Path:
    """Where the outputs of a training go unless another folder is given."""
    return Path("runs") / program.name / training.name


def clear_run(folder: Path) -> None:
    """Nothing; what an earlier run left in its folder is gone."""
    for name in (BEST, LAST, FITTED, HISTORY, RESULTS, CHECKPOINT, REPORT, CURVES, ABLATION):
        (folder / name).unlink(missing_ok=True)
    for file in folder.glob("tokenizer*.json"):
        file.unlink()


def show_result(result: TrainResult, title: str) -> None:
    """Print the losses and metrics of a result, its time and its files."""
    epoch = f"{result.best_epoch} of {result.history[-1]['epoch']}"
    notes = {
        "best epoch": epoch,
        "parameters": str(result.parameters),
        "time": f"{result.seconds:.1f} s, {result.steps} steps",
        "folder": shown(result.folder),
    }
    measured = {split: m.as_dict() for split, m in result.measurements.items()}
    show_measurements(measured, title, notes, Console())


def _loaders(rows: Rows | None, plan: Plan, accelerator: Any, order: torch.Generator) -> Loaders:
    """Batches to learn from, shuffled, and those of each split to measure, in order."""
    if rows is None:
        # A loss without inputs is learned from one empty batch.
        return {"learning": [()], "training": [()]}
    learning = make_batches(rows.splits["training"], plan.batch, order)
    loaders = {"learning": learning}
    loaders |= {name: make_batches(tensors, plan.batch) for name, tensors in rows.splits.items()}
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
            learner.schedule.move("validation", measurement.loss)
            yield epoch, split, measurement


@dataclass
class _Keep:
    """Keeps the best and the last model of a run, and its history, on disk after each epoch."""

    folder: Path
    module: nn.Module
    model: nn.Module
    plan: Plan
    training: Training
    checkpoint: Checkpoint
    rows: list[Mapping[str, Any]] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    best: tuple[float, ...] = ()
    best_epoch: int = 0
    best_row: int = 0
    weights: dict[str, torch.Tensor] = field(default_factory=dict)
    steps: int = 0

    def start(self, fitted: Mapping[str, Any] | None) -> Position:
        """Where to go on; what was learned from the data is written.

        Where there is no checkpoint of this run, no older model is left beside that.
        """
        found = self.checkpoint.read()
        self.checkpoint.learner.accelerator.wait_for_everyone()
        if found is None:
            clear_run(self.folder)
        for file in self.folder.glob(PARTIAL):
            file.unlink()
        if fitted is not None:
            self.files += write_fitted(self.folder / FITTED, fitted)
        if found is None:
            return START
        position, kept = found
        for name, value in kept.items():
            setattr(self, name, value)
        return position

    def step(self, step: Step) -> None:
        """Keep the place behind a step, if the clock decides and says so."""
        if self.plan.checkpoint is None and self.checkpoint.is_due():
            self.checkpoint.write(step.position, self._state())

    def _state(self) -> dict[str, Any]:
        names = ("rows", "best", "best_epoch", "best_row", "weights", "steps")
        return {name: getattr(self, name) for name in names}

    def add(self, epoch: Epoch, split: str, measurement: Measurement) -> Mapping[str, Any]:
        """The row of the history that was written for an epoch; a checkpoint if it is time."""
        number, self.steps = epoch.position.epochs, epoch.position.steps
        row = {"epoch": number, "step": self.steps, "learning": epoch.loss}
        self.rows.append(row | {"split": split} | measurement.as_dict())
        if not self.weights or measurement.key() > self.best:
            self.best, self.best_epoch = measurement.key(), number
            self.best_row, self.weights = len(self.rows), copy_weights(self.module)
            write_weights(self.folder / BEST, self.model)
        write_weights(self.folder / LAST, self.model)
        write_json_lines(self.folder / HISTORY, self.rows)
        if self.plan.checkpoint is not None and len(self.rows) % self.plan.checkpoint == 0:
            self.checkpoint.write(epoch.position, self._state())
        return self.rows[-1]

    def stale(self) -> bool:
        """Whether so many epochs brought no better model that the training is to stop."""
        patience = self.plan.early_stop
        return patience is not None and len(self.rows) - self.best_row >= patience

    def finish(self, loaders: Loaders, seconds: float) -> TrainResult:
        """The result, measured with the best weights on every split."""
        self.module.load_state_dict(self.weights)
        self.module.eval()
        measured = {
            name: measure(self.module, loader, self.training.metrics)
            for name, loader in loaders.items()
            if name != "learning"
        }
        whole_again(self.module)
        results = {"best_epoch": self.best_epoch, "steps": self.steps}
        splits = {name: m.as_dict() for name, m in measured.items()}
        write_json(self.folder / RESULTS, results | splits)
        self.checkpoint.remove()
        names = [BEST, LAST, HISTORY, RESULTS]
        return TrainResult(
            folder=self.folder,
            module=self.module,
            best_epoch=self.best_epoch,
            measurements=measured,
            history=tuple(self.rows),
            parameters=sum(p.numel() for p in self.module.parameters() if p.requires_grad),
            steps=self.steps,
            seconds=seconds,
            files=(*self.files, *(self.folder / name for name in names)),
        )
