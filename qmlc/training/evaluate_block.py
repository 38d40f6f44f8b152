"""Measure a trained model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from qmlc.ir.program import Program, Training
from qmlc.training.build_metric import check_metrics
from qmlc.training.data.fit_fields import apply_fields
from qmlc.training.data.prepare_rows import find_data, held_out, make_batches, read_rows
from qmlc.training.errors import shown
from qmlc.training.keep_fitted import load_fitted
from qmlc.training.load_weights import load_weights
from qmlc.training.make_accelerator import DTYPES, make_accelerator
from qmlc.training.measure import Measurement, measure
from qmlc.training.read_options import TrainOptions, read_options
from qmlc.training.run_epochs import Batch
from qmlc.training.run_files import BEST, FITTED, run_folder
from qmlc.training.run_module import model_in


@dataclass(frozen=True)
class Trained:
    """A saved model, and rows to run it on."""

    module: nn.Module
    """The loss module with the saved weights."""
    split: str
    """What the rows are: `test`, `held-out`, `training`, or the name of a table."""
    batches: Iterable[Batch]
    fitted: Mapping[str, Any]
    """What was learned from the data; empty where there is none."""


def evaluate_block(training: Training, trained: Trained) -> dict[str, Measurement]:
    """The loss and the metrics of a saved model, by what they were measured on."""
    return {trained.split: measure(trained.module, trained.batches, training.metrics)}


def load_trained(
    program: Program,
    training: Training,
    make_loss: Callable[[], nn.Module],
    base: Path,
    options: TrainOptions | None = None,
    *,
    table: Path | None = None,
    weights: str = BEST,
) -> Trained:
    """A saved model with all rows of `table`.

    Without one, with the rows that were kept from training: `test`, else `held-out`, else
    `training`. Of `options`, `folder`, `batch`, `device` and `settings` count. Raises
    DataError for all that can be wrong with data and saved state.
    """
    check_metrics(training.metrics)
    options = options or TrainOptions()
    given = TrainOptions(batch=options.batch, device=options.device, settings=options.settings)
    plan = read_options(training, given)
    folder = options.folder or run_folder(program, training)
    dtype = DTYPES[plan.precision]
    accelerator = make_accelerator(plan.device, plan.precision)
    module = make_loss().to(device=accelerator.device, dtype=dtype)
    load_weights(model_in(module, training.model), folder / weights)
    module = accelerator.prepare(module)
    if training.data is None:
        return Trained(module, "training", [()], {})
    saved = load_fitted(folder / FITTED, training.data)
    data = find_data(program, training)
    if table is None:
        name, rows = held_out(data, base, training.inputs, saved)
    else:
        name, rows = shown(table), read_rows(data, base, training.inputs, table)
    tensors = apply_fields(data, rows, training.inputs, saved["fields"], dtype)
    batches = accelerator.prepare(make_batches(tensors, plan.batch))
    return Trained(module, name, batches, saved)
