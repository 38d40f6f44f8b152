"""What a `data` block may call: sources of examples, and functions that make tensors of columns.

Rows hold what the checker needs: parameters, and the shape law for one example (a column is a
`real` scalar, whatever its cells turn out to hold). How a function is computed and what it learns
from the training examples is in `training.transforms`, under the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qmlc.ops.parameters import REQUIRED, Parameter
from qmlc.types.tensors import ShapeError, TensorType

Law = Callable[[Mapping[str, Any]], TensorType]
"""From arguments by name (types of tensors, values of settings) to the type of the result."""


@dataclass(frozen=True, slots=True)
class DataFunction:
    """A function of columns; without a `law` its name is known but it does not exist yet."""

    parameters: tuple[Parameter, ...] = ()
    law: Law | None = None
    fitted: bool = False
    """Whether it learns something (a mean, class names) from the training examples."""
    doc: str = ""

    @property
    def ready(self) -> bool:
        """Whether it can be used."""
        return self.law is not None


@dataclass(frozen=True, slots=True)
class DataSource:
    """A place where examples come from; unless `ready`, its name is known and nothing more."""

    parameters: tuple[Parameter, ...] = ()
    ready: bool = False
    doc: str = ""


def stack_law(kinds: Sequence[TensorType]) -> TensorType:
    """The type of a list: `k` equal shapes give that shape behind a new leading dimension `k`.

    Raises ShapeError where the shapes differ or the list is empty.
    """
    if not kinds:
        raise ShapeError("an empty list has no shape")
    for position, kind in enumerate(kinds):
        if kind.dims != kinds[0].dims:
            raise ShapeError(f"a list of `{kinds[0]}` and `{kind}`", position)
    dtype = "real" if any(kind.dtype == "real" for kind in kinds) else kinds[0].dtype
    return TensorType(dtype, (len(kinds), *kinds[0].dims))


def _same(arguments: Mapping[str, Any]) -> TensorType:
    return TensorType("real", arguments["x"].dims)


def _category(arguments: Mapping[str, Any]) -> TensorType:
    if arguments["column"].dims:
        raise ShapeError(f"takes one column, not `{arguments['column']}`", 0)
    return TensorType("int")


def _one_hot(arguments: Mapping[str, Any]) -> TensorType:
    _category(arguments)
    return TensorType("real", (arguments["num_classes"],))


def _broadcast(arguments: Mapping[str, Any]) -> TensorType:
    left, right = arguments["left"], arguments["right"]
    dims = list(left.dims if len(left.dims) >= len(right.dims) else right.dims)
    shorter = right.dims if len(left.dims) >= len(right.dims) else left.dims
    for offset in range(1, len(shorter) + 1):
        a, b = dims[-offset], shorter[-offset]
        if a != b and a != 1 and b != 1:
            raise ShapeError(f"`{left}` and `{right}` do not broadcast", 1)
        dims[-offset] = b if a == 1 else a
    return TensorType("real", tuple(dims))


_X = Parameter("x", tensor=True)
_COLUMN = Parameter("column", tensor=True)
_TEXT = Parameter("text", tensor=True)
_PATH = Parameter("path")


def _elementwise(doc: str) -> DataFunction:
    return DataFunction((_X,), _same, doc=doc)


def _binary(doc: str) -> DataFunction:
    sides = (Parameter("left", tensor=True), Parameter("right", tensor=True))
    return DataFunction(sides, _broadcast, doc=doc)


DATA_FUNCTIONS: dict[str, DataFunction] = {
    "standardize": DataFunction(
        (_X,), _same, fitted=True, doc="Each feature less its mean, over its standard deviation."
    ),
    "scale": DataFunction(
        (_X, Parameter("low", 0), Parameter("high", 1)),
        _same,
        fitted=True,
        doc="Each feature moved and stretched so that its least value is low, its greatest high.",
    ),
    "category": DataFunction(
        (_COLUMN,), _category, fitted=True, doc="The index of a cell's class, in sorted order."
    ),
    "one_hot": DataFunction(
        (_COLUMN, Parameter("num_classes")),
        _one_hot,
        fitted=True,
        doc="A one at the index of a cell's class, zeros elsewhere.",
    ),
    "log": _elementwise("The natural logarithm."),
    "log1p": _elementwise("The natural logarithm of 1 + x."),
    "exp": _elementwise("The exponential function."),
    "sqrt": _elementwise("The square root."),
    "abs": _elementwise("The absolute value."),
    "sin": _elementwise("The sine."),
    "cos": _elementwise("The cosine."),
    "tanh": _elementwise("The hyperbolic tangent."),
    "neg": _elementwise("`-x`."),
    "clip": DataFunction(
        (_X, Parameter("min"), Parameter("max")), _same, doc="Values brought into [min, max]."
    ),
    "add": _binary("`left + right`."),
    "sub": _binary("`left - right`."),
    "mul": _binary("`left * right`."),
    "div": _binary("`left / right`."),
    "pow": _binary("`left ** right`."),
    "tokenize": DataFunction(
        (_TEXT, Parameter("tokenizer"), Parameter("length")), doc="Token numbers and their mask."
    ),
    "mask_tokens": DataFunction(
        (Parameter("tokens", tensor=True), Parameter("rate", 0.15)),
        doc="Tokens with some masked, and the originals where they are.",
    ),
    "sentence_pairs": DataFunction(
        (Parameter("tokenizer"), Parameter("length")),
        doc="Tokens of two sentences, their segments, mask, and whether the second follows.",
    ),
    "wordpiece": DataFunction(
        (Parameter("vocab"),), fitted=True, doc="A tokenizer learned from the training examples."
    ),
    "resize": DataFunction(
        (Parameter("image", tensor=True), Parameter("size")), doc="Images of one size."
    ),
    "spectrogram": DataFunction(
        (Parameter("audio", tensor=True), Parameter("n_fft", 400)), doc="Power over frequencies."
    ),
}
"""Every function of a data block, by name. Arithmetic is `add sub mul div pow neg`."""

DATA_SOURCES: dict[str, DataSource] = {
    "csv": DataSource(
        (_PATH, Parameter("separator", ",")), True, "A table with a header line, in UTF-8."
    ),
    "jsonl": DataSource((_PATH,), True, "One JSON object a line, in UTF-8."),
    "parquet": DataSource((_PATH,), doc="A Parquet table."),
    "text": DataSource((_PATH,), doc="Running text, a paragraph a line."),
    "images": DataSource((_PATH,), doc="A folder of images, one folder a class."),
    "audio": DataSource((_PATH,), doc="A folder of recordings, one folder a class."),
    "huggingface_dataset": DataSource((_PATH,), doc="A saved Hugging Face dataset."),
    "sklearn": DataSource((Parameter("name", REQUIRED),), doc="A data set of scikit-learn."),
    "numpy": DataSource((_PATH,), doc="Arrays from an `.npy` or `.npz` file."),
}
"""Every source of a data block, by name; paths are relative to the program."""
