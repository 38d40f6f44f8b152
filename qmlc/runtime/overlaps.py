"""The overlaps of states: one product forward, and one backward where they are of one batch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from qmlc.runtime.squares import squares
from qmlc.runtime.unusual import unusual_context


def overlaps(left: Tensor, right: Tensor) -> Tensor:
    """abs(<a|b>)**2 of states `[..., M, n]` and `[..., N, n]`: `[..., M, N]`."""
    if torch.compiler.is_compiling() or unusual_context():
        return squares(left @ right.mH)
    found: Tensor = _Overlaps.apply(left, right)  # type: ignore[no-untyped-call]
    return found


class _Overlaps(torch.autograd.Function):
    """Where both batches are the same, autograd would take a second product backward."""

    @staticmethod
    def forward(ctx: Any, left: Tensor, right: Tensor) -> Tensor:
        """See `overlaps`."""
        products = left @ right.mH
        ctx.save_for_backward(left, right)
        ctx.products, ctx.same = products, left is right
        return squares(products)

    @staticmethod
    def backward(ctx: Any, outer: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """In operations that can be differentiated themselves."""
        left, right = ctx.saved_tensors
        # what forward computed does not depend on the states in autograd's eyes
        products = left @ right.mH if torch.is_grad_enabled() else ctx.products
        if ctx.same:
            # the matrix of the products is its own adjoint
            return (products * (2 * (outer + outer.mT))) @ left, None
        needs_left, needs_right = ctx.needs_input_grad
        scaled = products * (2 * outer)
        return scaled @ right if needs_left else None, scaled.mH @ left if needs_right else None
