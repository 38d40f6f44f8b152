"""Train a support-vector machine, and write what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import torch
from rich.console import Console
from torch import Tensor, nn

from qmlc.ir.program import Program, Training
from qmlc.training.build_metric import check_metrics
from qmlc.training.data.prepare_rows import describe_rows, make_batches, prepare_rows
from qmlc.training.errors import DataError
from qmlc.training.keep_fitted import write_fitted
from qmlc.training.make_accelerator import DTYPES, make_accelerator
from qmlc.training.measure import measure
from qmlc.training.read_options import TrainOptions, read_options
from qmlc.training.run_files import BEST, FITTED, RESULTS, clear_run, run_folder
from qmlc.training.show_progress import show_measurements
from qmlc.training.support_vectors import MachineLoss, fit_machine
from qmlc.training.train_result import TrainResult
from qmlc.training.write_files import write_json, write_weights


def train_machine(
    program: Program,
    training: Training,
    make_kernel: Callable[[Tensor], nn.Module],
    base: Path,
    options: TrainOptions | None = None,
) -> TrainResult:
    """The result of `training`, after writing its files; the kernel is made for the training rows.

    The matrix of overlaps of all training rows is held at once. Raises DataError for all that can
    be wrong with data and options.
    """
    plan = read_options(training, options := options or TrainOptions())
    check_metrics(training.metrics)
    assert training.machine is not None
    dtype = DTYPES[plan.precision]
    rows = prepare_rows(program, training, base, plan, dtype)
    accelerator = make_accelerator(plan.device, plan.precision)
    if accelerator.num_processes > 1:
        raise DataError("E0706", "a support-vector machine is trained in one process")
    folder = options.folder or run_folder(program, training)
    started = time.perf_counter()
    x, y = (tensor.to(accelerator.device) for tensor in rows.splits["training"])
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(plan.seed)
        kernel = make_kernel(x).to(x)
    machine = fit_machine(kernel, x, y, dict(training.machine.keywords)["C"])
    module = MachineLoss(machine).eval()
    measured = {
        name: measure(
            module, accelerator.prepare(make_batches(tensors, plan.batch)), training.metrics
        )
        for name, tensors in rows.splits.items()
        if name != "test" or options.test
    }
    clear_run(folder)
    files = write_fitted(folder / FITTED, describe_rows(training.data, rows, plan))
    files.append(write_weights(folder / BEST, machine))
    splits = {name: m.as_dict() for name, m in measured.items()}
    results = {"support_vectors": len(machine.vectors), **splits}
    files.append(write_json(folder / RESULTS, results))
    result = TrainResult(
        folder=folder,
        module=module,
        best_epoch=1,
        measurements=measured,
        history=(),
        parameters=machine.weights.numel() + machine.bias.numel(),
        steps=1,
        seconds=time.perf_counter() - started,
        files=tuple(files),
    )
    if not options.quiet:
        notes = {
            "support vectors": f"{len(machine.vectors)} of {len(x)} training rows",
            "time": f"{result.seconds:.1f} s",
            "folder": str(folder),
        }
        show_measurements(splits, training.name, notes, Console())
    return result
