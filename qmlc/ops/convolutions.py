"""Rows of `ops.layers`: convolutions and pooling, in one to three dimensions."""

from __future__ import annotations

from typing import Any

from qmlc.ops.layer_laws import channels, divides, positive, steps, steps_up
from qmlc.ops.rows import Layer, LayerShape, Settings, layer, settings
from qmlc.ops.shape_laws import known, per_axis
from qmlc.types.polynomial import Value
from qmlc.types.sizes import add, product
from qmlc.types.tensors import ShapeError, TensorType

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


def _shape(x: TensorType, spatial: int, out: Value, sizes: list[Value]) -> TensorType:
    return TensorType("real", (*x.dims[: -spatial - 1], out, *sizes))


def _both_paddings(s: Settings, window: tuple[int, ...], stride: tuple[int, ...]) -> list[int]:
    """The padding of each axis, both ends together."""
    padding = s["padding"]
    if padding == "valid":
        return [0] * len(window)
    if padding == "same":
        if any(step != 1 for step in stride):
            raise ShapeError('`padding="same"` needs a stride of 1')
        return [w - 1 for w in window]
    if isinstance(padding, str):
        raise ShapeError(f'`padding` is "same", "valid" or a number, not "{padding}"')
    return [2 * p for p in per_axis(padding, len(window), "padding")]


def _groups(s: Settings, inputs: int) -> None:
    groups, out = positive(s["groups"], "groups"), positive(s["out_channels"], "out_channels")
    divides(groups, inputs, "`groups` shares out the input channels")
    divides(groups, out, "`groups` shares out the output channels")


def _windows(s: Settings, spatial: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(how far the kernel spans, the stride) of each axis."""
    kernel = per_axis(s["kernel_size"], spatial, "kernel_size", 1)
    dilation = per_axis(s.get("dilation", 1), spatial, "dilation", 1)
    window = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
    stride = s["stride"]
    return window, kernel if stride is None else per_axis(stride, spatial, "stride", 1)


def _check_mode(mode: Any, both: list[int], sizes: tuple[Value, ...]) -> None:
    if mode not in PADDING_MODES:
        raise ShapeError(f"there is no padding mode `{mode}`",
                         proposal=f"choose from {', '.join(PADDING_MODES)}")  # fmt: skip
    reach = {"reflect": 1, "circular": 0}.get(mode)
    for padding, size in zip(both, sizes, strict=True):
        if reach is not None and isinstance(size, int) and (padding + 1) // 2 > size - reach:
            raise ShapeError(f"`padding_mode={mode!r}` cannot pad {size} elements by {padding}", 0)


def _convolution(spatial: int) -> Any:
    name = f"conv{spatial}d"

    def law(types: Any, s: Settings) -> LayerShape:
        x = types[0]
        inputs = channels(x, spatial, name)
        window, stride = _windows(s, spatial)
        both = _both_paddings(s, window, stride)
        _check_mode(s["padding_mode"], both, x.dims[-spatial:])
        sizes = [
            steps(size, w, step, b, name)
            for size, w, step, b in zip(x.dims[-spatial:], window, stride, both, strict=True)
        ]
        _groups(s, known(inputs))
        return LayerShape(_shape(x, spatial, s["out_channels"], sizes), {"in_channels": inputs})

    return law


def _transposed(spatial: int) -> Any:
    name = f"conv_transpose{spatial}d"

    def law(types: Any, s: Settings) -> LayerShape:
        x = types[0]
        inputs = channels(x, spatial, name)
        window, stride = _windows(s, spatial)
        padding = per_axis(s["padding"], spatial, "padding")
        extra = per_axis(s["output_padding"], spatial, "output_padding")
        dilation = per_axis(s["dilation"], spatial, "dilation", 1)
        if s["padding_mode"] != "zeros":
            raise ShapeError(f"`{name}` pads with zeros only")
        sizes: list[Value] = []
        for i, size in enumerate(x.dims[-spatial:]):
            if extra[i] >= max(stride[i], dilation[i]):
                raise ShapeError("`output_padding` must be smaller than `stride` or `dilation`")
            grown = product((add(size, -1), stride[i]))
            result = add(grown, window[i] + extra[i] - 2 * padding[i])
            if isinstance(result, int) and result < 1:
                raise ShapeError(f"`padding={padding[i]}` leaves nothing of {size} elements", 0)
            sizes.append(result)
        _groups(s, known(inputs))
        return LayerShape(_shape(x, spatial, s["out_channels"], sizes), {"in_channels": inputs})

    return law


def _pool(name: str, spatial: int) -> Any:
    def law(types: Any, s: Settings) -> LayerShape:
        x = types[0]
        out = channels(x, spatial, name)
        window, stride = _windows(s, spatial)
        kernel = per_axis(s["kernel_size"], spatial, "kernel_size", 1)
        padding = per_axis(s["padding"], spatial, "padding")
        sizes = []
        for i, size in enumerate(x.dims[-spatial:]):
            if padding[i] > kernel[i] // 2:
                raise ShapeError(f"`padding={padding[i]}` is more than half of {kernel[i]}")
            if name == "avg_pool3d":
                # torch compares without the padding here
                steps(size, window[i], 1, 0, name)
            if s["ceil_mode"]:
                sizes.append(steps_up(size, window[i], stride[i], padding[i], name))
            else:
                sizes.append(steps(size, window[i], stride[i], 2 * padding[i], name))
        if s.get("divisor_override", 1) == 0:
            raise ShapeError("`divisor_override` is not 0")
        return LayerShape(_shape(x, spatial, out, sizes))

    return law


def _power_pool(spatial: int) -> Any:
    pool = _pool(f"lp_pool{spatial}d", spatial)

    def law(types: Any, s: Settings) -> LayerShape:
        if spatial == 1 and isinstance(s["kernel_size"], (tuple, list)):
            raise ShapeError("`kernel_size` of `lp_pool1d` is a number")
        result: LayerShape = pool(types, {**s, "padding": 0})
        return result

    return law


def _adaptive(name: str, spatial: int) -> Any:
    def law(types: Any, s: Settings) -> LayerShape:
        x, wanted = types[0], s["output_size"]
        out = channels(x, spatial, name)
        each = wanted if isinstance(wanted, (tuple, list)) else (wanted,) * spatial
        if wanted is None or len(each) != spatial or (spatial == 1 and None in each):
            raise ShapeError(f"`output_size={wanted}` does not give {spatial} sizes")
        sizes = [
            size if w is None else positive(w, "output_size")
            for size, w in zip(x.dims[-spatial:], each, strict=True)
        ]
        return LayerShape(_shape(x, spatial, out, sizes))

    return law


_CONVOLUTION = settings("out_channels", "kernel_size", stride=1, padding=0, dilation=1, groups=1,
                        bias=True, padding_mode="zeros")  # fmt: skip
_TRANSPOSED = settings("out_channels", "kernel_size", stride=1, padding=0, output_padding=0,
                       groups=1, bias=True, dilation=1, padding_mode="zeros")  # fmt: skip
_MAX = settings("kernel_size", stride=None, padding=0, dilation=1, ceil_mode=False)
_AVERAGE = settings("kernel_size", stride=None, padding=0, ceil_mode=False, count_include_pad=True)
_DIVISOR = settings(divisor_override=None)

CONVOLUTIONS: dict[str, Layer] = {}
for _n in (1, 2, 3):
    CONVOLUTIONS |= {
        f"conv{_n}d": layer(
            f"Conv{_n}d", _convolution(_n), "Learned filters slide over the input.",
            _CONVOLUTION, "in_channels"),
        f"conv_transpose{_n}d": layer(
            f"ConvTranspose{_n}d", _transposed(_n), "The transpose of a convolution: grows.",
            _TRANSPOSED, "in_channels"),
        f"max_pool{_n}d": layer(
            f"MaxPool{_n}d", _pool(f"max_pool{_n}d", _n), "Largest element of each window.", _MAX),
        f"avg_pool{_n}d": layer(
            f"AvgPool{_n}d", _pool(f"avg_pool{_n}d", _n), "Mean of each window.",
            _AVERAGE + (_DIVISOR if _n > 1 else ())),
        f"lp_pool{_n}d": layer(
            f"LPPool{_n}d", _power_pool(_n), "The p-norm of each window.",
            settings("norm_type", "kernel_size", stride=None, ceil_mode=False)),
        f"adaptive_avg_pool{_n}d": layer(
            f"AdaptiveAvgPool{_n}d", _adaptive(f"adaptive_avg_pool{_n}d", _n),
            "Means of as many windows as asked for.", settings("output_size")),
        f"adaptive_max_pool{_n}d": layer(
            f"AdaptiveMaxPool{_n}d", _adaptive(f"adaptive_max_pool{_n}d", _n),
            "Largest elements of as many windows as asked for.", settings("output_size")),
    }  # fmt: skip
