"""Metrics by their names in the language, each a metric of torchmetrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torchmetrics
from torch import Tensor
from torchmetrics import classification

from qmlc.ir.program import Call
from qmlc.training.errors import DataError, propose

IGNORED = -100
"""The class that losses and metrics leave out, as in PyTorch."""


@dataclass(frozen=True, slots=True)
class MetricRow:
    """A metric: for scores of several classes, for one score of two classes, or for numbers.

    `defaults` are those that differ from torchmetrics'. One that is not a `scalar` cannot choose
    the best model.
    """

    many: Callable[..., torchmetrics.Metric] | None = None
    two: Callable[..., torchmetrics.Metric] | None = None
    numbers: Callable[..., torchmetrics.Metric] | None = None
    defaults: tuple[tuple[str, Any], ...] = ()
    higher: bool = True
    scalar: bool = True


METRICS: dict[str, MetricRow] = {
    # The share of right answers, over all examples alike.
    "accuracy": MetricRow(
        classification.MulticlassAccuracy,
        classification.BinaryAccuracy,
        defaults=(("average", "micro"),),
    ),
    "f1": MetricRow(classification.MulticlassF1Score, classification.BinaryF1Score),
    "precision": MetricRow(classification.MulticlassPrecision, classification.BinaryPrecision),
    "recall": MetricRow(classification.MulticlassRecall, classification.BinaryRecall),
    "auroc": MetricRow(classification.MulticlassAUROC, classification.BinaryAUROC),
    "confusion_matrix": MetricRow(
        classification.MulticlassConfusionMatrix,
        classification.BinaryConfusionMatrix,
        scalar=False,
    ),
    "mse": MetricRow(numbers=torchmetrics.MeanSquaredError, higher=False),
    "mae": MetricRow(numbers=torchmetrics.MeanAbsoluteError, higher=False),
    "r2": MetricRow(numbers=torchmetrics.R2Score),
}
"""Every metric. Classes are averaged alike (macro), but for accuracy, which counts examples."""


def check_metrics(calls: tuple[Call, ...]) -> None:
    """Nothing; DataError E0706 where a metric is unknown or asked for twice."""
    for position, call in enumerate(calls):
        if call.function not in METRICS:
            help = propose(call.function, METRICS, "the metrics are")
            raise DataError("E0706", f"there is no metric `{call.function}`", help)
        if any(call.function == other.function for other in calls[:position]):
            raise DataError("E0706", f"the metric `{call.function}` is asked for twice")


def build_metric(call: Call, scores: Tensor, target: Tensor) -> torchmetrics.Metric:
    """The metric that `call` names, for scores and a target like these.

    Scores have the classes on their last axis, or are one number for each target. DataError E0706
    where that or an argument does not fit.
    """
    row = METRICS[call.function]
    options: dict[str, Any] = {}
    if row.numbers is not None:
        constructor = row.numbers
    elif scores.ndim == target.ndim + 1 and row.many is not None:
        constructor = row.many
        options = {"num_classes": scores.shape[-1], "ignore_index": IGNORED, **dict(row.defaults)}
    elif row.two is not None:
        constructor = row.two
        options = {"ignore_index": IGNORED}
    options |= dict(call.keywords)
    try:
        metric = constructor(*call.arguments, **options)
    except (TypeError, ValueError) as error:
        raise DataError("E0706", f"`{call.function}`: {error}") from None
    return metric.to(scores.device)


def update_metric(call: Call, metric: torchmetrics.Metric, scores: Tensor, target: Tensor) -> None:
    """Nothing; the metric has taken in a batch. DataError E0706 where the shapes do not fit."""
    if scores.ndim == target.ndim + 1 and METRICS[call.function].numbers is None:
        scores, target = scores.flatten(0, -2), target.flatten()
    elif scores.shape != target.shape:
        s, t = list(scores.shape), list(target.shape)
        raise DataError("E0706", f"`{call.function}` cannot compare scores {s} with a target {t}")
    elif METRICS[call.function].numbers is None:
        target = target.to(torch.int64)
    # torchmetrics sums in half precision otherwise
    metric.update(scores.to(torch.promote_types(scores.dtype, torch.float32)), target)


def read_metric(metric: torchmetrics.Metric) -> float | list[Any]:
    """The value so far: a number, or nested lists of numbers."""
    value: float | list[Any] = metric.compute().tolist()
    # torchmetrics computes in single precision: 27 of 30 is to read 0.9, not 0.8999999761581421.
    return float(f"{value:.7g}") if isinstance(value, float) else value
