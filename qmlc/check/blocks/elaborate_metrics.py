"""The metrics of a `train` block, and what each compares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from qmlc.check.blocks.elaborate_constructor import elaborate_constructor
from qmlc.check.errors.training import BadOption
from qmlc.check.evaluate import require_value
from qmlc.check.frame import Frame
from qmlc.check.values import Stop, Tensor, fail
from qmlc.ir.program import Call
from qmlc.ops.metrics import METRICS
from qmlc.syntax import tree

Pair = tuple[Tensor, Tensor]
"""Scores and target."""


def metric_calls(
    frame: Frame, node: tree.Expression | None
) -> tuple[tuple[Call, ...], dict[str, Pair]]:
    """The metrics that a block asks for, and by name what those compare that say it themselves."""
    if node is None:
        return (), {}
    items = node.items if isinstance(node, tree.List) else (node,)
    calls: list[Call] = []
    pairs: dict[str, Pair] = {}
    for item in items:
        with frame.session.recover():
            pair, settings = _take_pair(frame, item)
            calls.append(elaborate_constructor(frame, settings, METRICS, "metric"))
            if pair is not None:
                pairs[calls[-1].function] = pair
    if len(calls) < len(items):
        raise Stop(None)
    return tuple(calls), pairs


def _take_pair(frame: Frame, node: tree.Expression) -> tuple[Pair | None, tree.Expression]:
    """What `accuracy(scores, y, top_k=2)` compares, and the call without it."""
    if frame.network is None or not isinstance(node, tree.Call) or len(node.arguments) < 2:
        return None, node
    scores, target = (require_value(frame, argument) for argument in node.arguments[:2])
    if not isinstance(scores, Tensor) or not isinstance(target, Tensor):
        return None, node
    classes = target.type.dtype != "real" and target.type.dims == scores.type.dims[:-1]
    if not classes and target.type.dims != scores.type.dims:
        what = "a metric compares scores of classes, or numbers, with what is right"
        shown = f"`{scores.type}` and `{target.type}` are given"
        fail(BadOption, node, what, shown, "scores stand on the last axis, one for each class")
    return (scores, target), replace(node, arguments=node.arguments[2:])


def check_metrics(
    frame: Frame,
    node: tree.Expression,
    metrics: tuple[Call, ...],
    pairs: Mapping[str, Pair],
    numbers: bool,
    classes: bool,
) -> None:
    """Refuse metrics of classes for a loss of `numbers`, and the other way round.

    Those in `pairs` do not look at the loss.
    """
    places = node.items if isinstance(node, tree.List) else (node,)
    for place, call in zip(places, metrics, strict=True):
        row = METRICS[call.function]
        if call.function in pairs:
            continue
        with frame.session.recover():
            if numbers and not classes and not row.numbers:
                fits = ", ".join(f"`{n}`" for n, r in METRICS.items() if r.numbers)
                what = f"`{call.function}` counts classes, and the loss compares numbers"
                fail(BadOption, place, what, "for classes", f"metrics of numbers are {fits}")
            if classes and not numbers and not (row.many or row.two):
                fits = ", ".join(f"`{n}`" for n, r in METRICS.items() if r.many or r.two)
                what = f"`{call.function}` compares numbers, and the loss is one of classes"
                fail(BadOption, place, what, "for numbers", f"metrics of classes are {fits}")
