"""Reductions of what a mask chooses: the mask aligns with the leading dimensions."""

from __future__ import annotations

import torch
from torch import Tensor

Axes = int | tuple[int, ...] | None


def sum(x: Tensor, mask: Tensor, dim: Axes = None, keepdim: bool = False) -> Tensor:
    """The sum of the chosen elements, `[...]` less `dim`; 0 where nothing is chosen.

    `x` is `[B, T, ...]`, `mask` bool `[B, T]`: what is not chosen may be anything, nan too.
    """
    return torch.where(_aligned(mask, x), x, 0).sum(dim, keepdim=keepdim)


def mean(x: Tensor, mask: Tensor, dim: Axes = None, keepdim: bool = False) -> Tensor:
    """The mean of the chosen elements, `[...]` less `dim`; 0 where nothing is chosen.

    Shapes as for `sum`.
    """
    chosen = _aligned(mask, x)
    number = chosen.sum(dim, keepdim=keepdim).clamp(min=1)
    return torch.where(chosen, x, 0).sum(dim, keepdim=keepdim) / number


def _aligned(mask: Tensor, x: Tensor) -> Tensor:
    return mask.reshape(mask.shape + (1,) * (x.dim() - mask.dim())).expand_as(x)
