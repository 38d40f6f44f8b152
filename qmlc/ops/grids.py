"""Rows of `ops.functions`: pictures read at places between their pixels."""

from __future__ import annotations

from typing import Any

from qmlc.ops.rows import Function, Settings, settings, tensors
from qmlc.ops.shape_laws import convert_kind, is_dimension, same
from qmlc.types.tensors import ShapeError, TensorType

MODES = ("bilinear", "nearest", "bicubic")
PADDING_MODES = ("zeros", "border", "reflection")


def _real(types: Any, name: str) -> None:
    for argument, x in enumerate(types):
        convert_kind(x.dtype, "--r-", name, argument)


def _grid_sample(types: Any, s: Settings) -> TensorType:
    x, grid = types
    _real(types, "grid_sample")
    rank = len(x.dims)
    if rank not in (4, 5) or len(grid.dims) != rank or grid.dims[-1] != rank - 2:
        raise ShapeError(
            f"`grid_sample` reads `[B, C, H, W]` at `[B, h, w, 2]`, or `[B, C, D, H, W]` at "
            f"`[B, d, h, w, 3]`, these are `{x}` and `{grid}`",
            1,
        )
    same(x.dims[0], grid.dims[0], "pictures and grids differ in number", 1)
    if s["mode"] not in MODES or (s["mode"] == "bicubic" and rank == 5):
        raise ShapeError(f"`mode` is one of {', '.join(MODES)}, the last for pictures only")
    if s["padding_mode"] not in PADDING_MODES:
        raise ShapeError(f"`padding_mode` is one of {', '.join(PADDING_MODES)}")
    return TensorType("real", (*x.dims[:2], *grid.dims[1:-1]))


def _affine_grid(types: Any, s: Settings) -> TensorType:
    (theta,), size = types, s["size"]
    _real(types, "affine_grid")
    if not isinstance(size, (tuple, list)) or len(size) not in (4, 5):
        raise ShapeError("`size` is that of pictures: `[B, C, H, W]` or `[B, C, D, H, W]`")
    if not all(is_dimension(d) and (not isinstance(d, int) or d > 0) for d in size):
        raise ShapeError("`size` holds whole numbers above 0")
    space = len(size) - 2
    if len(theta.dims) != 3 or theta.dims[1:] != (space, space + 1):
        raise ShapeError(f"this takes matrices `[B, {space}, {space + 1}]`, not `{theta}`", 0)
    same(theta.dims[0], size[0], "matrices and pictures differ in number", 0)
    return TensorType("real", (size[0], *size[2:], space))


GRIDS: dict[str, Function] = {
    "grid_sample": Function(
        (*tensors("x", "grid"),
         *settings(mode="bilinear", padding_mode="zeros", align_corners=False)),
        _grid_sample,
        "F.grid_sample({x}, {grid}, mode={mode}, padding_mode={padding_mode}, "
        "align_corners={align_corners!s})",
        "A picture read at places from -1 to 1, the first number of each going to the right.",
    ),
    "affine_grid": Function(
        (*tensors("theta"), *settings("size", align_corners=False)), _affine_grid,
        "F.affine_grid({theta}, {size}, align_corners={align_corners!s})",
        "The places that affine maps send those of a picture of this size to.",
    ),
}  # fmt: skip
