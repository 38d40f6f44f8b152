"""Texts through a model without their padding: those of about one length together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from qmlc.runtime.unusual import unusual_context

TOGETHER = 16
"""Rows a call on a processor: fewer have less padding, more make better use of the machine."""

Results = Mapping[str, Tensor]


def leave_padding(
    model: Callable[[Sequence[Tensor]], Results], inputs: Sequence[Tensor], mask: Tensor
) -> Results:
    """What `model` yields for `inputs`, [B, T] each; `mask` (bool) says what is no padding.

    Results [B, T, ...] are 0 at padding, results [B, d] are those of whole rows. Rows are sorted by
    their length, and a call takes as many columns as its longest row has: what a row yields must
    depend neither on other rows nor on padding behind it. Where operations are recorded, lengths
    are unknown, and one call takes all.
    """
    rows, columns = mask.shape
    if torch.compiler.is_compiling() or unusual_context() or mask.numel() == 0:
        return _blank(model(inputs), mask)
    lengths = (mask * torch.arange(1, columns + 1, device=mask.device)).amax(dim=1).clamp(min=1)
    order = lengths.argsort(stable=True)
    parts = []
    for chosen in torch.split(order, TOGETHER if mask.device.type == "cpu" else rows):
        longest = int(lengths[chosen[-1]])
        results = model([tensor[chosen, :longest] for tensor in inputs])
        whole = {name: _widen(result, columns) for name, result in results.items()}
        parts.append(_blank(whole, mask[chosen]))
    back = order.argsort()
    return {name: torch.cat([part[name] for part in parts])[back] for name in parts[0]}


def _widen(result: Tensor, columns: int) -> Tensor:
    """`[b, t, d]` with zeros behind, as `[b, columns, d]`; `[b, d]` as it is."""
    missing = columns - result.shape[1]
    return F.pad(result, (0, 0, 0, missing)) if result.dim() == 3 else result


def _blank(results: Results, mask: Tensor) -> Results:
    """Zeros in the place of what stands at padding: [B, T, d] results only."""
    padding = ~mask[..., None]
    return {
        name: result.masked_fill(padding, 0) if result.dim() == 3 else result
        for name, result in results.items()
    }
