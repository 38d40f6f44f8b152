"""Gradients that tell little of any one row: differentially private stochastic gradient descent.

(Abadi et al. 2016, arXiv:1607.00133.) How much they tell is reckoned by Opacus, for batches that
each row is in with one chance. The gradient of each row is found by itself, so that any model will
do that does not mix rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from qmlc.ops.optimizers import PRIVACY
from qmlc.training.construct import bind_call, find_row
from qmlc.training.errors import DataError
from qmlc.training.import_optional import import_optional
from qmlc.training.read_options import Plan
from qmlc.training.run_module import run_module


@dataclass(frozen=True, slots=True)
class Privacy:
    """What the rows of a training are promised, and by what noise that is kept."""

    delta: float
    """The chance that the promise does not hold."""
    clip: float
    """The greatest norm of the gradient of a row."""
    noise: float
    """The standard deviation of the noise on a sum of gradients, in `clip`."""
    rate: float
    """The chance of a row to be in a step."""
    batch: int
    """How many rows a step has in the mean."""

    def epsilon(self, steps: int) -> float:
        """What so many steps tell of a row."""
        accountant = _opacus("accountants").RDPAccountant()
        accountant.history = [(self.noise, self.rate, steps)]
        return float(accountant.get_epsilon(self.delta))

    def as_dict(self, steps: int) -> dict[str, float]:
        """What is told of a training of so many steps."""
        return {"epsilon": self.epsilon(steps), "delta": self.delta, "noise": self.noise}


def plan_privacy(
    plan: Plan, module: nn.Module, rows: int, steps: int, processes: int
) -> Privacy | None:
    """The noise with which `steps` keep what `plan` promises; None where it promises nothing.

    DataError E0706 where that cannot be kept.
    """
    if plan.private is None:
        return None
    values = privacy_arguments(plan.private)
    if processes > 1:
        raise DataError("E0706", "a private training runs in one process")
    mixing = [n for n, part in module.named_modules() if isinstance(part, _MIXES) and _learns(part)]
    if mixing:
        message = f"`{mixing[0]}` mixes the rows of a batch, so that none is private"
        raise DataError("E0706", message, "take `layer_norm` or `group_norm`, or freeze it")
    if values["delta"] * rows >= 1:
        message = f"delta = {values['delta']} promises nothing to one of {rows} rows"
        raise DataError("E0706", message, f"take less than 1/{rows}")
    rate = min(1.0, plan.batch / rows)
    try:
        noise = _opacus("accountants.utils").get_noise_multiplier(
            target_epsilon=values["epsilon"],
            target_delta=values["delta"],
            sample_rate=rate,
            steps=steps,
        )
    except ValueError as error:
        message = f"epsilon = {values['epsilon']} cannot be kept over {steps} steps: {error}"
        raise DataError("E0706", message, "take a larger one, or fewer steps") from None
    return Privacy(values["delta"], values["clip"], noise, rate, min(plan.batch, rows))


_MIXES = (nn.modules.batchnorm._BatchNorm,)
"""Modules whose output for a row depends on the others of its batch."""


def _learns(part: nn.Module) -> bool:
    return any(parameter.requires_grad for parameter in part.parameters())


def privacy_arguments(call: Any) -> dict[str, float]:
    """Epsilon, delta and the greatest norm; DataError E0706, or E0709 without the library."""
    _opacus("accountants")
    return bind_call(call, find_row(call, PRIVACY, "way to be private").parameters)


def _opacus(module: str) -> Any:
    return import_optional(f"opacus.{module}", "opacus", "`private`")


def private_gradient(
    module: nn.Module,
    batch: Sequence[Tensor],
    privacy: Privacy,
    backward: Callable[[Tensor], object],
) -> Tensor:
    """The mean loss of the rows, 0 without any; parameters have their gradients.

    These are the sum of the clipped gradients of the rows and noise, over the mean size of a batch.
    """
    learning = [p for p in module.parameters() if p.requires_grad]
    sums = [torch.zeros_like(parameter) for parameter in learning]
    total = learning[0].new_zeros(())
    for row in range(len(batch[0])):
        for parameter in learning:
            parameter.grad = None
        loss = run_module(module, [tensor[row : row + 1] for tensor in batch]).loss
        backward(loss)
        total = total + loss.detach()
        own = [torch.zeros_like(p) if p.grad is None else p.grad for p in learning]
        norm = torch.nn.utils.get_total_norm(own)
        factor = (privacy.clip / norm.clamp_min(1e-12)).clamp_max(1)
        sums = [s + g * factor for s, g in zip(sums, own, strict=True)]
    for parameter, gradient in zip(learning, sums, strict=True):
        noise = torch.randn_like(gradient) * (privacy.noise * privacy.clip)
        parameter.grad = (gradient + noise) / privacy.batch
    return total / max(len(batch[0]), 1)
