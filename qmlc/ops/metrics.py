"""Metrics of `train` blocks, as rows of data: classes of torchmetrics and what they need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qmlc.ops.parameters import Parameter
from qmlc.ops.rows import settings


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of (scores, target).

    `many` is for scores with several classes on the last axis and a target of classes, -100
    ignored; `two` for one score and a target of 0 and 1; `numbers` for two real tensors of one
    shape; each a class's path or empty. `parameters` are torchmetrics', less what is inferred
    (`num_classes`, `ignore_index`); `own` names those whose default is the language's. `higher`
    says whether more is better, `scalar` whether it is one number.
    """

    doc: str
    parameters: tuple[Parameter, ...] = ()
    many: str = ""
    two: str = ""
    numbers: str = ""
    own: tuple[str, ...] = ()
    higher: bool = True
    scalar: bool = True


def _classes(name: str, doc: str, own: tuple[str, ...] = (), **defaults: Any) -> Metric:
    path = "torchmetrics.classification."
    scalar = name != "ConfusionMatrix"
    return Metric(doc, settings(**defaults), f"{path}Multiclass{name}", f"{path}Binary{name}",
                  own=own, scalar=scalar, higher=name != "CalibrationError")  # fmt: skip


def _numbers(name: str, doc: str, higher: bool, **defaults: Any) -> Metric:
    path = f"torchmetrics.{name}"
    return Metric(doc, settings(**defaults), numbers=path, higher=higher)


_AVERAGED: dict[str, Any] = {"top_k": 1, "average": "macro", "threshold": 0.5}

METRICS: dict[str, Metric] = {
    "accuracy": _classes("Accuracy", "Share of right answers, over all examples alike.",
                         ("average",), top_k=1, average="micro", threshold=0.5),
    "top_k_accuracy": Metric("Share of targets among the k best scores.",
                             settings("top_k", average="micro"),
                             "torchmetrics.classification.MulticlassAccuracy",
                             own=("top_k", "average")),
    "f1": _classes("F1Score", "Harmonic mean of precision and recall.", **_AVERAGED),
    "precision": _classes("Precision", "Share of what was found that is right.", **_AVERAGED),
    "recall": _classes("Recall", "Share of what is right that was found.", **_AVERAGED),
    "specificity": _classes("Specificity", "Share of what is wrong that was left.", **_AVERAGED),
    "auroc": _classes("AUROC", "Area under the receiver's operating curve.", average="macro",
                      thresholds=None),
    "average_precision": _classes("AveragePrecision", "Area under precision over recall.",
                                  average="macro", thresholds=None),
    "confusion_matrix": _classes("ConfusionMatrix", "Counts by target (rows) and answer (columns).",
                                 normalize=None, threshold=0.5),
    "matthews": _classes("MatthewsCorrCoef", "Correlation of target and answer.", threshold=0.5),
    "cohen_kappa": _classes("CohenKappa", "Agreement beyond chance.", weights=None, threshold=0.5),
    "calibration_error": _classes("CalibrationError", "How far confidence is from accuracy.",
                                  n_bins=15, norm="l1"),
    "mse": _numbers("MeanSquaredError", "Mean squared difference.", False, squared=True),
    "mae": _numbers("MeanAbsoluteError", "Mean absolute difference.", False),
    "r2": _numbers("R2Score", "Share of the variance explained.", True, adjusted=0,
                   multioutput="uniform_average"),
    "pearson": _numbers("PearsonCorrCoef", "Linear correlation.", True),
    "spearman": _numbers("SpearmanCorrCoef", "Correlation of ranks.", True),
}  # fmt: skip


def fields_of(metric: str) -> tuple[str, str]:
    """What a loss calls the scores and the target that a metric of its own choice compares."""
    return f"{metric}_scores", f"{metric}_target"
