"""Operators of ONNX as functions of torch: inputs as tensors, attributes by name.

Source: https://onnx.ai/onnx/operators, operator sets 13 to 23. An input that is left out is None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

Attributes = Mapping[str, Any]
Operator = Callable[..., Any]
"""Takes the attributes, then the inputs; yields a tensor, or a list of them."""

DTYPES = {
    1: torch.float32, 6: torch.int32, 7: torch.int64, 9: torch.bool, 10: torch.float32,
    11: torch.float32, 2: torch.uint8, 3: torch.int8, 16: torch.float32,
}  # fmt: skip
"""Element types of tensors by their number in `onnx.TensorProto`."""


def _plain(function: Callable[..., Tensor]) -> Operator:
    return lambda attributes, *inputs: function(*inputs)


def _divide(a: Tensor, b: Tensor) -> Tensor:
    whole = not (a.is_floating_point() or b.is_floating_point())
    return torch.div(a, b, rounding_mode="trunc") if whole else a / b


def _gemm(at: Attributes, a: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
    a, b = (a.mT if at.get("transA") else a), (b.mT if at.get("transB") else b)
    product: Tensor = at.get("alpha", 1.0) * (a @ b)
    if c is not None:
        product = product + at.get("beta", 1.0) * c
    return product


def _clip(at: Attributes, x: Tensor, low: Any = None, high: Any = None) -> Tensor:
    return x if low is None and high is None else torch.clamp(x, low, high)


def _layer_norm(at: Attributes, x: Tensor, scale: Tensor, bias: Tensor | None = None) -> Tensor:
    shape = x.shape[at.get("axis", -1) :]
    return functional.layer_norm(x, shape, scale, bias, at.get("epsilon", 1e-5))


def _batch_norm(at: Attributes, x: Tensor, scale: Any, bias: Any, mean: Any, var: Any) -> Tensor:
    return functional.batch_norm(x, mean, var, scale, bias, eps=at.get("epsilon", 1e-5))


def _padded(at: Attributes, x: Tensor, value: float) -> Tensor:
    """The input with the attribute `pads` around it: all begins, then all ends."""
    spatial = x.dim() - 2
    pads = at.get("pads", [0] * 2 * spatial)
    if not any(pads):
        return x
    both = [pads[i + side] for i in reversed(range(spatial)) for side in (0, spatial)]
    return functional.pad(x, both, value=value)


def _conv(at: Attributes, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    convolve: Any = (functional.conv1d, functional.conv2d, functional.conv3d)[x.dim() - 3]
    ones = [1] * (x.dim() - 2)
    strides, dilations = at.get("strides", ones), at.get("dilations", ones)
    x = _padded(at, x, 0.0)
    result: Tensor = convolve(x, weight, bias, strides, 0, dilations, at.get("group", 1))
    return result


def _max_pool(at: Attributes, x: Tensor) -> Tensor:
    pool: Any = (functional.max_pool1d, functional.max_pool2d, functional.max_pool3d)[x.dim() - 3]
    ones = [1] * (x.dim() - 2)
    x = _padded(at, x, float("-inf"))
    strides, dilations = at.get("strides", ones), at.get("dilations", ones)
    result: Tensor = pool(x, at["kernel_shape"], strides, 0, dilations)
    return result


def _average_pool(at: Attributes, x: Tensor) -> Tensor:
    pool: Any = (functional.avg_pool1d, functional.avg_pool2d, functional.avg_pool3d)[x.dim() - 3]
    kernel, strides = at["kernel_shape"], at.get("strides", [1] * (x.dim() - 2))
    sums = pool(_padded(at, x, 0.0), kernel, strides)
    if at.get("count_include_pad"):
        return sums  # type: ignore[no-any-return]
    # the share of each window that lies inside
    inside = pool(_padded(at, torch.ones_like(x), 0.0), kernel, strides)
    return sums / inside  # type: ignore[no-any-return]


def _global_average(x: Tensor) -> Tensor:
    return x.mean(dim=tuple(range(2, x.dim())), keepdim=True)


def _reshape(at: Attributes, x: Tensor, shape: Tensor) -> Tensor:
    sizes = shape.tolist()
    if not at.get("allowzero"):
        sizes = [x.shape[i] if size == 0 else size for i, size in enumerate(sizes)]
    return x.reshape(sizes)


def _flatten(at: Attributes, x: Tensor) -> Tensor:
    axis = at.get("axis", 1)
    axis += x.dim() if axis < 0 else 0
    rows = 1
    for size in x.shape[:axis]:
        rows *= size
    return x.reshape(rows, -1)


def _split(at: Attributes, x: Tensor, sizes: Tensor | None = None) -> list[Tensor]:
    axis = at.get("axis", 0)
    if sizes is not None:
        return list(x.split(sizes.tolist(), axis))  # type: ignore[no-untyped-call]
    step = -(-x.shape[axis] // at["num_outputs"])
    return list(x.split(step, axis))  # type: ignore[no-untyped-call]


def _slice(
    at: Attributes, x: Tensor, starts: Any, ends: Any, axes: Any = None, steps: Any = None
) -> Tensor:
    begins, stops = starts.tolist(), ends.tolist()
    places = range(len(begins)) if axes is None else axes.tolist()
    strides = [1] * len(begins) if steps is None else steps.tolist()
    for begin, stop, axis, stride in zip(begins, stops, places, strides, strict=True):
        chosen = range(x.shape[axis])[slice(begin, stop, stride)]
        if stride < 0 and stop < -x.shape[axis]:
            chosen = range(x.shape[axis])[begin::stride]
        x = x.index_select(axis, torch.tensor(list(chosen), dtype=torch.long, device=x.device))
    return x


def _gather(at: Attributes, x: Tensor, index: Tensor) -> Tensor:
    axis = at.get("axis", 0) % x.dim()
    index = torch.where(index < 0, index + x.shape[axis], index)
    flat = x.index_select(axis, index.reshape(-1).long())
    return flat.reshape(*x.shape[:axis], *index.shape, *x.shape[axis + 1 :])


def _squeeze(at: Attributes, x: Tensor, axes: Tensor | None = None) -> Tensor:
    return x.squeeze() if axes is None else x.squeeze(tuple(axes.tolist()))


def _unsqueeze(at: Attributes, x: Tensor, axes: Tensor) -> Tensor:
    rank = x.dim() + axes.numel()
    for axis in sorted(a % rank for a in axes.tolist()):
        x = x.unsqueeze(axis)
    return x


def _reduce(function: Any) -> Operator:
    def run(at: Attributes, x: Tensor, axes: Tensor | None = None) -> Tensor:
        chosen = at.get("axes") if axes is None else axes.tolist()
        if not chosen:
            if at.get("noop_with_empty_axes"):
                return x
            chosen = list(range(x.dim()))
        result: Tensor = function(x, dim=chosen, keepdim=bool(at.get("keepdims", 1)))
        return result

    return run


def _expand(at: Attributes, x: Tensor, shape: Tensor) -> Tensor:
    return x.expand(torch.broadcast_shapes(x.shape, shape.tolist()))  # type: ignore[no-untyped-call]


def _shape(at: Attributes, x: Tensor) -> Tensor:
    return torch.tensor(list(x.shape[at.get("start", 0) : at.get("end")]))


def _softmax(function: Any) -> Operator:
    return lambda at, x: function(x, dim=at.get("axis", -1))


OPERATORS: dict[str, Operator] = {
    "Abs": _plain(torch.abs), "Add": _plain(torch.add), "And": _plain(torch.logical_and),
    "AveragePool": _average_pool, "BatchNormalization": _batch_norm,
    "Cast": lambda at, x: x.to(x.dtype if _both_real(x, at) else DTYPES[at["to"]]),
    "Clip": _clip, "Concat": lambda at, *x: torch.cat(x, at["axis"]), "Conv": _conv,
    "Cos": _plain(torch.cos), "Div": _plain(_divide), "Dropout": lambda at, x, *rest: x,
    "Elu": lambda at, x: functional.elu(x, at.get("alpha", 1.0)),
    "Equal": _plain(torch.eq), "Erf": _plain(torch.erf), "Exp": _plain(torch.exp),
    "Expand": _expand, "Flatten": _flatten, "Gather": _gather,
    "Gelu": lambda at, x: functional.gelu(x, approximate=at.get("approximate", b"none").decode()),
    "Gemm": _gemm, "GlobalAveragePool": _plain(_global_average),
    "Greater": _plain(torch.gt), "GreaterOrEqual": _plain(torch.ge),
    "Identity": _plain(lambda x: x), "LayerNormalization": _layer_norm,
    "LeakyRelu": lambda at, x: functional.leaky_relu(x, at.get("alpha", 0.01)),
    "Less": _plain(torch.lt), "LessOrEqual": _plain(torch.le), "Log": _plain(torch.log),
    "LogSoftmax": _softmax(torch.log_softmax), "MatMul": _plain(torch.matmul),
    "MaxPool": _max_pool, "Mul": _plain(torch.mul), "Neg": _plain(torch.neg),
    "Not": _plain(torch.logical_not), "Or": _plain(torch.logical_or), "Pow": _plain(torch.pow),
    "Reciprocal": _plain(torch.reciprocal), "ReduceMean": _reduce(torch.mean),
    "ReduceSum": _reduce(torch.sum), "Relu": _plain(torch.relu), "Reshape": _reshape,
    "Shape": _shape, "Sigmoid": _plain(torch.sigmoid), "Sin": _plain(torch.sin),
    "Slice": _slice, "Softmax": _softmax(torch.softmax),
    "Softplus": _plain(functional.softplus), "Split": _split, "Sqrt": _plain(torch.sqrt),
    "Squeeze": _squeeze, "Sub": _plain(torch.sub), "Tanh": _plain(torch.tanh),
    "Transpose": lambda at, x: x.permute(at.get("perm", list(reversed(range(x.dim()))))),
    "Unsqueeze": _unsqueeze, "Where": _plain(torch.where),
}  # fmt: skip
"""By the operator's name; `Constant` is no function, and read with the weights."""


def _both_real(x: Tensor, at: Attributes) -> bool:
    # real numbers stay in the precision of the module
    return x.is_floating_point() and DTYPES[at["to"]].is_floating_point
