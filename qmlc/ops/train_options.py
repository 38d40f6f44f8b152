"""The options of a `train` block: what each takes, in words and as a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TrainOption:
    """An option whose value is `takes`, which `fits` decides."""

    takes: str
    fits: Callable[[Any], bool]
    blocks: tuple[str, ...] = ("model",)
    """What is trained with it: a `model`, an `svm`."""


ANY = ("model", "svm")


def _whole(least: int, blocks: tuple[str, ...] = ("model",)) -> TrainOption:
    return TrainOption(
        f"a whole number from {least}",
        lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= least,
        blocks=blocks,
    )


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_ROWS = TrainOption(
    "a fraction from 0 up to, but not including, 1, or a file of rows",
    lambda v: v != "" if isinstance(v, str) else _number(v) and 0 <= v < 1,
    blocks=ANY,
)
_POSITIVE = TrainOption("a number above 0", lambda v: _number(v) and 0 < v < float("inf"))
_NAMED = TrainOption(
    "a name with its arguments, as in `adam(lr=0.01)`", lambda v: hasattr(v, "function")
)

_FIELD = TrainOption("a field of the data", lambda v: isinstance(v, str), blocks=("svm",))

NEED_DATA = (
    "epochs", "batch", "holdout", "validation", "test", "folds", "groups", "accumulate", "private",
)  # fmt: skip
"""Options that mean nothing without data."""

EITHER = (
    ("epochs", "steps", "say the same thing"),
    ("holdout", "validation", "say the same thing"),
    ("folds", "holdout", "both say which rows to hold out"),
    ("folds", "validation", "both say which rows to hold out"),
    ("private", "accumulate", "do not go together: the rows of a step are drawn at once"),
)
"""Pairs of options of which one is given, and why."""

TRAIN_OPTIONS: dict[str, TrainOption] = {
    "loss": TrainOption("one number", lambda v: False),
    "inputs": _FIELD,
    "target": _FIELD,
    "metrics": TrainOption("a list of metrics", lambda v: False, blocks=ANY),
    "optimizer": _NAMED,
    "schedule": _NAMED,
    "epochs": _whole(1),
    "steps": _whole(1),
    "batch": _whole(1),
    "holdout": _ROWS,
    "validation": _ROWS,
    "test": _ROWS,
    "folds": _whole(2, ANY),
    "groups": TrainOption("a column of the data", lambda v: isinstance(v, str), blocks=ANY),
    "seed": _whole(0, ANY),
    "clip": _POSITIVE,
    "precision": TrainOption(
        "`float32`, `float64` or `bfloat16`", lambda v: v in ("float32", "float64", "bfloat16")
    ),
    "early_stop": _whole(1),
    "accumulate": _whole(1),
    "checkpoint": _whole(1),
    "device": TrainOption("`cpu`, `cuda` or `mps`", lambda v: isinstance(v, str), blocks=ANY),
    "noise": TrainOption(
        'that of a device, `device(ibm("torino"))`: all circuits are compiled for it, and '
        "simulated with its errors in training",
        lambda v: isinstance(v, str),
    ),
    "shots": _whole(1),
    "gradient": _NAMED,
    "private": _NAMED,
}
"""By name, in the order of the reference; `loss` and `metrics` have fields of their own."""
