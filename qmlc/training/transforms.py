"""What the functions of a data block learn from the training examples, and what they compute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from qmlc.training.encode_texts import TEXT_TRANSFORMS
from qmlc.training.errors import DataError
from qmlc.training.table import Table
from qmlc.training.transform import Arguments, State, Transform, column_of, texts
from qmlc.training.transform_media import MEDIA_TRANSFORMS


def class_names(cells: list[str]) -> list[str]:
    """The different texts, sorted: as numbers if all are numbers, else as text."""
    names = sorted(set(cells))
    try:
        return sorted(names, key=float)
    except ValueError:
        return names


def _fit_category(arguments: Arguments, table: Table) -> State:
    column = column_of(arguments, "column", "category")
    return {"classes": class_names(texts(column, table))}


def _apply_category(arguments: Arguments, state: State, table: Table) -> Tensor:
    column = column_of(arguments, "column", "category")
    index = {name: i for i, name in enumerate(state["classes"])}
    cells = texts(column, table)
    for position, text in enumerate(cells):
        if text not in index:
            message = f"`{text}` in column `{column.name}` was not among the training rows"
            help = "the classes are: " + ", ".join(state["classes"])
            raise table.error("E0703", position, message, help, text)
    return torch.tensor([index[text] for text in cells], dtype=torch.int64)


def _fit_one_hot(arguments: Arguments, table: Table) -> State:
    state = _fit_category(arguments, table)
    found, given = len(state["classes"]), arguments["num_classes"]
    if found > given:
        help = "the classes are: " + ", ".join(state["classes"][:20])
        message = f"`one_hot` was told {given} classes and found {found}"
        raise DataError("E0706", message, help, table.file)
    return state


def _apply_one_hot(arguments: Arguments, state: State, table: Table) -> Tensor:
    codes = _apply_category(arguments, state, table)
    return torch.nn.functional.one_hot(codes, int(arguments["num_classes"])).double()


def _fit_standardize(arguments: Arguments, table: Table) -> State:
    x = arguments["x"]
    spread = x.std(dim=0, correction=0)
    # A constant feature becomes 0 instead of 0/0.
    return {"mean": x.mean(dim=0).tolist(), "std": torch.where(spread > 0, spread, 1.0).tolist()}


def _apply_standardize(arguments: Arguments, state: State, table: Table) -> Tensor:
    result: Tensor = (arguments["x"] - _tensor(state["mean"])) / _tensor(state["std"])
    return result


def _invert_standardize(y: Tensor, state: State) -> Tensor:
    return y * _tensor(state["std"]) + _tensor(state["mean"])


def _fit_scale(arguments: Arguments, table: Table) -> State:
    x, low, high = arguments["x"], float(arguments["low"]), float(arguments["high"])
    least, greatest = x.amin(dim=0), x.amax(dim=0)
    factor = torch.where(greatest > least, (high - low) / (greatest - least), 1.0)
    return {"factor": factor.tolist(), "offset": (low - least * factor).tolist()}


def _apply_scale(arguments: Arguments, state: State, table: Table) -> Tensor:
    result: Tensor = arguments["x"] * _tensor(state["factor"]) + _tensor(state["offset"])
    return result


def _invert_scale(y: Tensor, state: State) -> Tensor:
    return (y - _tensor(state["offset"])) / _tensor(state["factor"])


def _tensor(values: Any) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def _fit_pca(arguments: Arguments, table: Table) -> State:
    """The directions of the greatest variance; each points to where its greatest entry is."""
    x = arguments["x"]
    mean = x.mean(dim=0)
    _, _, directions = torch.linalg.svd(x - mean, full_matrices=False)
    count = arguments["components"]
    if len(directions) < count:
        message = f"`pca` cannot find {count} components in {len(x)} rows"
        raise DataError("E0706", message, "", table.file)
    signs = directions.gather(1, directions.abs().argmax(1, keepdim=True)).sign()
    return {"mean": mean.tolist(), "directions": (directions * signs)[:count].tolist()}


def _apply_pca(arguments: Arguments, state: State, table: Table) -> Tensor:
    result: Tensor = (arguments["x"] - _tensor(state["mean"])) @ _tensor(state["directions"]).T
    return result


def _gaussian_noise(arguments: Arguments, state: State, table: Table) -> Tensor:
    x: Tensor = arguments["x"]
    generator = arguments["generator"]
    if generator is None:
        return x
    return x + torch.randn(x.shape, generator=generator, dtype=x.dtype) * float(arguments["std"])


def _elementwise(function: Callable[[Tensor], Tensor]) -> Transform:
    return Transform(lambda arguments, state, table: function(arguments["x"]))


def _binary(function: Callable[[Tensor, Tensor], Tensor]) -> Transform:
    def apply(arguments: Arguments, state: State, table: Table) -> Tensor:
        left, right = arguments["left"], arguments["right"]
        rank = max(left.ndim, right.ndim)
        return function(_with_rank(left, rank), _with_rank(right, rank))

    return Transform(apply)


def _with_rank(x: Tensor, rank: int) -> Tensor:
    # Examples broadcast from the right, behind the batch dimension.
    return x.reshape(x.shape[0], *(1,) * (rank - x.ndim), *x.shape[1:])


TRANSFORMS: dict[str, Transform] = {
    "standardize": Transform(_apply_standardize, _fit_standardize, _invert_standardize),
    "scale": Transform(_apply_scale, _fit_scale, _invert_scale),
    "category": Transform(_apply_category, _fit_category, raw=True),
    "one_hot": Transform(_apply_one_hot, _fit_one_hot, raw=True),
    "log": _elementwise(torch.log),
    "log1p": _elementwise(torch.log1p),
    "exp": _elementwise(torch.exp),
    "sqrt": _elementwise(torch.sqrt),
    "abs": _elementwise(torch.abs),
    "sin": _elementwise(torch.sin),
    "cos": _elementwise(torch.cos),
    "tanh": _elementwise(torch.tanh),
    "neg": _elementwise(torch.neg),
    "clip": Transform(lambda a, state, table: a["x"].clip(float(a["min"]), float(a["max"]))),
    "add": _binary(torch.add),
    "sub": _binary(torch.sub),
    "mul": _binary(torch.mul),
    "div": _binary(torch.div),
    "pow": _binary(torch.pow),
    "pca": Transform(_apply_pca, _fit_pca),
    "gaussian_noise": Transform(_gaussian_noise),
    **TEXT_TRANSFORMS,
    **MEDIA_TRANSFORMS,
}
"""How each function of a data block that is ready is computed."""
