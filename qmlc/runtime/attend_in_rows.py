"""Attention whose scores are capped, in memory that grows with the length and not with its square.

Torch's kernels for a processor cap no scores. So the formula is computed for some rows of queries
after another, and once more for each in the backward pass (Rabe and Staats, arXiv 2112.05682).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from qmlc.runtime.unusual import unusual_context

ROWS = 128
"""Queries at once: their scores stay near the processor."""
FEW = 512
"""With no more queries, the formula at once is as fast."""


def attend_in_rows(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    softcap: float,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(softcap * tanh(query @ key.mT * scale / softcap) + attn_mask) @ value.

    Arguments and shapes as for `scaled_dot_product_attention`, 0 in rows that see nothing, too.
    """
    width, rows = query.shape[-1], query.shape[-2]
    query = query * ((1 / math.sqrt(width) if scale is None else scale) / softcap)
    if enable_gqa:
        repeats = query.shape[-3] // key.shape[-3]
        key, value = (x.repeat_interleave(repeats, dim=-3) for x in (key, value))
    blind = None
    if attn_mask is not None:
        attn_mask, blind = _bias(attn_mask, query)
    if torch.compiler.is_compiling() or unusual_context() or rows <= FEW:
        first = 0 if is_causal else None
        attended = _formula(query, key, value, attn_mask, first, softcap, dropout_p)
    else:
        attended = _in_rows(query, key, value, attn_mask, is_causal, softcap, dropout_p)
    return attended if blind is None else attended.masked_fill(blind, 0)


def _bias(mask: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
    """What a mask adds to scores, and the rows that see nothing: 0 is added there.

    Else they would be nan, and so would the gradients of all.
    """
    if mask.dtype == torch.bool:
        mask = torch.zeros_like(mask, dtype=like.dtype).masked_fill(~mask, -math.inf)
    blind = (mask == -math.inf).all(dim=-1, keepdim=True)
    return mask.masked_fill(blind, 0), blind


def _in_rows(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    bias: Tensor | None,
    causal: bool,
    softcap: float,
    dropout: float,
) -> Tensor:
    """The formula for some queries after another, with the keys that they see."""
    attended = []
    by_row = bias is not None and bias.dim() > 1 and bias.shape[-2] > 1
    for start in range(0, query.shape[-2], ROWS):
        rows = slice(start, start + ROWS)
        seen = slice(0, start + ROWS) if causal else slice(None)
        added = bias[..., rows, :] if bias is not None and by_row else bias
        keys, values = key[..., seen, :], value[..., seen, :]
        first = start if causal else None
        inputs = (query[..., rows, :], keys, values, added, first, softcap, dropout)
        if torch.is_grad_enabled():
            attended.append(checkpoint(_formula, *inputs, use_reentrant=False))
        else:
            attended.append(_formula(*inputs))
    return torch.cat(attended, dim=-2)


def _formula(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    bias: Tensor | None,
    first: int | None,
    softcap: float,
    dropout: float,
) -> Tensor:
    """For scaled queries; `first` is the place of the first in causal attention, else None."""
    bent = torch.tanh(query @ key.mT)
    if first is not None:
        sizes = query.shape[-2], key.shape[-2]
        bias = query.new_full(sizes, -math.inf).triu(first + 1)
    scores = bent * softcap if bias is None else torch.add(bias, bent, alpha=softcap)
    weights = scores.softmax(dim=-1)
    if dropout:
        weights = F.dropout(weights, dropout)
    return weights @ value
