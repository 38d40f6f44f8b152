"""Shape laws of the functions of a data block, for one example."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from qmlc.ops import shape_laws
from qmlc.types.tensors import ShapeError, TensorType

Arguments = Mapping[str, Any]
"""Types of tensors and values of settings, by the names of parameters."""
Law = Callable[[Arguments], tuple[TensorType, ...]]
"""From arguments to the type of each result."""

RAW = {
    "text": "`tokenize` it first, or take `category(…)` of it",
    "image": "`resize` or `crop` it first",
    "audio": "take its `spectrogram` first",
}
"""What a column may hold that is not numbers, and what makes numbers of it."""


def stack_law(kinds: Sequence[TensorType]) -> TensorType:
    """The type of a list: `k` equal shapes give that shape behind a new leading dimension `k`.

    Raises ShapeError where the shapes differ or the list is empty.
    """
    if not kinds:
        raise ShapeError("an empty list has no shape")
    for position, kind in enumerate(kinds):
        _numbers(kind)
        if kind.dims != kinds[0].dims:
            raise ShapeError(f"a list of `{kinds[0]}` and `{kind}`", position)
    dtype = "real" if any(kind.dtype == "real" for kind in kinds) else kinds[0].dtype
    return TensorType(dtype, (len(kinds), *kinds[0].dims))


def _numbers(kind: TensorType) -> TensorType:
    """`kind`; ShapeError where it is no tensor of numbers."""
    if kind.dtype in RAW:
        raise ShapeError(f"takes numbers, and this is {kind.dtype}", 0, RAW[kind.dtype])
    return kind


def _size(arguments: Arguments, name: str) -> int:
    value = arguments[name]
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ShapeError(f"needs a whole number from 1 as `{name}`")
    return value


def same(arguments: Arguments) -> tuple[TensorType, ...]:
    """The shape of `x`, of numbers."""
    return (TensorType("real", _numbers(arguments["x"]).dims),)


def broadcast(arguments: Arguments) -> tuple[TensorType, ...]:
    """`left` and `right` broadcast from the right, as in PyTorch."""
    left, right = _numbers(arguments["left"]), _numbers(arguments["right"])
    return (TensorType("real", shape_laws.broadcast(left.dims, right.dims)),)


FILLINGS = ("mean", "median", "most_frequent")
"""What `fill` can find in the training examples."""


def fill(arguments: Arguments) -> tuple[TensorType, ...]:
    """What `x` is: numbers, or a column of texts."""
    kind, value = arguments["x"], arguments["value"]
    if kind.dtype in ("image", "audio"):
        raise ShapeError(f"takes numbers or texts, not {kind.dtype}", 0)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ShapeError("needs a number, a text or one of " + ", ".join(FILLINGS))
    if kind.dims and isinstance(value, str) and value not in FILLINGS:
        raise ShapeError(f"cannot put `{value}` among numbers", 0)
    return (kind,)


def category(arguments: Arguments) -> tuple[TensorType, ...]:
    """A class index of one column."""
    _column(arguments["column"])
    _unseen(arguments)
    return (TensorType("int"),)


def _column(kind: TensorType) -> None:
    if kind.dims or kind.dtype in ("image", "audio"):
        raise ShapeError(f"takes one column, not `{kind}`", 0)


def _unseen(arguments: Arguments) -> None:
    if not isinstance(arguments["unseen"], str | None):
        raise ShapeError("needs the name of a class as `unseen`", None, 'write `unseen="other"`')


def one_hot(arguments: Arguments) -> tuple[TensorType, ...]:
    """A one among `num_classes` zeros."""
    _column(arguments["column"])
    _unseen(arguments)
    return (TensorType("real", (_size(arguments, "num_classes"),)),)


def tokenize(arguments: Arguments) -> tuple[TensorType, ...]:
    """Tokens and their mask, both of `length`."""
    _column(arguments["text"])
    length = (_size(arguments, "length"),)
    return TensorType("int", length), TensorType("bool", length)


def sentence_pairs(arguments: Arguments) -> tuple[TensorType, ...]:
    """Tokens, segments and mask of `length`, and one class."""
    _fresh(arguments)
    length = (_size(arguments, "length"),)
    tokens = TensorType("int", length)
    return tokens, tokens, TensorType("bool", length), TensorType("int")


def windows(arguments: Arguments) -> tuple[TensorType, ...]:
    """Tokens of `length`, and those that follow each."""
    tokens = TensorType("int", (_size(arguments, "length"),))
    return tokens, tokens


def mask_tokens(arguments: Arguments) -> tuple[TensorType, ...]:
    """Tokens in the place of `tokens`, and what stood there."""
    _fraction(arguments, "rate")
    _fresh(arguments)
    return arguments["tokens"], arguments["tokens"]


def _fraction(arguments: Arguments, name: str) -> None:
    value = arguments[name]
    if not isinstance(value, int | float) or not 0 < value <= 1:
        raise ShapeError(f"needs a fraction above 0, at most 1, as `{name}`")


def _fresh(arguments: Arguments) -> None:
    if not isinstance(arguments["fresh"], bool):
        raise ShapeError("needs `true` or `false` as `fresh`")


def _pair(arguments: Arguments, name: str) -> tuple[int, int]:
    value = arguments[name]
    whole = isinstance(value, tuple) and all(isinstance(v, int) and v > 0 for v in value)
    if not whole or len(value) != 2:
        raise ShapeError(
            f"needs a height and a width as `{name}`", None, f"write `{name}=[32, 32]`"
        )
    return value[0], value[1]


def resize(arguments: Arguments) -> tuple[TensorType, ...]:
    """An image of `size`, with the channels that it has; one from a file has three."""
    kind, size = arguments["image"], _pair(arguments, "size")
    if kind.dtype == "image":
        return (TensorType("real", (3, *size)),)
    return (TensorType("real", (*_image(kind)[:1], *size)),)


def crop(arguments: Arguments) -> tuple[TensorType, ...]:
    """The middle of an image."""
    kind, size = arguments["image"], _pair(arguments, "size")
    if kind.dtype != "image" and any(
        have < want for have, want in zip(_image(kind)[1:], size, strict=True)
    ):
        raise ShapeError(f"cannot take {list(size)} out of `{kind}`", 0)
    return resize(arguments)


def random_crop(arguments: Arguments) -> tuple[TensorType, ...]:
    """A part of an image with `padding` around."""
    channels, *dims = _image(arguments["image"])
    size, padding = _pair(arguments, "size"), arguments["padding"]
    if not isinstance(padding, int) or isinstance(padding, bool) or padding < 0:
        raise ShapeError("needs a whole number from 0 as `padding`")
    if any(have + 2 * padding < want for have, want in zip(dims, size, strict=True)):
        message = f"cannot take {list(size)} out of `{arguments['image']}`"
        raise ShapeError(message, 0, "ask for a smaller part, or for more `padding`")
    return (TensorType("real", (channels, *size)),)


def random_flip(arguments: Arguments) -> tuple[TensorType, ...]:
    """The image."""
    _fraction(arguments, "p")
    return (TensorType("real", _image(arguments["image"])),)


def gaussian_noise(arguments: Arguments) -> tuple[TensorType, ...]:
    """The shape of `x`."""
    std = arguments["std"]
    if not isinstance(std, int | float) or std < 0:
        raise ShapeError("needs a number from 0 as `std`")
    return same(arguments)


def _image(kind: TensorType) -> tuple[Any, ...]:
    _numbers(kind)
    if len(kind.dims) != 3:
        raise ShapeError(f"takes an image, channels first, not `{kind}`", 0)
    return kind.dims


def grayscale(arguments: Arguments) -> tuple[TensorType, ...]:
    """One channel of three."""
    dims = _image(arguments["image"])
    if dims[0] != 3:
        raise ShapeError(f"takes three channels, not `{arguments['image']}`", 0)
    return (TensorType("real", (1, *dims[1:])),)


def normalize(arguments: Arguments) -> tuple[TensorType, ...]:
    """The image; `mean` and `std` have an entry for each channel."""
    dims = _image(arguments["image"])
    for name in ("mean", "std"):
        value = arguments[name]
        if not isinstance(value, tuple) or len(value) != dims[0]:
            raise ShapeError(f"needs a list of {dims[0]} numbers as `{name}`")
    return (TensorType("real", dims),)


def spectrogram(arguments: Arguments) -> tuple[TensorType, ...]:
    """Frequencies by frames, as `torch.stft` counts them."""
    if arguments["audio"].dtype != "audio":
        raise ShapeError(f"takes recordings, not `{arguments['audio']}`", 0, "read them by `audio`")
    length, n_fft = _size(arguments, "length"), _size(arguments, "n_fft")
    if length <= n_fft // 2:
        raise ShapeError(f"needs a `length` above {n_fft // 2}, half a window")
    return (TensorType("real", (n_fft // 2 + 1, 1 + length // _size(arguments, "hop_length"))),)


def pca(arguments: Arguments) -> tuple[TensorType, ...]:
    """So many components of a vector."""
    kind, count = _numbers(arguments["x"]), _size(arguments, "components")
    if len(kind.dims) != 1:
        raise ShapeError(f"takes a vector of features, not `{kind}`", 0, "list columns: `[a, b]`")
    if isinstance(kind.dims[0], int) and count > kind.dims[0]:
        raise ShapeError(f"cannot find {count} components in {kind.dims[0]} features")
    return (TensorType("real", (count,)),)
