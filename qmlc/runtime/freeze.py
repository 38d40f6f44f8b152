"""Parts that do not learn, and are always in evaluation mode."""

from __future__ import annotations

from typing import TypeVar

from torch import nn

AnyModule = TypeVar("AnyModule", bound=nn.Module)
MARK = "_qmlc_frozen"


def freeze(module: AnyModule) -> AnyModule:
    """The module itself, without gradients of its parameters, and in evaluation mode for good."""
    module.requires_grad_(False)
    module.eval()
    setattr(module, MARK, True)  # dropout has no parameters that could tell
    return module


def rest_frozen(module: nn.Module) -> None:
    """Nothing; the parts of `module` that are frozen are in evaluation mode."""
    for part in module.modules():
        learning = [p.requires_grad for p in part.parameters()]
        if hasattr(part, MARK) or (learning and not any(learning)):
            nn.Module.train(part, False)
