"""Parts of whose weights the smallest are zero, and stay zero."""

from __future__ import annotations

from typing import Any, TypeVar

import torch
from torch import nn

from qmlc.runtime.circuit_module import CircuitModule
from qmlc.runtime.errors import unfit
from qmlc.runtime.kernel_module import KernelModule

AnyModule = TypeVar("AnyModule", bound=nn.Module)
PRUNED = "_qmlc_pruned"


def prune(module: AnyModule, *, amount: float) -> AnyModule:
    """The module itself; the share `amount` of its weights, the smallest ones, is zero for good.

    Magnitudes are compared over all weights together (Han et al., Learning both Weights and
    Connections for Efficient Neural Networks, 2015), as `torch.nn.utils.prune.global_unstructured`
    with `L1Unstructured` does. Weights are the parameters with two dimensions or more; biases are
    kept, and the angles of circuits, whose size says nothing. The module computes with
    `weight * weight_mask`, so that no gradient reaches what is zero; both are in its state.
    CompileError where there are no weights, or where they are pruned already.
    """
    owners = [(path, part) for path, part in module.named_modules() if not _in_circuit(part)]
    if any(hasattr(part, PRUNED) for _, part in owners):
        raise unfit("a part is pruned twice", "prune it once, with the larger `amount`")
    places = [
        (path, part, name, weight)
        for path, part in owners
        for name, weight in part.named_parameters(recurse=False, remove_duplicate=False)
        if weight.dim() >= 2
    ]
    weights = list({id(weight): weight for *_, weight in places}.values())
    if not weights:
        raise unfit(f"`{type(module).__name__}` has no weights to prune")
    masks = _masks(weights, amount)
    for _, part, name, weight in places:
        part.register_buffer(f"{name}_mask", masks[id(weight)])
    with torch.no_grad():
        for weight in weights:
            weight.mul_(masks[id(weight)])
    # functions of this module, so that copies and pickles have them, too
    setattr(module, PRUNED, [(path, name) for path, _, name, _ in places])
    module.register_forward_pre_hook(_mask_weights)
    module.register_forward_hook(_show_weights, always_call=True)
    return module


def _in_circuit(part: nn.Module) -> bool:
    return isinstance(part, CircuitModule | KernelModule)


def _masks(weights: list[nn.Parameter], amount: float) -> dict[int, torch.Tensor]:
    """For each weight, by identity, where it is kept."""
    sizes = torch.cat([weight.detach().abs().flatten() for weight in weights])
    kept = torch.ones_like(sizes, dtype=torch.bool)
    kept[torch.topk(sizes, round(amount * len(sizes)), largest=False).indices] = False
    parts = torch.split(kept, [weight.numel() for weight in weights])
    return {id(w): part.view_as(w).clone() for w, part in zip(weights, parts, strict=True)}


def _mask_weights(module: nn.Module, inputs: Any) -> None:
    """While the module runs, an attribute of the weight's name hides the parameter itself."""
    for path, name in getattr(module, PRUNED):
        part = module.get_submodule(path)
        weight = part._parameters.get(name)
        if weight is not None:  # else it was quantized since, with the zeros that it has
            vars(part)[name] = weight * part.get_buffer(f"{name}_mask")


def _show_weights(module: nn.Module, inputs: Any, output: Any) -> None:
    for path, name in getattr(module, PRUNED):
        vars(module.get_submodule(path)).pop(name, None)
