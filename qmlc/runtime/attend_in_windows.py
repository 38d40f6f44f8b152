"""Attention in which each query sees only the keys near it, in time that grows with the length.

Blocks of queries attend to the keys that any of them sees, all blocks in one call (the sliding
chunks of Beltagy, Peters and Cohan, arXiv 2004.05150): a mask alone leaves torch to compute the
scores of all pairs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from qmlc.runtime.unusual import unusual_context

NARROW, WIDE = 64, 128
"""Queries in a block, whose keys are few or many beside them."""
SHARE = 4
"""With fewer than so many times the keys of a block, one call with a mask is as fast."""


def attend_in_windows(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    window: tuple[int, int],
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """`scaled_dot_product_attention` where query i sees the keys i - window[0] to i + window[1].

    Arguments and shapes are its own; what `attn_mask` hides is hidden, too.
    """
    rows = rows_of_block(window, key.shape[-2]) if query.dim() == 4 else None
    if rows is None or torch.compiler.is_compiling() or unusual_context():
        row, column = (torch.arange(x.shape[-2], device=x.device) for x in (query, key))
        mask = _hide(_near(row[:, None], column, window), attn_mask)
        return F.scaled_dot_product_attention(
            query, key, value, mask, dropout_p, scale=scale, enable_gqa=enable_gqa
        )
    if enable_gqa:
        repeats = query.shape[-3] // key.shape[-3]
        key, value = (x.repeat_interleave(repeats, dim=-3) for x in (key, value))
    blocks = _Blocks(-(-query.shape[-2] // rows), rows, key.shape[-2], window)
    return _in_blocks(query, key, value, blocks, attn_mask, dropout_p, scale)


def rows_of_block(window: tuple[int, int], keys: int) -> int | None:
    """How many queries are a block; None where one call with a mask is as fast."""
    near = sum(window)
    rows = NARROW if near <= 2 * NARROW else WIDE
    return rows if SHARE * (rows + near) <= keys else None


def _near(row: Tensor, column: Tensor, window: tuple[int, int]) -> Tensor:
    """Which places of keys are in the windows of which places of queries."""
    distance = row - column
    return (distance <= window[0]) & (distance >= -window[1])


def _hide(seen: Tensor, mask: Tensor | None) -> Tensor:
    """What a mask leaves of what is seen: truth values, or numbers that are added."""
    if mask is None:
        return seen
    return seen & mask if mask.dtype == torch.bool else mask.masked_fill(~seen, -math.inf)


@dataclass(frozen=True, slots=True)
class _Blocks:
    """So many blocks of so many queries, and the keys that they see."""

    count: int
    rows: int
    keys: int
    window: tuple[int, int]

    def queries(self, x: Tensor, axis: int) -> Tensor:
        """An axis of queries as two: blocks, and the queries of a block."""
        more = self.count * self.rows - x.shape[axis]
        padded = F.pad(x, (0, 0) * (-1 - axis) + (0, more))
        return torch.unflatten(padded, axis, (self.count, self.rows))

    def windows(self, x: Tensor, axis: int) -> Tensor:
        """An axis of keys as one of blocks, and the keys of a block as the last axis."""
        before, after = self.window
        margins = (before, self.count * self.rows + after - self.keys)
        padded = F.pad(x, (0, 0) * (-1 - axis) + margins)
        return padded.unfold(axis, self.rows + before + after, self.rows)

    def mask(self, mask: Tensor) -> Tensor:
        """A mask `[B?, H?, T?, S?]` as `[B?, H?, blocks, rows?, keys of a block?]`."""
        mask = mask[(None,) * (4 - mask.dim())]
        rows, columns = (size > 1 for size in mask.shape[-2:])
        if not columns:
            return self.queries(mask, -2) if rows else mask.unsqueeze(-3)
        if not rows:
            return self.windows(mask, -1).transpose(-2, -3)
        each = self.windows(self.queries(mask, -2), -1)
        return each.diagonal(dim1=-4, dim2=-2).movedim(-1, -3)


def _in_blocks(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    blocks: _Blocks,
    mask: Tensor | None,
    dropout: float,
    scale: float | None,
) -> Tensor:
    """Blocks of queries as heads."""
    length, heads = query.shape[-2], query.shape[:2]
    row = blocks.queries(torch.arange(length, device=query.device), -1).unsqueeze(-1)
    column = blocks.windows(torch.arange(1, blocks.keys + 1, device=query.device), -1) - 1
    column = column.unsqueeze(-2)
    seen = _near(row, column, blocks.window) & (column >= 0)
    if mask is not None:
        seen = _hide(seen, blocks.mask(mask)).expand(*heads, -1, -1, -1).flatten(0, 1)
    query = blocks.queries(query, -2)
    key, value = (blocks.windows(x, -2).mT for x in (key, value))
    query, key, value = (x.flatten(0, 1) for x in (query, key, value))
    attended = F.scaled_dot_product_attention(query, key, value, seen, dropout, scale=scale)
    return torch.unflatten(attended.flatten(1, 2)[:, :length], 0, heads)
