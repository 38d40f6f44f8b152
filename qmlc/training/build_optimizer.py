"""Build the optimizer that a train block names."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

import torch
from torch import nn

from qmlc.ir.program import Call
from qmlc.training.errors import DataError, propose


def build_optimizer(call: Call, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """The optimizer of `torch.optim` that `call` names, for the parameters that learn.

    DataError E0706 where the name or an argument is wrong, E0704 where no parameter learns.
    """
    learning = [p for p in parameters if p.requires_grad]
    if not learning:
        raise DataError("E0704", "the model has no parameters to learn")
    constructor = _constructor(call.function)
    known = list(inspect.signature(constructor).parameters)[1:]
    for name, _ in call.keywords:
        if name not in known:
            help = propose(name, known, "its arguments are")
            raise DataError("E0706", f"`{call.function}` has no argument `{name}`", help)
    try:
        return constructor(learning, *call.arguments, **dict(call.keywords))
    except (TypeError, ValueError) as error:
        raise DataError("E0706", f"`{call.function}`: {error}") from None


def _constructor(name: str) -> type[torch.optim.Optimizer]:
    # PyTorch's own names in snake case: adamw is AdamW, sparse_adam is SparseAdam.
    known = {
        key.lower(): value
        for key, value in vars(torch.optim).items()
        if inspect.isclass(value)
        and issubclass(value, torch.optim.Optimizer)
        and value is not torch.optim.Optimizer
    }
    found = known.get(name.replace("_", ""))
    if found is None:
        help = propose(name, known, "the optimizers are")
        raise DataError("E0706", f"there is no optimizer `{name}`", help)
    return found
