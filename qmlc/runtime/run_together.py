"""Several modules of one circuit, each with its own parameters and inputs, in one call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from qmlc.runtime.circuit_module import CircuitModule


def run_together(circuits: Iterable[Any], *inputs: Tensor) -> Tensor:
    """What each circuit yields for its entry of the inputs: `[circuits, ...batch, *shape]`.

    The circuits have one result. Where all are of one class, and kernels run them, the way there
    is gone once; otherwise each is called by itself.
    """
    modules = list(circuits)
    if _are_alike(modules):
        first = modules[0]
        found = first._engines.run_many([m._weights() for m in modules], inputs, first.training)
        if found is not None:
            return found  # type: ignore[no-any-return]
    rows = zip(*(tensor.unbind() for tensor in inputs), strict=True)
    return torch.stack([module(*own) for module, own in zip(modules, rows, strict=True)])


def _are_alike(modules: list[Any]) -> bool:
    """Whether modules differ in nothing but the numbers of their parameters."""
    first = modules[0]
    kind, training = type(first), first.training
    if torch.compiler.is_compiling() or not issubclass(kind, CircuitModule):
        return False
    return kind is not CircuitModule and all(
        [
            type(module) is kind
            and module.training == training
            and not (module._forward_hooks or module._forward_pre_hooks)
            and not module._engines.reference.imitates
            and module._estimator is None
            for module in modules
        ]
    )
