"""The Walsh-Hadamard transform."""

from __future__ import annotations

import torch
from torch import Tensor


def walsh_transform(values: Tensor) -> Tensor:
    """sum over j of (-1)**parity(j & k) values[j], for each k; `[2**n, batch]` both."""
    size, batch = values.shape
    step = 1
    while step < size:
        low, high = values.reshape(size // (2 * step), 2, step, batch).unbind(1)
        values = torch.stack([low + high, low - high], 1).reshape(size, batch)
        step *= 2
    return values
