"""Inputs of a circuit: which tensor is which, and what follows from their shapes and dtypes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from qmlc.ir.circuit import Circuit, Variable
from qmlc.runtime.check_shapes import shape_text


@dataclass(frozen=True)
class Binding:
    """What follows from the shapes, dtypes and devices of inputs and weights."""

    batch: tuple[int, ...]
    samples: int
    dtype: torch.dtype
    """To which all floating-point tensors promote."""
    precision: torch.dtype
    """In which is computed: at least float32."""
    device: torch.device


def bind_inputs(
    circuit: Circuit, inputs: Sequence[Any], named: Mapping[str, Any], like: Tensor
) -> Sequence[Tensor]:
    """A tensor for each input of `circuit`; numbers and lists become tensors like `like`.

    An input that is left out, or None, is its default. ValueError, in the author's names, where
    they are not the inputs declared.
    """
    variables, name = circuit.inputs, circuit.name
    if not named and len(inputs) == len(variables) and all([isinstance(i, Tensor) for i in inputs]):
        return inputs
    if len(inputs) > len(variables):
        raise ValueError(f"{name}: {len(inputs)} inputs, but {len(variables)} declared")
    values = dict(zip((v.name for v in variables), inputs, strict=False))
    for key, value in named.items():
        if key in values:
            raise ValueError(f"{name}: `{key}` was given twice")
        if all(key != v.name for v in variables):
            raise ValueError(f"{name}: has no input `{key}`")
        values[key] = value
    missing = [v.name for v in variables if values.get(v.name) is None and v.default is None]
    if missing:
        raise ValueError(f"{name}: needs `{'`, `'.join(missing)}`")
    return [_given(v, values.get(v.name), like) for v in variables]


def _given(variable: Variable, value: Any, like: Tensor) -> Tensor:
    """The tensor for an input: what is given, or else the default, in the shape declared."""
    if value is not None:
        return _tensor(value, like)
    default = _tensor(variable.default, like)
    return default.reshape(variable.shape) if default.dim() else default.expand(variable.shape)


def _tensor(value: Any, like: Tensor) -> Tensor:
    if isinstance(value, Tensor):
        return value
    return torch.as_tensor(value, dtype=like.dtype, device=like.device)


def make_binding(circuit: Circuit, weights: Sequence[Tensor], inputs: Sequence[Tensor]) -> Binding:
    """What follows for a call with these tensors; there must be a weight.

    ValueError, in the author's names, for shapes that are not those declared.
    """
    for variable, tensor in zip(circuit.inputs, inputs, strict=True):
        _check(circuit.name, variable, tensor)
    for variable, weight in zip(circuit.parameters, weights, strict=False):
        if weight.shape != variable.shape:
            raise ValueError(
                f"{circuit.name}: the parameter `{variable.name}` is {shape_text(weight)},"
                f" but {declared_text(variable)} is declared"
            )
    batch = _batch_shape(circuit, inputs)
    dtype = _promoted_dtype([*weights, *inputs])
    precision = torch.promote_types(dtype, torch.float32)
    return Binding(batch, math.prod(batch), dtype, precision, weights[0].device)


def _check(unit: str, variable: Variable, tensor: Tensor) -> None:
    extra = tensor.dim() - len(variable.shape)
    if extra < 0 or tensor.shape[extra:] != variable.shape or tensor.is_complex():
        raise ValueError(
            f"{unit}: `{variable.name}` is {shape_text(tensor)},"
            f" but {declared_text(variable, '...')} is declared"
        )


def declared_text(variable: Variable, *leading: str) -> str:
    """What a tensor for `variable` must be: `real[4]`, or `real[..., 4]` with "..." leading."""
    sizes = ", ".join([*leading, *map(str, variable.shape)])
    return f"real[{sizes}]" if sizes else "real"


def _batch_shape(circuit: Circuit, tensors: Sequence[Tensor]) -> tuple[int, ...]:
    """What the leading dimensions of all inputs broadcast to; ValueError where they do not."""
    leading = [
        tensor.shape[: tensor.dim() - len(variable.shape)]
        for tensor, variable in zip(tensors, circuit.inputs, strict=True)
    ]
    if all(shape == leading[0] for shape in leading):  # a set needs sizes that are known
        return tuple(leading[0]) if leading else ()
    try:
        return tuple(torch.broadcast_shapes(*leading))  # type: ignore[no-untyped-call]
    except RuntimeError as error:
        shapes = ", ".join(
            f"`{v.name}` is {shape_text(t)}" for v, t in zip(circuit.inputs, tensors, strict=True)
        )
        raise ValueError(
            f"{circuit.name}: the leading dimensions do not broadcast: {shapes}"
        ) from error


def _promoted_dtype(tensors: Sequence[Tensor]) -> torch.dtype:
    """What the floating-point `tensors` promote to; the first must be one."""
    dtype = tensors[0].dtype
    for tensor in tensors[1:]:
        if tensor.is_floating_point() and tensor.dtype != dtype:
            dtype = torch.promote_types(dtype, tensor.dtype)
    return dtype


def flatten_weights(weights: Sequence[Tensor], binding: Binding) -> Tensor:
    """All weights, `[numbers]`."""
    flat = [weight.reshape(-1) for weight in weights]
    return (flat[0] if len(flat) == 1 else torch.cat(flat)).to(binding.precision)


def flatten_inputs(
    circuit: Circuit, tensors: Sequence[Tensor], binding: Binding, like: Tensor
) -> Tensor:
    """All inputs, broadcast to the batch: `[samples, numbers]`, of the dtype of `like`."""
    columns = [
        tensor.to(like.dtype)
        .expand((*binding.batch, *variable.shape))
        .reshape(binding.samples, math.prod(variable.shape))
        for tensor, variable in zip(tensors, circuit.inputs, strict=True)
    ]
    if not columns:
        return like.new_empty((binding.samples, 0))
    return columns[0] if len(columns) == 1 else torch.cat(columns, 1)
