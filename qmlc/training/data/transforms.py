"""What the functions of a data block learn from the training examples, and what they compute."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from qmlc.training.data.encode_texts import TEXT_TRANSFORMS
from qmlc.training.data.fill_gaps import apply_fill, count_gaps, fit_fill
from qmlc.training.data.table import Table
from qmlc.training.data.transform import Arguments, Parts, State, Transform, column_of, texts
from qmlc.training.data.transform_media import MEDIA_TRANSFORMS
from qmlc.training.errors import DataError


def class_names(cells: Iterable[str]) -> list[str]:
    """The different texts, sorted: as numbers if all are numbers, else as text."""
    names = sorted(set(cells))
    try:
        return sorted(names, key=float)
    except ValueError:
        return names


def _fit_category(parts: Parts) -> State:
    found: set[str] = set()
    for arguments, table in parts:
        found |= set(texts(column_of(arguments, "column", "category"), table))
        if arguments["unseen"] is not None:
            found.add(str(arguments["unseen"]))
    return {"classes": class_names(found)}


def _apply_category(arguments: Arguments, state: State, table: Table) -> Tensor:
    column = column_of(arguments, "column", "category")
    index = {name: i for i, name in enumerate(state["classes"])}
    other = index.get(str(arguments["unseen"])) if arguments["unseen"] is not None else None
    cells = texts(column, table)
    codes = [index.get(text, other) for text in cells]
    if other is None and None in codes:
        position = codes.index(None)
        message = f"`{cells[position]}` in column `{column.name}` was not among the training rows"
        classes = ", ".join(state["classes"][:20])
        help = f'the classes are: {classes}; `unseen="other"` makes others that class'
        raise table.error("E0703", position, message, help, cells[position])
    return torch.tensor(codes, dtype=torch.int64)


def _count_unseen(arguments: Arguments, state: State) -> int:
    if arguments["unseen"] is None:
        return 0
    known = set(state["classes"])
    return sum(str(cell).strip() not in known for cell in arguments["column"])


def _fit_one_hot(parts: Parts) -> State:
    state = _fit_category(parts)
    arguments, table = next(iter(parts))
    found, given = len(state["classes"]), arguments["num_classes"]
    if found > given:
        help = "the classes are: " + ", ".join(state["classes"][:20])
        message = f"`one_hot` was told {given} classes and found {found}"
        raise DataError("E0706", message, help, table.file)
    return state


def _apply_one_hot(arguments: Arguments, state: State, table: Table) -> Tensor:
    codes = _apply_category(arguments, state, table)
    return torch.nn.functional.one_hot(codes, int(arguments["num_classes"])).double()


def _fit_standardize(parts: Parts) -> State:
    """Mean and spread, joined part by part (Chan, Golub and LeVeque 1979)."""
    count, mean, squares = 0, torch.zeros(()), torch.zeros(())
    for arguments, _ in parts:
        x = arguments["x"]
        own, joined = x.mean(dim=0), count + len(x)
        squares = squares + ((x - own) ** 2).sum(0)
        squares = squares + (own - mean) ** 2 * (count * len(x) / joined)
        mean = mean + (own - mean) * (len(x) / joined)
        count = joined
    variance, least = squares / count, torch.finfo(torch.float64).eps
    # A constant feature becomes 0 instead of 0/0: its spread is not more than rounding.
    constant = variance <= count * least * variance + (count * mean * least) ** 2
    return {"mean": mean.tolist(), "std": torch.where(constant, 1.0, variance.sqrt()).tolist()}


def _apply_standardize(arguments: Arguments, state: State, table: Table) -> Tensor:
    result: Tensor = (arguments["x"] - _tensor(state["mean"])) / _tensor(state["std"])
    return result


def _invert_standardize(y: Tensor, state: State) -> Tensor:
    return y * _tensor(state["std"]) + _tensor(state["mean"])


def _fit_scale(parts: Parts) -> State:
    ends = []
    for arguments, _ in parts:
        x, low, high = arguments["x"], float(arguments["low"]), float(arguments["high"])
        ends.append((x.amin(dim=0), x.amax(dim=0)))
    least = torch.stack([least for least, _ in ends]).amin(dim=0)
    greatest = torch.stack([greatest for _, greatest in ends]).amax(dim=0)
    factor = torch.where(greatest > least, (high - low) / (greatest - least), 1.0)
    return {"factor": factor.tolist(), "offset": (low - least * factor).tolist()}


def _apply_scale(arguments: Arguments, state: State, table: Table) -> Tensor:
    result: Tensor = arguments["x"] * _tensor(state["factor"]) + _tensor(state["offset"])
    return result


def _invert_scale(y: Tensor, state: State) -> Tensor:
    return (y - _tensor(state["offset"])) / _tensor(state["factor"])


def _tensor(values: Any) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def _fit_pca(parts: Parts) -> State:
    """The directions of the greatest variance; each points to where its greatest entry is.

    They are those of R in a QR decomposition of all rows, which is taken part by part, beside a
    column of ones: behind it stands what is left of the rows less their mean.
    """
    rows, start, factor = 0, torch.zeros(()), torch.zeros(())
    settings, table = next(iter(parts))
    count = settings["components"]
    for arguments, _ in parts:
        x = arguments["x"]
        start = x.mean(dim=0) if rows == 0 else start
        beside = torch.cat([x.new_ones(len(x), 1), x - start], dim=1)
        stacked = beside if rows == 0 else torch.cat([factor, beside])
        factor = torch.linalg.qr(stacked, mode="r").R
        rows += len(x)
    _, _, directions = torch.linalg.svd(factor[1:, 1:], full_matrices=False)
    if len(directions) < count:
        message = f"`pca` cannot find {count} components in {rows} rows"
        raise DataError("E0706", message, "", table.file)
    signs = directions.gather(1, directions.abs().argmax(1, keepdim=True)).sign()
    mean = start + factor[0, 1:] / factor[0, 0]
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
    "fill": Transform(apply_fill, fit_fill, count=count_gaps, raw=True),
    "category": Transform(_apply_category, _fit_category, count=_count_unseen, raw=True),
    "one_hot": Transform(_apply_one_hot, _fit_one_hot, count=_count_unseen, raw=True),
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
