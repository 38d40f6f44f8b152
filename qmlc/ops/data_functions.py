"""What a `data` block may call: sources of examples, and functions that make tensors of columns.

Rows hold what the checker needs: parameters, and the shape law for one example (a column of a table
is a `real` scalar, whatever its cells turn out to hold). How a function is computed and what it
learns from the training examples is in `training.transforms`, under the same name.
"""

from __future__ import annotations

from dataclasses import dataclass

from qmlc.ops import data_laws as laws
from qmlc.ops.data_laws import Law
from qmlc.ops.parameters import REQUIRED, Parameter
from qmlc.types.tensors import TensorType


@dataclass(frozen=True, slots=True)
class DataFunction:
    """A function of columns; without a `law` its name is known but it does not exist yet."""

    parameters: tuple[Parameter, ...] = ()
    law: Law | None = None
    fitted: bool = False
    """Whether it learns something (a mean, class names) from the training examples."""
    doc: str = ""
    results: tuple[str, ...] = ()
    """What it yields, where that is several tensors; a line may name the first ones only."""
    source: str = ""
    """The one source whose examples it takes; it then needs no column."""
    takes: tuple[str, ...] = ()
    """The functions whose results it takes, where it does not take any."""

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
    columns: tuple[tuple[str, TensorType], ...] = ()
    """What each example has, where the source itself says so."""


_X = Parameter("x", tensor=True)
_COLUMN = Parameter("column", tensor=True)
_TOKENIZER = Parameter("tokenizer")
_LENGTH = Parameter("length")
_SEED = Parameter("seed", 0)
_PATH = Parameter("path")


def _elementwise(doc: str) -> DataFunction:
    return DataFunction((_X,), laws.same, doc=doc)


def _binary(doc: str) -> DataFunction:
    sides = (Parameter("left", tensor=True), Parameter("right", tensor=True))
    return DataFunction(sides, laws.broadcast, doc=doc)


DATA_FUNCTIONS: dict[str, DataFunction] = {
    "standardize": DataFunction(
        (_X,),
        laws.same,
        fitted=True,
        doc="Each feature less its mean, over its standard deviation.",
    ),
    "scale": DataFunction(
        (_X, Parameter("low", 0), Parameter("high", 1)),
        laws.same,
        fitted=True,
        doc="Each feature moved and stretched so that its least value is low, its greatest high.",
    ),
    "category": DataFunction(
        (_COLUMN,), laws.category, fitted=True, doc="The index of a cell's class, in sorted order."
    ),
    "one_hot": DataFunction(
        (_COLUMN, Parameter("num_classes")),
        laws.one_hot,
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
        (_X, Parameter("min"), Parameter("max")), laws.same, doc="Values brought into [min, max]."
    ),
    "add": _binary("`left + right`."),
    "sub": _binary("`left - right`."),
    "mul": _binary("`left * right`."),
    "div": _binary("`left / right`."),
    "pow": _binary("`left ** right`."),
    "tokenize": DataFunction(
        (Parameter("text", tensor=True), _TOKENIZER, _LENGTH),
        laws.tokenize,
        fitted=True,
        doc="Token numbers, cut or padded to length, and true where they are no padding.",
        results=("tokens", "mask"),
    ),
    "sentence_pairs": DataFunction(
        (_TOKENIZER, _LENGTH, _SEED),
        laws.sentence_pairs,
        fitted=True,
        doc="A line and, for one half, the line that follows it, else a random one.",
        results=("tokens", "segment", "mask", "is_next"),
        source="text",
    ),
    "windows": DataFunction(
        (_TOKENIZER, _LENGTH),
        laws.windows,
        fitted=True,
        doc="The text from a line on, and for each token the next one (-100 behind the end).",
        results=("tokens", "next_tokens"),
        source="text",
    ),
    "mask_tokens": DataFunction(
        (Parameter("tokens", tensor=True), Parameter("rate", 0.15), _SEED),
        laws.mask_tokens,
        doc="Tokens with some hidden, and what stood there (-100 where nothing is hidden).",
        results=("noisy", "original"),
        takes=("tokenize", "sentence_pairs"),
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
    "text": DataSource(
        (_PATH,),
        True,
        "Running text: a sentence a line, an empty line between documents.",
        (("text", TensorType("text")), ("document", TensorType("real"))),
    ),
    "images": DataSource((_PATH,), doc="A folder of images, one folder a class."),
    "audio": DataSource((_PATH,), doc="A folder of recordings, one folder a class."),
    "huggingface_dataset": DataSource((_PATH,), doc="A saved Hugging Face dataset."),
    "sklearn": DataSource((Parameter("name", REQUIRED),), doc="A data set of scikit-learn."),
    "numpy": DataSource((_PATH,), doc="Arrays from an `.npy` or `.npz` file."),
}
"""Every source of a data block, by name; paths are relative to the program."""
