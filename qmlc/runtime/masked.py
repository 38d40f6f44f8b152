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


def prod(x: Tensor, mask: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The product of the chosen elements; 1 where nothing is chosen. Shapes as for `sum`."""
    factors = torch.where(_aligned(mask, x), x, 1)
    if dim is not None:
        return factors.prod(dim, keepdim=keepdim)
    return factors.prod().reshape([1] * x.dim() if keepdim else [])


def var(
    x: Tensor, mask: Tensor, dim: Axes = None, correction: int = 1, keepdim: bool = False
) -> Tensor:
    """The variance of the chosen elements, divided by their number less `correction`.

    0 where no more than `correction` are chosen. Shapes as for `sum`.
    """
    chosen = _aligned(mask, x)
    centre = mean(x, mask, dim, keepdim=True)
    squares = torch.where(chosen, (torch.where(chosen, x, 0) - centre).abs() ** 2, 0)
    number = (chosen.sum(dim, keepdim=keepdim) - correction).clamp(min=1)
    return squares.sum(dim, keepdim=keepdim) / number


def std(
    x: Tensor, mask: Tensor, dim: Axes = None, correction: int = 1, keepdim: bool = False
) -> Tensor:
    """The square root of `var`."""
    return var(x, mask, dim, correction, keepdim).sqrt()


def amin(x: Tensor, mask: Tensor, dim: Axes = None, keepdim: bool = False) -> Tensor:
    """The smallest of the chosen elements; 0 where nothing is chosen. Shapes as for `sum`."""
    chosen = _aligned(mask, x)
    found = torch.where(chosen, x, _largest(x)).amin(_axes(dim), keepdim=keepdim)
    return torch.where(chosen.any(dim, keepdim=keepdim), found, torch.zeros_like(found))


def amax(x: Tensor, mask: Tensor, dim: Axes = None, keepdim: bool = False) -> Tensor:
    """The largest of the chosen elements; 0 where nothing is chosen. Shapes as for `sum`."""
    chosen = _aligned(mask, x)
    smallest = ~_largest(x) if x.dtype == torch.bool else -_largest(x)
    found = torch.where(chosen, x, smallest).amax(_axes(dim), keepdim=keepdim)
    return torch.where(chosen.any(dim, keepdim=keepdim), found, torch.zeros_like(found))


def any(x: Tensor, mask: Tensor, dim: Axes = None, keepdim: bool = False) -> Tensor:
    """Whether any of the chosen elements is true. Shapes as for `sum`."""
    return (_aligned(mask, x) & x.bool()).any(dim, keepdim=keepdim)


def all(x: Tensor, mask: Tensor, dim: Axes = None, keepdim: bool = False) -> Tensor:
    """Whether all of the chosen elements are true. Shapes as for `sum`."""
    return (~_aligned(mask, x) | x.bool()).all(dim, keepdim=keepdim)


def _largest(x: Tensor) -> Tensor:
    """What no element of the kind of `x` exceeds."""
    if x.dtype == torch.bool:
        return torch.tensor(True, device=x.device)
    top = torch.inf if x.is_floating_point() else torch.iinfo(x.dtype).max
    return torch.tensor(top, dtype=x.dtype, device=x.device)


def _axes(dim: Axes) -> int | tuple[int, ...]:
    """`amin` takes an empty list for all dimensions, and no None."""
    return () if dim is None else dim


def _aligned(mask: Tensor, x: Tensor) -> Tensor:
    return mask.reshape(mask.shape + (1,) * (x.dim() - mask.dim())).expand_as(x)
