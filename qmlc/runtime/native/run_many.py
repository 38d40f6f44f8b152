"""One circuit with several sets of parameters, each on its own samples, as one step of autograd."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from qmlc.runtime.native.native_circuit import (
    Layout,
    NativeCircuit,
    flatten,
    gradients_by_reference,
    run_forward,
    solid,
    split_gradient,
)
from qmlc.runtime.unusual import unusual_context, unusual_tensors


def run_many(
    native: NativeCircuit, layout: Layout, inputs: Sequence[Tensor], weights: Sequence[Tensor]
) -> Tensor:
    """The observables `[count, *values]` for inputs `[count, ...]`, and all weights, set by set.

    `layout` is that of one set; the observables must be its only result.
    """
    tensors = (*inputs, *weights)
    if torch.is_grad_enabled() and any([t.requires_grad for t in tensors]):
        result: Tensor = _apply(native, layout, *tensors)
        return result
    rows = [flatten(layout, own) for own in _sets(layout, tensors)]
    return torch.stack([run_forward(native, layout, *own, False)[0] for own in rows])


class _RunMany(torch.autograd.Function):
    """`run_many` with gradients."""

    @staticmethod
    def forward(ctx: Any, native: NativeCircuit, layout: Layout, *tensors: Tensor) -> Tensor:
        """See `run_many`."""
        rows = [flatten(layout, own) for own in _sets(layout, tensors)]
        found = [run_forward(native, layout, *own, True) for own in rows]
        ctx.kept = [kept for *_, kept in found]
        ctx.call = native, layout, rows
        ctx.save_for_backward(*tensors)
        return torch.stack([values for values, *_ in found])

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> Any:
        """The gradients of all tensors, by the reference where they need gradients themselves."""
        # asks whether any of these was changed since
        tensors, needs = ctx.saved_tensors, ctx.needs_input_grad[2:]
        native, layout, rows = ctx.call
        sets, given = _sets(layout, tensors), outer[0].unbind()
        # a program may use up what it kept; whoever asks twice waits longer
        kept, ctx.kept = ctx.kept, None
        if torch.is_grad_enabled() or unusual_context() or unusual_tensors(outer):
            everything = [True] * len(sets[0])
            parts = [
                gradients_by_reference(native, layout, own, everything, [gradient])
                for own, gradient in zip(sets, given, strict=True)
            ]
        else:
            kept = kept or [run_forward(native, layout, x, w, True)[2] for x, w in rows]
            parts = [
                _gradients(native, layout, *some, any(needs[: layout.inputs]))
                for some in zip(sets, rows, kept, given, strict=True)
            ]
        count = layout.inputs
        columns = zip(*(part[:count] for part in parts), strict=True)
        return (
            None,
            None,
            *(
                torch.stack([part for part in column if part is not None]) if need else None
                for column, need in zip(columns, needs, strict=False)
            ),
            *(gradient for part in parts for gradient in part[count:]),
        )


# what Function.apply adds to it serves transforms, which are the reference's
_apply: Any = super(torch.autograd.Function, _RunMany).apply


def _sets(layout: Layout, tensors: Sequence[Tensor]) -> list[tuple[Tensor, ...]]:
    """The inputs and the weights of each set."""
    inputs = zip(*(tensor.unbind() for tensor in tensors[: layout.inputs]), strict=True)
    weights = tensors[layout.inputs :]
    size = len(weights) // len(tensors[0])
    return [(*own, *weights[i * size : (i + 1) * size]) for i, own in enumerate(inputs)]


def _gradients(
    native: NativeCircuit,
    layout: Layout,
    tensors: Sequence[Tensor],
    rows: tuple[Tensor, Tensor],
    kept: Any,
    outer: Tensor,
    wanted: bool,
) -> list[Tensor | None]:
    """The gradients of the inputs, if `wanted`, and of the weights of one set."""
    parts = native.program.backward(kept, *rows, solid(outer), None, wanted)
    if layout.flat:
        return list(parts)
    inputs, weights = tensors[: layout.inputs], tensors[layout.inputs :]
    return [*split_gradient(parts[0], inputs, 1), *split_gradient(parts[1], weights, 0)]
