"""Check all that can be known of a training before it, or another one, runs."""

from __future__ import annotations

import torch
from torch import nn

from qmlc.ir.program import Training
from qmlc.training.build_metric import check_metrics
from qmlc.training.build_optimizer import build_optimizer
from qmlc.training.build_schedule import build_schedule
from qmlc.training.errors import DataError, placed
from qmlc.training.imitate_device import gradient_arguments
from qmlc.training.make_accelerator import check_device
from qmlc.training.private_gradient import privacy_arguments
from qmlc.training.read_options import Plan, TrainOptions, read_options

STEPS = 100
"""A schedule is made for so many: how long the training is depends on its data."""


def check_training(training: Training, given: TrainOptions | None = None) -> None:
    """Nothing; DataError E0706 where options and metrics of `training` do not fit together."""
    plan = read_options(training, given)
    check_metrics(training.metrics)
    with placed(training.places.get("device"), ""):
        check_device(plan.device)
    with placed(training.places.get("gradient"), ""):
        gradient_arguments(plan)
    with placed(training.places.get("private"), ""):
        _check_privacy(plan)
    with placed(training.places.get("optimizer"), ""):
        optimizer = build_optimizer(plan.optimizer, [nn.Parameter(torch.zeros(1))])
    with placed(training.places.get("schedule"), ""):
        build_schedule(plan.schedule, optimizer, STEPS)


def _check_privacy(plan: Plan) -> None:
    """Nothing; DataError E0706 for options that tell more of the rows than is promised."""
    if plan.private is None:
        return
    privacy_arguments(plan.private)
    measured = bool(plan.holdout) or plan.fold is not None
    schedule = plan.schedule.function if plan.schedule is not None else ""
    if plan.optimizer.function == "lbfgs":
        message, help = "`lbfgs` asks the rows of a step many times", "take `adam`, say"
    elif schedule == "reduce_on_plateau" and not measured:
        message, help = f"`{schedule}` looks at the loss of the rows learned from", "give `holdout`"
    else:
        return
    raise DataError("E0706", f"{message}: that is not private", help)
