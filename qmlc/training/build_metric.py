"""Build the metrics that a train block names, and feed them."""

from __future__ import annotations

import inspect
import math
from typing import Any

import torch
import torchmetrics
from torch import Tensor
from torch.nn import functional as F

from qmlc.ir.program import Call
from qmlc.ops.losses import IGNORED
from qmlc.ops.metrics import METRICS
from qmlc.training.construct import bind_call, construct, find_row, import_class
from qmlc.training.errors import DataError


def check_metrics(calls: tuple[Call, ...]) -> None:
    """Nothing; DataError E0706 where a metric or its arguments are wrong, or it comes twice."""
    for position, call in enumerate(calls):
        bind_call(call, find_row(call, METRICS, "metric").parameters)
        if any(call.function == other.function for other in calls[:position]):
            raise DataError("E0706", f"the metric `{call.function}` is asked for twice")


def build_metric(call: Call, scores: Tensor, target: Tensor) -> torchmetrics.Metric:
    """The metric that `call` names, for scores and a target like these.

    Scores have the classes on their last axis, or are one number for each target. DataError E0706
    where that or an argument does not fit.
    """
    row = METRICS[call.function]
    arguments = bind_call(call, row.parameters)
    given = {p.name for p, _ in zip(row.parameters, call.arguments, strict=False)}
    given |= {name for name, _ in call.keywords}
    path, inferred = row.numbers, {}
    if not path and scores.ndim == target.ndim + 1 and row.many:
        path, inferred = row.many, {"num_classes": scores.shape[-1], "ignore_index": IGNORED}
    elif not path and row.two:
        path, inferred = row.two, {"ignore_index": IGNORED}
    if not path:
        raise _unfit(call, scores, target)
    taken = inspect.signature(import_class(path).__init__).parameters
    # What the caller wrote is always handed on, so that the class can refuse it.
    chosen = {
        name: value
        for name, value in arguments.items()
        if name in given or (name in row.own and name in taken)
    }
    # each process measures on all rows: there is nothing to gather
    metric: torchmetrics.Metric = construct(call, path, **inferred, **chosen, sync_on_compute=False)
    return metric.to(scores.device)


def update_metric(call: Call, metric: torchmetrics.Metric, scores: Tensor, target: Tensor) -> None:
    """Nothing; the metric has taken in a batch. DataError E0706 where the shapes do not fit."""
    classes = not METRICS[call.function].numbers
    if classes and scores.ndim == target.ndim + 1:
        scores, target = scores.flatten(0, -2), target.flatten()
        # where the classes are the rows of a batch, the last one may have fewer
        missing = getattr(metric, "num_classes", None) or scores.shape[-1]
        scores = F.pad(scores, (0, missing - scores.shape[-1]), value=-math.inf)
    elif scores.shape != target.shape:
        raise _unfit(call, scores, target)
    elif classes:
        target = target.to(torch.int64)
    # torchmetrics sums in half precision otherwise
    metric.update(scores.to(torch.promote_types(scores.dtype, torch.float32)), target)


def read_metric(metric: torchmetrics.Metric) -> float | list[Any]:
    """The value so far: a number, or nested lists of numbers."""
    value: float | list[Any] = metric.compute().tolist()
    # torchmetrics computes in single precision: 27 of 30 is to read 0.9, not 0.8999999761581421.
    return float(f"{value:.7g}") if isinstance(value, float) else value


def _unfit(call: Call, scores: Tensor, target: Tensor) -> DataError:
    s, t = list(scores.shape), list(target.shape)
    return DataError("E0706", f"`{call.function}` cannot compare scores {s} with a target {t}")
