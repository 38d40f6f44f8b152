"""Draw the figures of a report with matplotlib, for light and for dark pages."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor
from torchmetrics.functional.classification import multiclass_confusion_matrix

from qmlc.training.import_optional import import_optional

BLUE, ORANGE, GREY = "#3b82c4", "#d9822b", "#9aa0a6"
INK = "#123456"
"""Of lines and letters: in a page the color of its text."""
BINS = 10
"""Of the probabilities in the calibration."""


def measured_names(history: Sequence[Mapping[str, Any]]) -> list[str]:
    """What was measured in each epoch, the loss first."""
    names = [name for name, value in history[-1].items() if isinstance(value, float)]
    return ["loss", *(name for name in names if name not in ("loss", "learning"))]


def draw_curves(history: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Any:
    """Each measurement by epoch, or step, side by side; the loss with that while learning."""
    epochs = [row["epoch"] for row in history]
    split = history[-1]["split"]
    figure = _figure(len(names))
    alone = {"marker": "o"} if len(epochs) == 1 else {}
    for axes, name in zip(figure.axes, names, strict=True):
        if name == "loss":
            learning = [row["learning"] for row in history]
            axes.plot(epochs, learning, color=GREY, label="learning", **alone)
        axes.plot(epochs, [row[name] for row in history], color=BLUE, label=split, **alone)
        axes.set_ylabel(name.replace("_", " "))
        axes.legend(frameon=False, labelcolor=INK)
        axes.set_xlabel("step" if all(row["step"] == row["epoch"] for row in history) else "epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
    return figure


def draw_confusion(probabilities: Tensor, target: Tensor, classes: Sequence[str]) -> Any:
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
    return figure


def draw_calibration(probabilities: Tensor, target: Tensor) -> Any:
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
            place = (number + 0.5) / BINS, share + 0.01
            axes.text(*place, str(count), ha="center", fontsize=8, color=INK)
    axes.set(xlabel="probability of the predicted class", ylabel="how often it was right")
    axes.set(xlim=(0, 1), ylim=(0, 1.08))
    axes.legend(frameon=False, loc="upper left", labelcolor=INK)
    return figure


def draw_fit(predicted: Tensor, target: Tensor) -> Any:
    """Each predicted number against the true one."""
    figure = _figure(1)
    (axes,) = figure.axes
    low, high = float(target.min()), float(target.max())
    axes.plot([low, high], [low, high], color=GREY, linestyle="--")
    axes.scatter(target.flatten(), predicted.flatten(), s=12, color=BLUE, alpha=0.6)
    axes.set(xlabel="true", ylabel="predicted")
    return figure


def draw_twins(models: Mapping[str, Mapping[str, Any]], measure: str) -> Any:
    """What a model and its twins measured, with intervals."""
    figure = _figure(1, height=1.2 + 0.4 * len(models))
    (axes,) = figure.axes
    for place, row in enumerate(models.values()):
        axes.errorbar(
            row[measure]["mean"],
            place,
            xerr=row[measure]["within"],
            fmt="o",
            capsize=4,
            color=GREY if place else BLUE,
        )
    axes.set(xlabel=measure.replace("_", " "), ylim=(len(models) - 0.5, -0.5))
    axes.set_yticks(range(len(models)), list(models))
    return figure


def as_png(figure: Any) -> bytes:
    """A figure as an image of dots on white, as it is shared."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()


def as_svg(figure: Any) -> str:
    """A figure as an element of a page, in the color of its text; the same bytes each time."""
    matplotlib = import_optional("matplotlib", "matplotlib", "a report")
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "qmlc"}):
        metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(buffer, format="svg", transparent=True, metadata=metadata)
    element = buffer.getvalue()
    return element[element.index("<svg") :].replace(INK, "currentColor")


def _figure(parts: int, height: float = 3.4) -> Any:
    """A figure with so many axes side by side. No window, and no state of the process."""
    matplotlib = import_optional("matplotlib.figure", "matplotlib", "a report")
    figure = matplotlib.Figure(figsize=(4.6 * parts, height), layout="constrained")
    for axes in figure.subplots(1, parts, squeeze=False).flat:
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(INK)
        axes.tick_params(colors=INK)
        axes.xaxis.label.set_color(INK)
        axes.yaxis.label.set_color(INK)
    return figure
