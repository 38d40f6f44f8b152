"""Calls that are options of `train` blocks (optimizers, schedules …), as rows of data.

Names, order and defaults are PyTorch's, less the parameters to learn, less what only changes how
fast a step is computed (`foreach`, `fused`, `capturable`, `differentiable`) and less `maximize`: a
loss is made small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qmlc.ops.parameters import Parameter
from qmlc.ops.rows import settings


@dataclass(frozen=True, slots=True)
class Constructor:
    """A class to be made from settings: where it is, its parameters, what it is in one line.

    `path` is empty for what is the language's own. `every` says when a schedule moves on: after
    each `step`, each `epoch`, or each `validation`.
    """

    path: str
    parameters: tuple[Parameter, ...]
    doc: str
    every: str = ""


def _optimizer(name: str, doc: str, **defaults: Any) -> Constructor:
    return Constructor(f"torch.optim.{name}", settings(**defaults), doc)


_BETAS = (0.9, 0.999)

OPTIMIZERS: dict[str, Constructor] = {
    "sgd": _optimizer("SGD", "Gradient descent, with momentum.", lr=1e-3, momentum=0, dampening=0,
                      weight_decay=0, nesterov=False),
    "adam": _optimizer("Adam", "Steps scaled by the gradient's running moments.", lr=1e-3,
                       betas=_BETAS, eps=1e-8, weight_decay=0, amsgrad=False),
    "adamw": _optimizer("AdamW", "Adam with decoupled weight decay.", lr=1e-3, betas=_BETAS,
                        eps=1e-8, weight_decay=1e-2, amsgrad=False),
    "adamax": _optimizer("Adamax", "Adam by the largest gradient.", lr=2e-3, betas=_BETAS,
                         eps=1e-8, weight_decay=0),
    "nadam": _optimizer("NAdam", "Adam with Nesterov's momentum.", lr=2e-3, betas=_BETAS, eps=1e-8,
                        weight_decay=0, momentum_decay=4e-3, decoupled_weight_decay=False),
    "radam": _optimizer("RAdam", "Adam with a rectified start.", lr=1e-3, betas=_BETAS, eps=1e-8,
                        weight_decay=0, decoupled_weight_decay=False),
    "adagrad": _optimizer("Adagrad", "Steps scaled by all past gradients.", lr=1e-2, lr_decay=0,
                          weight_decay=0, initial_accumulator_value=0, eps=1e-10),
    "adadelta": _optimizer("Adadelta", "Steps scaled by past steps over past gradients.", lr=1.0,
                           rho=0.9, eps=1e-6, weight_decay=0),
    "adafactor": _optimizer("Adafactor", "Adam with little memory.", lr=1e-2, beta2_decay=-0.8,
                            eps=(None, 1e-3), d=1.0, weight_decay=0.0),
    "rmsprop": _optimizer("RMSprop", "Steps scaled by recent gradients.", lr=1e-2, alpha=0.99,
                          eps=1e-8, weight_decay=0, momentum=0, centered=False),
    "rprop": _optimizer("Rprop", "Steps by the gradient's sign: for whole batches.", lr=1e-2,
                        etas=(0.5, 1.2), step_sizes=(1e-6, 50)),
    "asgd": _optimizer("ASGD", "Averaged gradient descent.", lr=1e-2, lambd=1e-4, alpha=0.75,
                       t0=1e6, weight_decay=0),
    "lbfgs": _optimizer("LBFGS", "Quasi-Newton: for whole batches.", lr=1, max_iter=20,
                        max_eval=None, tolerance_grad=1e-7, tolerance_change=1e-9,
                        history_size=100, line_search_fn=None),
}  # fmt: skip


def _schedule(
    name: str, every: str, doc: str, *required: str, **defaults: Any
) -> Constructor:  # fmt: skip
    path = f"torch.optim.lr_scheduler.{name}" if name else ""
    return Constructor(path, settings(*required, **defaults), doc, every)


SCHEDULES: dict[str, Constructor] = {
    # A `warmup` below 1 is a share of all steps, else a number of steps.
    "constant": _schedule("", "step", "The same rate, after a warm-up.", warmup=0),
    "cosine": _schedule("", "step", "Half a cosine down to 0, after a warm-up.", warmup=0),
    "linear": _schedule("", "step", "A line down to 0, after a warm-up.", warmup=0),
    "step": _schedule("StepLR", "epoch", "Times gamma every step_size epochs.", "step_size",
                      gamma=0.1),
    "multi_step": _schedule("MultiStepLR", "epoch", "Times gamma at each milestone, an epoch.",
                            "milestones", gamma=0.1),
    "exponential": _schedule("ExponentialLR", "epoch", "Times gamma every epoch.", "gamma"),
    "one_cycle": _schedule(
        "OneCycleLR", "step", "Up to max_lr and down again, once.", "max_lr", pct_start=0.3,
        anneal_strategy="cos", cycle_momentum=True, base_momentum=0.85, max_momentum=0.95,
        div_factor=25.0, final_div_factor=1e4, three_phase=False),
    "reduce_on_plateau": _schedule(
        "ReduceLROnPlateau", "validation", "Times factor when the validation loss stays.",
        mode="min", factor=0.1, patience=10, threshold=1e-4, threshold_mode="rel", cooldown=0,
        min_lr=0, eps=1e-8),
}  # fmt: skip

GRADIENTS: dict[str, Constructor] = {
    "adjoint": Constructor("", (), "Exactly, backwards through the simulation."),
    "parameter_shift": Constructor(
        "", (), "As on a device: from values with each angle of a circuit shifted, with `shots` "
        "from measured ones."),
    "spsa": Constructor(
        "", settings(step=0.1, directions=1), "Right in the mean: from two values for each of so "
        "many random directions."),
}  # fmt: skip
"""How the gradient of a circuit is found."""

PRIVACY: dict[str, Constructor] = {
    "dp_sgd": Constructor(
        "", settings("epsilon", delta=1e-5, clip=1.0), "Differentially private: the gradient of "
        "each row is clipped, and noise is added to their sum."),
}  # fmt: skip
"""How the rows that a model learns from are kept private."""

CALLED = {
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "gradient": GRADIENTS,
    "private": PRIVACY,
}
"""The options of `train` that are calls, and what they call."""
