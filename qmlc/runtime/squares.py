"""Squared magnitudes: probabilities of amplitudes, in one step of autograd."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from qmlc.runtime.unusual import unusual_context


def squares(numbers: Tensor) -> Tensor:
    """abs(z)**2 of each of the complex `numbers`."""
    if torch.compiler.is_compiling() or unusual_context():
        return numbers.real.square() + numbers.imag.square()
    found: Tensor = _Squares.apply(numbers)  # type: ignore[no-untyped-call]
    return found


class _Squares(torch.autograd.Function):
    """Autograd would go back through real and imaginary parts, copying zeros."""

    @staticmethod
    def forward(ctx: Any, numbers: Tensor) -> Tensor:
        """See `squares`."""
        ctx.save_for_backward(numbers)
        return numbers.real.square().addcmul_(numbers.imag, numbers.imag)

    @staticmethod
    def backward(ctx: Any, outer: Tensor) -> Tensor:
        """In operations that can be differentiated themselves."""
        (numbers,) = ctx.saved_tensors
        gradient: Tensor = numbers * (2 * outer)
        return gradient
