"""Build the optimizer that a train block names."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

import torch
from torch import nn

from qmlc.ir.program import Call
from qmlc.ops.optimizers import OPTIMIZERS
from qmlc.training.construct import bind_call, construct, find_row, import_class
from qmlc.training.errors import DataError

FUSED = ("cpu", "cuda")
"""Devices for which torch has optimizers that take a step in one kernel."""


def build_optimizer(call: Call, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """The optimizer that `call` names, for the parameters that learn.

    DataError E0706 where the name or an argument is wrong, E0704 where no parameter learns.
    """
    learning = [p for p in parameters if p.requires_grad]
    if not learning:
        raise DataError("E0704", "the model has no parameters to learn")
    row = find_row(call, OPTIMIZERS, "optimizer")
    arguments = bind_call(call, row.parameters)
    if "fused" in inspect.signature(import_class(row.path)).parameters:
        # one pass over each parameter; torch itself does so on GPUs alone
        arguments["fused"] = all(p.is_floating_point() and p.device.type in FUSED for p in learning)
    optimizer: torch.optim.Optimizer = construct(call, row.path, learning, **arguments)
    return optimizer
