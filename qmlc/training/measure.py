"""Measure the loss and the metrics of a model on some rows, without learning from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, isnan
from typing import Any

import torch
from torch import Tensor, nn

from qmlc.ir.program import Call
from qmlc.ops.metrics import METRICS, fields_of
from qmlc.training.build_metric import build_metric, read_metric, update_metric
from qmlc.training.errors import DataError
from qmlc.training.run_module import fixed_draws, run_module


@dataclass(frozen=True, slots=True)
class Measurement:
    """The mean loss over the examples, and the metrics in the order asked for."""

    loss: float
    metrics: tuple[tuple[str, float | list[Any]], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """By name, the loss first."""
        return {"loss": self.loss, **dict(self.metrics)}

    def key(self) -> tuple[float, ...]:
        """Greater is better: the first metric that is a number, then a smaller loss.

        A metric that is not defined, as a correlation with equal scores, is the worst.
        """
        for name, value in self.metrics:
            if isinstance(value, float):
                greater = value if METRICS[name].higher else -value
                return (-inf if isnan(value) else greater), -self.loss
        return (-self.loss,)


def measure(
    module: nn.Module, batches: Iterable[Sequence[Tensor]], metrics: tuple[Call, ...] = ()
) -> Measurement:
    """What `module` yields over `batches` in evaluation mode, each example counting alike.

    The module is left in the mode it was in. What it draws is the same each time.
    """
    training = module.training
    module.eval()
    total, count = 0.0, 0
    states: list[Any] = []
    with torch.no_grad(), fixed_draws():
        for batch in batches:
            output = run_module(module, batch)
            examples = len(batch[0]) if batch else 1
            total += float(output.loss) * examples
            count += examples
            if metrics:
                pairs = [_pair(output, call.function) for call in metrics]
                states = states or [
                    build_metric(call, *pair) for call, pair in zip(metrics, pairs, strict=True)
                ]
                for call, state, pair in zip(metrics, states, pairs, strict=True):
                    update_metric(call, state, *pair)
    module.train(training)
    values = tuple((c.function, read_metric(s)) for c, s in zip(metrics, states, strict=True))
    return Measurement(total / count, values)


def _pair(output: Any, metric: str) -> tuple[Tensor, Tensor]:
    """What a metric compares: its own fields of the record, or those that all share."""
    own = fields_of(metric)
    names = own if hasattr(output, own[0]) else ("scores", "target")
    scores, target = (getattr(output, name, None) for name in names)
    if scores is None or target is None:
        help = "a metric needs a loss of scores and a target"
        raise DataError("E0706", "the loss yields nothing to measure a metric on", help)
    return scores, target
