"""Every layer of PyTorch that the language knows by its name, as rows of data.

A row of LAYERS (a `Layer`) says:

* `parameters`: the author's settings, with PyTorch's names, order and defaults, less the sizes of
  the input (those are inferred), less `device` and `dtype` (they follow the module), less
  `inplace` and `return_indices` (values are not changed, and a layer has one type).
* `inputs`: the tensors it is applied to; one whose default is None may be left out, and is handed
  over by name.
* `law(types, settings)`: LayerShape(output type, inferred constructor arguments). ShapeError where
  torch would raise; UnknownDimension where a parameter's shape hangs on a symbol.
* `constructor`, `order`: `nn.Linear` and its arguments in PyTorch's order, inferred ones included;
  `ops.fill_template.write_constructor` writes the call.
* `packed`: the inputs that may be left out are handed over as one tuple, as `lstm` has it.
* `random`: equal calls may differ, in training.
* `fields`: for a record, the subscript under which torch's result has each field.
"""

from __future__ import annotations

import math
from typing import Any

from qmlc.ops.cells import CELLS
from qmlc.ops.convolutions import CONVOLUTIONS
from qmlc.ops.layer_laws import channels, need_real, positive
from qmlc.ops.normalizations import NORMALIZATIONS
from qmlc.ops.recurrent import RECURRENT, TRANSFORMERS
from qmlc.ops.rows import Layer, LayerShape, Settings, layer, settings, tensors
from qmlc.ops.shape_laws import axis, known, need_rank, per_axis, same, show, whole
from qmlc.types.polynomial import Polynomial, Value
from qmlc.types.sizes import add, floor_divide, product, share_out
from qmlc.types.tensors import ShapeError, TensorType


def _rrelu(types: Any, s: Settings) -> LayerShape:
    need_real(types[0], "rrelu")
    if not 0 <= s["lower"] <= s["upper"] <= 1:
        raise ShapeError("`lower` and `upper` are ascending, between 0 and 1")
    return LayerShape(types[0])


def _softmax2d(types: Any, s: Settings) -> LayerShape:
    need_real(types[0], "softmax2d")
    if len(types[0].dims) not in (3, 4):
        raise ShapeError(f"`softmax2d` takes `[C, H, W]` or `[B, C, H, W]`, this is `{types[0]}`")
    return LayerShape(types[0])


def _linear(types: Any, s: Settings) -> LayerShape:
    x = types[0]
    need_real(x, "linear")
    need_rank(x, 1, "linear")
    out = TensorType("real", (*x.dims[:-1], positive(s["out_features"], "out_features")))
    return LayerShape(out, {"in_features": known(x.dims[-1])})


def _bilinear(types: Any, s: Settings) -> LayerShape:
    for argument, x in enumerate(types):
        need_real(x, "bilinear", argument)
        need_rank(x, 1, "bilinear", argument)
    a, b = types
    if a.dims[:-1] != b.dims[:-1]:
        raise ShapeError(f"`{a}` and `{b}` differ before the last dimension", 1)
    out = TensorType("real", (*a.dims[:-1], positive(s["out_features"], "out_features")))
    inferred = {"in1_features": known(a.dims[-1]), "in2_features": known(b.dims[-1])}
    return LayerShape(out, inferred)


def _embedding(types: Any, s: Settings) -> LayerShape:
    x = types[0]
    if x.dtype != "int":
        raise ShapeError(f"`embedding` looks up whole numbers, this is `{x}`", 0,
                         "use `linear` for real numbers" if x.dtype == "real" else "")  # fmt: skip
    size = positive(s["num_embeddings"], "num_embeddings")
    padding = s["padding_idx"]
    if padding is not None and not -size <= whole(padding, "padding_idx") < size:
        raise ShapeError(f"`padding_idx={padding}` is not among {size} embeddings")
    width = positive(s["embedding_dim"], "embedding_dim")
    return LayerShape(TensorType("real", (*x.dims, width)))


def _flatten(types: Any, s: Settings) -> LayerShape:
    x = types[0]
    start, end = (axis(s[name], len(x.dims), name) for name in ("start_dim", "end_dim"))
    if start > end:
        raise ShapeError(f"`start_dim={s['start_dim']}` lies behind `end_dim={s['end_dim']}`", 0)
    merged = product(x.dims[start : end + 1])
    return LayerShape(TensorType(x.dtype, (*x.dims[:start], merged, *x.dims[end + 1 :])))


def _unflatten(types: Any, s: Settings) -> LayerShape:
    x, sizes = types[0], s["unflattened_size"]
    place = axis(s["dim"], len(x.dims))
    if not isinstance(sizes, (tuple, list)) or not sizes or sizes.count(-1) > 1:
        raise ShapeError(f"`unflattened_size` is a list of sizes, not `{sizes!r}`")
    need_rank(x, 1, "unflatten")
    rest = product(size for size in sizes if whole(size, "unflattened_size", -1) != -1)
    missing = share_out(x.dims[place], rest) if rest != 0 else None
    if missing is None or (-1 not in sizes and missing != 1):
        raise ShapeError(f"{x.dims[place]} elements do not fit `{show(sizes)}`", 0)
    new = [missing if size == -1 else size for size in sizes]
    return LayerShape(TensorType(x.dtype, (*x.dims[:place], *new, *x.dims[place + 1 :])))


def _identity(types: Any, s: Settings) -> LayerShape:
    return LayerShape(types[0])


def _prelu(types: Any, s: Settings) -> LayerShape:
    x, size = types[0], positive(s["num_parameters"], "num_parameters")
    need_real(x, "prelu")
    if size > 1:
        need_rank(x, 2, "prelu")
        same(x.dims[1], size, "channels and `num_parameters` differ", 0)
    return LayerShape(x)


def _glu(types: Any, s: Settings) -> LayerShape:
    x = types[0]
    need_real(x, "glu")
    need_rank(x, 1, "glu")
    place = axis(s["dim"], len(x.dims))
    half = share_out(x.dims[place], 2)
    if half is None:
        raise ShapeError(f"`glu` halves a dimension, {x.dims[place]} is odd", 0)
    return LayerShape(TensorType("real", (*x.dims[:place], half, *x.dims[place + 1 :])))


def _pixel_shuffle(types: Any, s: Settings) -> LayerShape:
    x, factor = types[0], positive(s["upscale_factor"], "upscale_factor")
    need_rank(x, 3, "pixel_shuffle")
    *leading, depth, height, width = x.dims
    less = share_out(depth, factor**2)
    if less is None:
        raise ShapeError(f"`pixel_shuffle({factor})`: {factor**2} does not divide {depth} channels",
                         0)  # fmt: skip
    grown = (product((height, factor)), product((width, factor)))
    return LayerShape(TensorType(x.dtype, (*leading, less, *grown)))


def _pixel_unshuffle(types: Any, s: Settings) -> LayerShape:
    x, factor = types[0], positive(s["downscale_factor"], "downscale_factor")
    need_rank(x, 3, "pixel_unshuffle")
    *leading, depth, height, width = x.dims
    shared = [share_out(size, factor) for size in (height, width)]
    less = [size for size in shared if size is not None]
    if len(less) < 2:
        raise ShapeError(f"`pixel_unshuffle({factor})`: {factor} does not divide {height}, {width}",
                         0)  # fmt: skip
    return LayerShape(TensorType(x.dtype, (*leading, product((depth, factor**2)), *less)))


MODES = {"nearest": (1, 2, 3), "linear": (1,), "bilinear": (2,), "bicubic": (2,), "trilinear": (3,)}


def _upsample(types: Any, s: Settings) -> LayerShape:
    return LayerShape(interpolated(types[0], s, "upsample"))


def interpolated(x: TensorType, s: Settings, name: str) -> TensorType:
    """The type of a picture brought to another size."""
    mode = s["mode"]
    need_real(x, name)
    spatial = len(x.dims) - 2
    if mode not in MODES or spatial not in MODES[mode]:
        raise ShapeError(f"the mode `{mode}` of `{name}` does not go with `{x}`", 0,
                         f"choose from {', '.join(MODES)}")  # fmt: skip
    if mode == "nearest" and s["align_corners"] is not None:
        raise ShapeError("`align_corners` does not go with the mode `nearest`")
    if (s["size"] is None) == (s["scale_factor"] is None):
        raise ShapeError(f"`{name}` needs `size` or `scale_factor`, not both")
    if s["size"] is not None:
        sizes: tuple[Value, ...] = per_axis(s["size"], spatial, "size", 1)
    else:
        factor = s["scale_factor"]
        each = factor if isinstance(factor, (tuple, list)) else (factor,) * spatial
        if len(each) != spatial:
            raise ShapeError(f"`scale_factor` holds {len(each)} numbers for {spatial} dimensions")
        sizes = tuple(_scaled(d, f) for d, f in zip(x.dims[2:], each, strict=True))
    return TensorType("real", (*x.dims[:2], *sizes))


def _scaled(size: Value, factor: Any) -> Value:
    if not isinstance(factor, (int, float)) or factor <= 0:
        raise ShapeError(f"`scale_factor` holds positive numbers, not `{factor!r}`")
    if factor == int(factor):
        return product((size, int(factor)))
    if isinstance(size, int):
        result = math.floor(size * factor)
        if result < 1:
            raise ShapeError(f"`scale_factor={factor}` leaves nothing of {size} elements", 0)
        return result
    return Polynomial.apply("floor", size * factor)


def _padding(name: str, spatial: int, reach: int | None = None) -> Any:
    """`reach`: how far short of the size the padding must stop, None for no limit."""

    def law(types: Any, s: Settings) -> LayerShape:
        x, padding = types[0], s["padding"]
        need_real(x, name)
        if len(x.dims) not in (spatial + 1, spatial + 2):
            raise ShapeError(f"`{name}` takes {spatial + 1} or {spatial + 2} dimensions: `{x}`", 0)
        each = per_axis(padding, 2 * spatial, "padding")
        dims = list(x.dims)
        for i in range(spatial):
            size, ends = dims[-1 - i], each[2 * i : 2 * i + 2]
            if reach is not None and isinstance(size, int) and max(ends) > size - reach:
                raise ShapeError(f"`{name}` cannot pad {size} elements by {max(ends)}", 0)
            dims[-1 - i] = add(size, sum(ends))
        return LayerShape(TensorType("real", tuple(dims)))

    return law


def _response_norm(types: Any, s: Settings) -> LayerShape:
    need_real(types[0], "local_response_norm")
    need_rank(types[0], 3, "local_response_norm")
    positive(s["size"], "size")
    return LayerShape(types[0])


def _unfold(types: Any, s: Settings) -> LayerShape:
    x = types[0]
    depth = channels(x, 2, "unfold")
    kernel, dilation, padding, stride = (
        per_axis(s[name], 2, name, least)
        for name, least in (("kernel_size", 1), ("dilation", 1), ("padding", 0), ("stride", 1))
    )
    places: Value = 1
    for i, size in enumerate(x.dims[-2:]):
        window = dilation[i] * (kernel[i] - 1) + 1
        free = add(size, 2 * padding[i] - window)
        if isinstance(free, int) and free < 0:
            raise ShapeError(f"the window of `unfold` spans {window}, more than there is", 0)
        places = product((places, add(floor_divide(free, stride[i]), 1)))
    block = product((depth, *kernel))
    return LayerShape(TensorType("real", (*x.dims[:-3], block, places)))


def _embedding_bag(types: Any, s: Settings) -> LayerShape:
    x = types[0]
    if x.dtype != "int" or len(x.dims) != 2:
        raise ShapeError(f"`embedding_bag` takes bags of whole numbers, `int[B, N]`, not `{x}`", 0)
    if s["include_last_offset"] or s["mode"] not in ("sum", "mean", "max"):
        raise ShapeError("`embedding_bag` has the modes sum, mean and max, and no offsets")
    positive(s["num_embeddings"], "num_embeddings")
    width = positive(s["embedding_dim"], "embedding_dim")
    return LayerShape(TensorType("real", (x.dims[0], width)))


def _channel_shuffle(types: Any, s: Settings) -> LayerShape:
    x = types[0]
    need_rank(x, 3, "channel_shuffle")
    if share_out(x.dims[1], positive(s["groups"], "groups")) is None:
        raise ShapeError(f"`groups={s['groups']}` does not divide {x.dims[1]} channels", 0)
    return LayerShape(x)


def _fold(types: Any, s: Settings) -> LayerShape:
    x = types[0]
    need_real(x, "fold")
    if len(x.dims) not in (2, 3):
        raise ShapeError(f"`fold` takes `[batch, channels * window, windows]`, not `{x}`", 0)
    size, kernel, dilation, padding, stride = (
        per_axis(s[name], 2, name, least)
        for name, least in (("output_size", 1), ("kernel_size", 1), ("dilation", 1),
                            ("padding", 0), ("stride", 1))
    )  # fmt: skip
    windows = 1
    for i in range(2):
        free = size[i] + 2 * padding[i] - dilation[i] * (kernel[i] - 1) - 1
        windows *= max(free // stride[i] + 1, 0)
    depth = share_out(x.dims[-2], kernel[0] * kernel[1])
    if depth is None:
        raise ShapeError(f"a window of {kernel} does not divide {x.dims[-2]}", 0)
    same(x.dims[-1], windows, "the windows that there are, and those that fit, differ", 0)
    if windows < 1:
        raise ShapeError(f"no window of {kernel} fits into {size}", 0)
    return LayerShape(TensorType("real", (*x.dims[:-2], depth, *size)))


LAYERS: dict[str, Layer] = {
    "linear": layer("Linear", _linear, "x @ weight.T + bias.", settings("out_features", bias=True),
                    "in_features"),
    "bilinear": layer("Bilinear", _bilinear, "x1 @ weight @ x2 + bias.",
                      settings("out_features", bias=True), "in1_features", "in2_features",
                      inputs=tensors("x1", "x2")),
    "embedding": layer(
        "Embedding", _embedding, "A vector for each whole number.",
        settings("num_embeddings", "embedding_dim", padding_idx=None, max_norm=None, norm_type=2.0,
                 scale_grad_by_freq=False, sparse=False)),
    "embedding_bag": layer(
        "EmbeddingBag", _embedding_bag, "The mean (or sum, or maximum) of a bag's vectors.",
        settings("num_embeddings", "embedding_dim", max_norm=None, norm_type=2.0,
                 scale_grad_by_freq=False, mode="mean", sparse=False, include_last_offset=False,
                 padding_idx=None)),
    **NORMALIZATIONS,
    **CONVOLUTIONS,
    "flatten": layer("Flatten", _flatten, "Several dimensions as one.",
                     settings(start_dim=1, end_dim=-1)),
    "unflatten": layer("Unflatten", _unflatten, "One dimension as several.",
                       settings("dim", "unflattened_size")),
    "identity": layer("Identity", _identity, "x."),
    "prelu": layer("PReLU", _prelu, "x, or a learned multiple of x below 0.",
                   settings(num_parameters=1, init=0.25)),
    "rrelu": layer("RReLU", _rrelu, "x, or below 0 a multiple of x, drawn in training.",
                   settings(lower=1 / 8, upper=1 / 3), random=True),
    "softmax2d": layer("Softmax2d", _softmax2d, "Softmax over the channels of a picture."),
    "glu": layer("GLU", _glu, "One half times the sigmoid of the other.", settings(dim=-1)),
    "pixel_shuffle": layer("PixelShuffle", _pixel_shuffle, "Channels become a larger picture.",
                           settings("upscale_factor")),
    "pixel_unshuffle": layer("PixelUnshuffle", _pixel_unshuffle, "A picture becomes channels.",
                             settings("downscale_factor")),
    "upsample": layer(
        "Upsample", _upsample, "A larger or smaller picture by interpolation.",
        settings(size=None, scale_factor=None, mode="nearest", align_corners=None)),
    "local_response_norm": layer(
        "LocalResponseNorm", _response_norm, "Each element scaled by neighbouring channels.",
        settings("size", alpha=1e-4, beta=0.75, k=1.0)),
    "unfold": layer("Unfold", _unfold, "The windows of a picture as columns.",
                    settings("kernel_size", dilation=1, padding=0, stride=1)),
    **{
        f"{name}_pad{n}d": layer(f"{torch}Pad{n}d", _padding(f"{name}_pad{n}d", n, reach), doc,
                                 settings("padding"))
        for name, torch, reach, doc in (
            ("zero", "Zero", None, "0 around."),
            ("reflection", "Reflection", 1, "The mirror image around."),
            ("replication", "Replication", None, "The border repeated around."),
            ("circular", "Circular", 0, "The other end around."),
        )
        for n in (1, 2, 3)
    },
    **{
        f"constant_pad{n}d": layer(f"ConstantPad{n}d", _padding(f"constant_pad{n}d", n),
                                   "A number around.", settings("padding", "value"))
        for n in (1, 2, 3)
    },
    "channel_shuffle": layer("ChannelShuffle", _channel_shuffle, "Channels of groups in turns.",
                             settings("groups")),
    "fold": layer("Fold", _fold, "Columns as the windows of a picture, added up.",
                  settings("output_size", "kernel_size", dilation=1, padding=0, stride=1)),
    **RECURRENT,
    **CELLS,
    **TRANSFORMERS,
}  # fmt: skip
