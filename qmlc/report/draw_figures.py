"""Draw the figures of a report with matplotlib, as PNG."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor
from torchmetrics.functional.classification import multiclass_confusion_matrix

from qmlc.training.import_optional import import_optional

BLUE, ORANGE, GREY = "#2563a8", "#d9822b", "#9aa0a6"
BINS = 10
"""Of the probabilities in the calibration."""


def draw_curves(history: Sequence[Mapping[str, Any]]) -> bytes:
    """The loss while learning and each measurement, by epoch, side by side."""
    epochs = [row["epoch"] for row in history]
    split = history[-1]["split"]
    measured = [
        name
        for name, value in history[-1].items()
        if isinstance(value, float) and name not in ("loss", "learning")
    ]
    figure = _figure(1 + len(measured))
    loss, *others = figure.axes
    loss.plot(epochs, [row["learning"] for row in history], color=GREY, label="learning")
    loss.plot(epochs, [row["loss"] for row in history], color=BLUE, label=split)
    loss.set_ylabel("loss")
    loss.legend(frameon=False)
    for axes, name in zip(others, measured, strict=True):
        axes.plot(epochs, [row[name] for row in history], color=BLUE)
        axes.set_ylabel(f"{name.replace('_', ' ')} ({split})")
    for axes in figure.axes:
        axes.set_xlabel("epoch")
    return _png(figure)


def draw_confusion(probabilities: Tensor, target: Tensor, classes: Sequence[str]) -> bytes:
    """How many rows of each class (down) were taken for each class (across).

    `probabilities`: `[rows, classes]`; `target`: `[rows]`, the number of the class.
    """
    counts = multiclass_confusion_matrix(probabilities, target, num_classes=len(classes))
    figure = _figure(1)
    (axes,) = figure.axes
    axes.imshow(counts.numpy(), cmap="Blues")
    names = [name if len(name) <= 14 else f"{name[:13]}…" for name in classes]
    axes.set_xticks(range(len(classes)), names, rotation=30, ha="right")
    axes.set_yticks(range(len(classes)), names)
    axes.set(xlabel="predicted", ylabel="true")
    dark = float(counts.max()) / 2
    for i, row in enumerate(counts.tolist()):
        for j, count in enumerate(row):
            color = "white" if count > dark else "black"
            axes.text(j, i, str(count), ha="center", va="center", color=color)
    return _png(figure)


def draw_calibration(probabilities: Tensor, target: Tensor) -> bytes:
    """How often the predicted class was right, by the probability that it was given.

    The arguments are those of `draw_confusion`. Guo et al., "On calibration of modern neural
    networks", 2017.
    """
    confidence, predicted = probabilities.max(dim=1)
    right = predicted == target
    bins = (confidence * BINS).long().clamp(max=BINS - 1)
    figure = _figure(1)
    (axes,) = figure.axes
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="calibrated")
    for number in range(BINS):
        inside = bins == number
        if count := int(inside.sum()):
            share = float(right[inside].float().mean())
            axes.bar((number + 0.5) / BINS, share, 0.9 / BINS, color=BLUE)
            axes.text((number + 0.5) / BINS, share + 0.01, str(count), ha="center", fontsize=8)
    axes.set(xlabel="probability of the predicted class", ylabel="how often it was right")
    axes.set(xlim=(0, 1), ylim=(0, 1.08))
    axes.legend(frameon=False, loc="upper left")
    return _png(figure)


def draw_fit(predicted: Tensor, target: Tensor) -> bytes:
    """Each predicted number against the true one."""
    figure = _figure(1)
    (axes,) = figure.axes
    low, high = float(target.min()), float(target.max())
    axes.plot([low, high], [low, high], color=GREY, linestyle="--")
    axes.scatter(target.flatten(), predicted.flatten(), s=12, color=BLUE, alpha=0.6)
    axes.set(xlabel="true", ylabel="predicted")
    return _png(figure)


def _figure(parts: int) -> Any:
    """A figure with so many axes side by side. No window, and no state of the process."""
    matplotlib = import_optional("matplotlib.figure", "matplotlib", "a report")
    figure = matplotlib.Figure(figsize=(4.6 * parts, 3.4), layout="constrained")
    for axes in figure.subplots(1, parts, squeeze=False).flat:
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()
