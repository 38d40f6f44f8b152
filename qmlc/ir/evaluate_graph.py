"""The value of a graph of functions, in float64 numpy: the oracle of rewrite rules."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qmlc.ir.graph import Graph, Node
from qmlc.types.polynomial import Polynomial, Symbol, Value

Tensor = NDArray[Any]


class Unknown(Exception):
    """A function that is not computed here; holds its name."""


def evaluate_graph(
    graph: Graph, inputs: Sequence[Tensor], numbers: Mapping[Symbol, Value]
) -> Tensor:
    """The output of a graph whose first nodes are `inputs`; Unknown; ValueError for wrong shapes.

    `numbers` are values for the symbols of its dimensions and settings.
    """
    values: list[Tensor] = list(inputs)
    for node in graph.nodes[len(inputs) :]:
        settings = {name: settle(value, numbers) for name, value in node.attributes}
        values.append(_evaluate(node, [values[i] for i in node.inputs], settings))
    return values[graph.output]


def settle(setting: Any, numbers: Mapping[Symbol, Value]) -> Any:
    """A setting with numbers in the place of symbols, inside tuples as well."""
    if isinstance(setting, tuple):
        return tuple(settle(item, numbers) for item in setting)
    return setting.substitute(numbers) if isinstance(setting, Polynomial) else setting


def _evaluate(node: Node, operands: list[Tensor], settings: dict[str, Any]) -> Tensor:
    if node.operation in ("constant", "dimension"):
        return np.asarray(settings["value"])
    function = NUMPY.get(node.operation)
    if function is None or (node.operation == ATTENTION and settings["dropout_p"]):
        raise Unknown(node.operation)
    with np.errstate(all="ignore"):
        return np.asarray(function(*operands, **settings))


def _softmax(x: Tensor, dim: int) -> Tensor:
    powers = np.exp(x - x.max(axis=dim, keepdims=True))
    total: Tensor = powers / powers.sum(axis=dim, keepdims=True)
    return total


def _attention(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, **settings: Any
) -> Tensor:
    if settings["enable_gqa"]:
        raise Unknown("enable_gqa")
    scale = settings["scale"]
    scores = q @ k.swapaxes(-1, -2) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    if settings["softcap"] is not None:
        scores = settings["softcap"] * np.tanh(scores / settings["softcap"])
    if settings["is_causal"]:
        mask = np.tril(np.ones(scores.shape[-2:], dtype=bool))
    if settings["window"] is not None:
        before, behind = settings["window"]
        distance = np.arange(q.shape[-2])[:, None] - np.arange(k.shape[-2])
        scores = np.where((distance <= before) & (distance >= -behind), scores, -np.inf)
    if mask is not None:
        scores = np.where(mask, scores, -np.inf) if mask.dtype == bool else scores + mask
    return _softmax(scores, -1) @ v


def _reduction(name: str) -> Callable[..., Tensor]:
    function = getattr(np, name)

    def reduce(x: Tensor, where: Tensor | None = None, *, dim: Any, keepdim: bool) -> Tensor:
        if where is not None:
            raise Unknown(f"{name}(where=…)")
        result: Tensor = function(x, axis=dim, keepdims=keepdim)
        return result

    return reduce


def _erf(x: Tensor) -> Tensor:
    values: Tensor = np.vectorize(math.erf, otypes=[float])(x)
    return values


def _spread(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda x, dim, keepdim, correction: function(
        x, axis=dim, keepdims=keepdim, ddof=correction
    )


ATTENTION = "scaled_dot_product_attention"
SAME_NAME = (
    "add subtract multiply divide floor_divide remainder power negative equal not_equal less "
    "less_equal greater greater_equal sin cos tan sinh cosh tanh exp log sqrt exp2 log2 log10 "
    "log1p expm1 reciprocal sinc abs angle real imag conj sign floor ceil trunc square isnan "
    "isinf isfinite minimum maximum logical_and logical_or logical_xor logical_not where matmul "
    "dot outer trace"
).split()
"""Functions of tensors alone that numpy calls as torch does."""

_REDUCE: dict[str, Any] = {"mean": np.mean, "sum": np.sum, "none": np.asarray}

NUMPY: dict[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in SAME_NAME},
    **{name: _reduction(name) for name in ("sum", "mean", "prod", "amin", "amax", "any", "all")},
    "min": _reduction("amin"), "max": _reduction("amax"),
    "var": _spread(np.var), "std": _spread(np.std),
    "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "atan2": np.arctan2,
    "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "erf": _erf, "erfc": lambda x: 1 - _erf(x),
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "gelu": lambda x, approximate: x * (
        (1 + _erf(x / math.sqrt(2))) / 2 if approximate == "none" else
        (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2
    ),
    "softplus": lambda x, beta, threshold: np.where(
        beta * x > threshold, x, np.log1p(np.exp(beta * x)) / beta
    ),
    "log_sigmoid": lambda x: -np.logaddexp(0, -x),
    "clamp": lambda x, min, max: np.clip(x, min, max),
    "softmax": _softmax,
    "softmin": lambda x, dim: _softmax(-x, dim),
    "log_softmax": lambda x, dim: np.log(_softmax(x, dim)),
    "logsumexp": lambda x, dim, keepdim: np.log(np.exp(x).sum(axis=dim, keepdims=keepdim)),
    "cumsum": lambda x, dim: np.cumsum(x, axis=dim),
    "cumprod": lambda x, dim: np.cumprod(x, axis=dim),
    "reshape": lambda x, shape: x.reshape(shape),
    "transpose": lambda x, dim0, dim1: x.swapaxes(dim0, dim1),
    "transpose_last": lambda x: x.swapaxes(-1, -2),
    "permute": lambda x, dims: x.transpose(dims),
    "unsqueeze": lambda x, dim: np.expand_dims(x, dim),
    "flip": lambda x, dims: np.flip(x, dims),
    "tril": lambda x, diagonal: np.tril(x, diagonal),
    "triu": lambda x, diagonal: np.triu(x, diagonal),
    "cat": lambda *x, dim: np.concatenate(x, dim), "concatenate": lambda *x, dim: np.concatenate(
        x, dim
    ),
    "stack": lambda *x, dim: np.stack(x, dim),
    "einsum": lambda *x, equation: np.einsum(equation.replace(" ", ""), *x),
    "mse": lambda a, b, reduction: _REDUCE[reduction]((a - b) ** 2),
    "mse_loss": lambda a, b, reduction: _REDUCE[reduction]((a - b) ** 2),
    "mae": lambda a, b, reduction: _REDUCE[reduction](abs(a - b)),
    "l1_loss": lambda a, b, reduction: _REDUCE[reduction](abs(a - b)),
    ATTENTION: _attention,
}  # fmt: skip
"""Rows of `ops.functions` as numpy computes them: tensors by position, settings by name."""
