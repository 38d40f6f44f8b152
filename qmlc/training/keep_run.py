"""Keep what a training has learned on disk, and go on from there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from qmlc.ir.program import Training
from qmlc.training.checkpoint import Checkpoint
from qmlc.training.keep_features import whole_again
from qmlc.training.keep_fitted import write_fitted
from qmlc.training.measure import Measurement, measure
from qmlc.training.read_options import Plan
from qmlc.training.run_epochs import START, Batch, Epoch, Position, Step
from qmlc.training.run_files import BEST, FITTED, HISTORY, LAST, RESULTS, clear_run
from qmlc.training.shard_model import load_whole
from qmlc.training.train_result import TrainResult
from qmlc.training.write_files import (
    PARTIAL,
    copy_weights,
    write_json,
    write_json_lines,
    write_weights,
)


@dataclass
class KeepRun:
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
    position: Position = START
    """Where the last measured epoch ended."""

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
        start, kept = found
        for name, value in kept.items():
            setattr(self, name, value)
        self.position = start
        return start

    def step(self, step: Step) -> None:
        """Keep the place behind a step, if the clock decides and says so."""
        if self.plan.checkpoint is None and self.checkpoint.is_due():
            self.checkpoint.write(step.position, self._state())

    def _state(self) -> dict[str, Any]:
        names = ("rows", "best", "best_epoch", "best_row", "weights")
        return {name: getattr(self, name) for name in names}

    def add(self, epoch: Epoch, split: str, measurement: Measurement) -> Mapping[str, Any]:
        """The row of the history that was written for an epoch; a checkpoint if it is time."""
        self.position = epoch.position
        number = epoch.position.epochs
        row = {"epoch": number, "step": epoch.position.steps, "learning": epoch.loss}
        self.rows.append(row | {"split": split} | measurement.as_dict())
        # to choose an epoch by the rows learned from would tell of them
        last = self.plan.private is not None and split == "training"
        if not self.weights or last or measurement.key() > self.best:
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

    def end(self, start: Position) -> None:
        """Keep the end of a training that went on from `start`: then it is not done again."""
        if start != self.position:
            self.checkpoint.write(self.position, self._state())

    def finish(self, loaders: Mapping[str, Sequence[Batch]], seconds: float) -> TrainResult:
        """The result, measured with the best weights on every split."""
        load_whole(self.module, self.weights)
        self.module.eval()
        measured = {
            name: measure(self.module, loader, self.training.metrics)
            for name, loader in loaders.items()
            if name != "learning"
        }
        whole_again(self.module)
        told = self.checkpoint.learner.privacy
        privacy = told.as_dict(self.position.steps) if told is not None else None
        results: dict[str, Any] = {"best_epoch": self.best_epoch, "steps": self.position.steps}
        if privacy is not None:
            results["private"] = privacy
        splits = {name: m.as_dict() for name, m in measured.items()}
        write_json(self.folder / RESULTS, results | splits)
        names = [BEST, LAST, HISTORY, RESULTS]
        return TrainResult(
            folder=self.folder,
            module=self.module,
            best_epoch=self.best_epoch,
            measurements=measured,
            history=tuple(self.rows),
            parameters=sum(p.numel() for p in self.module.parameters() if p.requires_grad),
            steps=self.position.steps,
            seconds=seconds,
            privacy=privacy,
            files=(*self.files, *(self.folder / name for name in names)),
        )
