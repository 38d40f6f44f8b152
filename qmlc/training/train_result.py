"""What came of a training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from torch import nn

from qmlc.training.errors import shown
from qmlc.training.measure import Measurement
from qmlc.training.show_progress import show_measurements


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
    privacy: Mapping[str, float] | None = None
    """What is told of the rows, where they were kept private: epsilon and delta."""


def show_result(result: TrainResult, title: str) -> None:
    """Print the losses and metrics of a result, its time and its files."""
    epoch = f"{result.best_epoch} of {result.history[-1]['epoch']}"
    notes = {
        "best epoch": epoch,
        "parameters": str(result.parameters),
        "time": f"{result.seconds:.1f} s, {result.steps} steps",
        "folder": shown(result.folder),
    }
    if result.privacy is not None:
        notes["private"] = "epsilon {epsilon:.3g}, delta {delta:g}".format(**result.privacy)
    measured = {split: m.as_dict() for split, m in result.measurements.items()}
    show_measurements(measured, title, notes, Console())
