"""What layers of Keras yield: the shape of their result, by their class and configuration.

A size is a number or a text of the language, such as `(T - 2) // 2 + 1`. The laws are those of
Keras 3 (https://keras.io/api/layers): a batch comes first, and channels last unless a layer says
otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Size = int | str
Shape = tuple[Size, ...]
Config = Mapping[str, Any]
Law = Callable[[Config, Sequence[Shape]], Shape]


class Unknown(Exception):
    """A layer, or a setting of one, that no law here covers; the message names it."""


def add(size: Size, number: int) -> Size:
    """A size and a number, added."""
    if isinstance(size, int):
        return size + number
    return f"{size} {'+' if number > 0 else '-'} {abs(number)}" if number else size


def times(size: Size, number: int) -> Size:
    """A size, multiplied."""
    if isinstance(size, int):
        return size * number
    return f"({size}) * {number}" if number != 1 else size


def over(size: Size, number: int) -> Size:
    """A size, divided and rounded down."""
    if isinstance(size, int):
        return size // number
    return f"({size}) // {number}" if number != 1 else size


def product(sizes: Shape) -> Size:
    """All sizes multiplied."""
    if all(isinstance(size, int) for size in sizes):
        return math.prod(int(size) for size in sizes)
    return " * ".join(f"({size})" for size in sizes)


def window(size: Size, kernel: int, stride: int, padding: str, dilation: int = 1) -> Size:
    """How many places a window has on a size."""
    if padding in ("same", "causal"):
        return over(add(size, stride - 1), stride)
    return add(over(add(size, -dilation * (kernel - 1) - 1), stride), 1)


def spread(size: Size, kernel: int, stride: int, padding: str) -> Size:
    """What a window that is laid out at each place covers: a transposed convolution."""
    covered = times(size, stride)
    return covered if padding == "same" else add(covered, max(kernel - stride, 0))


def split(
    config: Config, shape: Shape
) -> tuple[list[Size], Size, Callable[[list[Size], Size], Shape]]:
    """The sizes in space, the channels, and how they are put together again."""
    if config.get("data_format") == "channels_first":
        return list(shape[2:]), shape[1], lambda space, c: (shape[0], c, *space)
    return list(shape[1:-1]), shape[-1], lambda space, c: (shape[0], *space, c)


def numbers(value: Any, count: int) -> list[int]:
    """One number for each of `count` dimensions."""
    return list(value) if isinstance(value, Sequence) else [value] * count


def same(config: Config, inputs: Sequence[Shape]) -> Shape:
    """The shape of the first input."""
    return inputs[0]


def broadcast(config: Config, inputs: Sequence[Shape]) -> Shape:
    """Sums, products, extremes of several tensors."""
    rank = max(map(len, inputs))
    padded = [(1,) * (rank - len(shape)) + shape for shape in inputs]
    return tuple(
        next((size for size in sizes if size != 1), 1) for sizes in zip(*padded, strict=True)
    )


def concatenate(config: Config, inputs: Sequence[Shape]) -> Shape:
    """Tensors one behind the other."""
    axis = config.get("axis", -1) % len(inputs[0])
    sizes = [shape[axis] for shape in inputs]
    if all(isinstance(size, int) for size in sizes):
        whole: Size = sum(int(size) for size in sizes)
    else:
        whole = " + ".join(str(size) for size in sizes)
    return (*inputs[0][:axis], whole, *inputs[0][axis + 1 :])


def last(name: str) -> Law:
    """Another size of the last dimension, under a name of the configuration."""
    return lambda config, inputs: (*inputs[0][:-1], config[name])


def embedding(config: Config, inputs: Sequence[Shape]) -> Shape:
    """A vector for each number."""
    return (*inputs[0], config["output_dim"])


def flatten(config: Config, inputs: Sequence[Shape]) -> Shape:
    """All dimensions but the first as one."""
    return (inputs[0][0], product(inputs[0][1:]))


def reshape(config: Config, inputs: Sequence[Shape]) -> Shape:
    """The dimensions but the first in another shape, with one -1 perhaps."""
    shape: list[Size] = list(config["target_shape"])
    if -1 in shape:
        rest = math.prod(int(size) for size in shape if size != -1)
        shape[shape.index(-1)] = over(product(inputs[0][1:]), rest)
    return (inputs[0][0], *shape)


def permute(config: Config, inputs: Sequence[Shape]) -> Shape:
    """The dimensions but the first in another order, counted from 1."""
    return (inputs[0][0], *(inputs[0][place] for place in config["dims"]))


def repeat(config: Config, inputs: Sequence[Shape]) -> Shape:
    """Each vector so many times."""
    return (inputs[0][0], config["n"], inputs[0][1])


def pool_all(config: Config, inputs: Sequence[Shape]) -> Shape:
    """One number for each channel."""
    space, channels, join = split(config, inputs[0])
    if config.get("keepdims"):
        return join([1] * len(space), channels)
    return (inputs[0][0], channels)


def pool(config: Config, inputs: Sequence[Shape]) -> Shape:
    """Windows, channel by channel."""
    space, channels, join = split(config, inputs[0])
    kernels = numbers(config["pool_size"], len(space))
    strides = numbers(config.get("strides") or kernels, len(space))
    padding = config.get("padding", "valid")
    found = [window(*each, padding) for each in zip(space, kernels, strides, strict=True)]
    return join(found, channels)


def convolve(config: Config, inputs: Sequence[Shape]) -> Shape:
    """Windows over all channels, or channel by channel where there are no `filters`."""
    space, channels, join = split(config, inputs[0])
    kernels = numbers(config["kernel_size"], len(space))
    strides = numbers(config.get("strides", 1), len(space))
    dilations = numbers(config.get("dilation_rate", 1), len(space))
    padding = config.get("padding", "valid")
    found = [
        window(size, kernel, stride, padding, dilation)
        for size, kernel, stride, dilation in zip(space, kernels, strides, dilations, strict=True)
    ]
    filters = config.get("filters")
    return join(found, filters or times(channels, config.get("depth_multiplier", 1)))


def transposed(config: Config, inputs: Sequence[Shape]) -> Shape:
    """Convolutions the other way."""
    space, _, join = split(config, inputs[0])
    plain = set(numbers(config.get("dilation_rate", 1), 1)) == {1}
    if not plain or config.get("output_padding") is not None:
        raise Unknown("a transposed convolution with `dilation_rate` or `output_padding`")
    kernels = numbers(config["kernel_size"], len(space))
    strides = numbers(config.get("strides", 1), len(space))
    padding = config.get("padding", "valid")
    found = [spread(*each, padding) for each in zip(space, kernels, strides, strict=True)]
    return join(found, config["filters"])


def border(name: str, sign: int) -> Law:
    """More or less on both sides of each dimension in space."""

    def law(config: Config, inputs: Sequence[Shape]) -> Shape:
        space, channels, join = split(config, inputs[0])
        sides = numbers(config[name], 1)
        if len(space) == 1:
            sides = [numbers(config[name], 2)]  # type: ignore[list-item]
        sums = [sum(numbers(side, 2)) for side in sides]
        found = [add(size, sign * each) for size, each in zip(space, sums, strict=True)]
        return join(found, channels)

    return law


def upsample(config: Config, inputs: Sequence[Shape]) -> Shape:
    """Each place so many times."""
    space, channels, join = split(config, inputs[0])
    factors = numbers(config["size"], len(space))
    return join([times(*each) for each in zip(space, factors, strict=True)], channels)


def recur(config: Config, inputs: Sequence[Shape]) -> Shape:
    """A vector for the last step, or one for each."""
    if config.get("return_state"):
        raise Unknown("a recurrent layer with `return_state`")
    steps = inputs[0][1:2] if config.get("return_sequences") else ()
    return (inputs[0][0], *steps, config["units"])


def bidirectional(config: Config, inputs: Sequence[Shape]) -> Shape:
    """A recurrent layer in both directions."""
    found = recur(config["layer"]["config"], inputs)
    mode = config.get("merge_mode", "concat")
    if mode is None:
        raise Unknown("`Bidirectional` without `merge_mode`")
    return (*found[:-1], times(found[-1], 2 if mode == "concat" else 1))


def distribute(config: Config, inputs: Sequence[Shape]) -> Shape:
    """A layer at each step."""
    batch, steps, *rest = inputs[0]
    inner = config["layer"]
    found = law_of(inner["class_name"])(inner["config"], [(batch, *rest)])
    return (batch, steps, *found[1:])


def attend(config: Config, inputs: Sequence[Shape]) -> Shape:
    """A value for each query: the last dimension is that of the values."""
    return (*inputs[0][:-1], inputs[1][-1])


def attend_heads(config: Config, inputs: Sequence[Shape]) -> Shape:
    """A value for each query, as wide as the query unless it is said."""
    own = config.get("output_shape")
    return inputs[0] if own is None else (*inputs[0][:-1], *numbers(own, 1))


SAME = (
    "Activation ActivityRegularization AlphaDropout BatchNormalization Dropout ELU GaussianDropout "
    "GaussianNoise GroupNormalization Identity LayerNormalization LeakyReLU Masking Normalization "
    "PReLU RMSNormalization RandomBrightness RandomContrast RandomFlip RandomRotation "
    "RandomTranslation RandomZoom ReLU Rescaling Softmax SpatialDropout1D SpatialDropout2D "
    "SpatialDropout3D UnitNormalization"
).split()
ELEMENTWISE = ("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract")
"""Layers, and most of them functions of the same name, of several tensors that broadcast."""
LAWS: dict[str, Law] = {
    **dict.fromkeys(SAME, same),
    **dict.fromkeys(ELEMENTWISE, broadcast),
    "Concatenate": concatenate,
    "Dense": last("units"),
    "Embedding": embedding,
    "Flatten": flatten,
    "Reshape": reshape,
    "Permute": permute,
    "RepeatVector": repeat,
    **dict.fromkeys([f"Global{kind}Pooling{n}D" for kind in ("Average", "Max") for n in "123"],
                    pool_all),
    **dict.fromkeys([f"{kind}Pooling{n}D" for kind in ("Average", "Max") for n in "123"], pool),
    **dict.fromkeys([f"Conv{n}D" for n in "123"], convolve),
    **dict.fromkeys([f"{kind}Conv{n}D" for kind in ("Depthwise", "Separable") for n in "12"],
                    convolve),
    **dict.fromkeys([f"Conv{n}DTranspose" for n in "123"], transposed),
    **dict.fromkeys([f"ZeroPadding{n}D" for n in "123"], border("padding", 1)),
    **dict.fromkeys([f"Cropping{n}D" for n in "123"], border("cropping", -1)),
    **dict.fromkeys([f"UpSampling{n}D" for n in "123"], upsample),
    **dict.fromkeys(("GRU", "LSTM", "SimpleRNN"), recur),
    "Bidirectional": bidirectional,
    "TimeDistributed": distribute,
    **dict.fromkeys(("AdditiveAttention", "Attention"), attend),
    "MultiHeadAttention": attend_heads,
}  # fmt: skip
"""By the class of a layer: the shape of its result."""


def law_of(name: str) -> Law:
    """The law of a class of layers; Unknown."""
    if name not in LAWS:
        raise Unknown(f"the layer `{name}`")
    return LAWS[name]
