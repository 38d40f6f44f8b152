"""Where tensors are more than their numbers, so that only torch's own operations may touch them."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

_ORDINARY = (Tensor, nn.Parameter)

# looked up once: they are asked at each call
_transforms = torch._C._are_functorch_transforms_active
_recorders = torch._C._len_torch_dispatch_stack
_trace = torch._C._get_tracing_state
_in_legacy_batch = torch._C._functorch.is_legacy_batchedtensor


def unusual_context() -> str:
    """What records or transforms operations now; "" where nothing does."""
    if _transforms():
        return "it is transformed by torch.func"
    if _recorders():
        return "its operations are recorded"
    if forward_ad._current_level >= 0:
        return "it is differentiated forward"
    if _trace() is not None:
        return "it is traced"
    return ""


def unusual_tensors(tensors: Iterable[Tensor | None]) -> str:
    """Which of `tensors` is not just numbers in the processor's memory; "" where all are."""
    for tensor in tensors:
        if tensor is None:
            continue
        if type(tensor) not in _ORDINARY:
            return f"a tensor is a {type(tensor).__name__}"
        if not tensor.is_cpu:
            return f"a tensor is on {tensor.device.type}"
        if tensor.layout is not torch.strided:
            return "a tensor is sparse"
        if _in_legacy_batch(tensor):
            return "a tensor is a batch of tensors"
    return ""
