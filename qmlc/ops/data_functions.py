"""What a `data` block may call: sources of examples, and functions that make tensors of columns.

Rows hold what the checker needs: parameters, and the shape law for one example (a column of a table
is a `real` scalar, whatever its cells turn out to hold). How a function is computed and what it
learns from the training examples is in `training.transforms`, under the same name.
"""

from __future__ import annotations

from dataclasses import dataclass

from qmlc.ops import data_laws as laws
from qmlc.ops.data_laws import Law
from qmlc.ops.parameters import Parameter
from qmlc.types.tensors import TensorType


@dataclass(frozen=True, slots=True)
class DataFunction:
    """A function of columns."""

    parameters: tuple[Parameter, ...]
    law: Law
    fitted: bool = False
    """Whether it learns something (a mean, class names) from the training examples."""
    doc: str = ""
    results: tuple[str, ...] = ()
    """What it yields, where that is several tensors; a line may name the first ones only."""
    source: str = ""
    """The one source whose examples it takes; it then needs no column."""
    takes: tuple[str, ...] = ()
    """The functions whose results it takes, where it does not take any."""
    random: bool = False
    """Whether it draws: anew in each epoch for the rows that are learned from."""


@dataclass(frozen=True, slots=True)
class DataSource:
    """A place where examples come from."""

    parameters: tuple[Parameter, ...] = ()
    doc: str = ""
    columns: tuple[tuple[str, TensorType], ...] = ()
    """What each example has, where the source itself says so."""


_X = Parameter("x", tensor=True)
_COLUMN = Parameter("column", tensor=True)
_TOKENIZER = Parameter("tokenizer")
_LENGTH = Parameter("length")
_DRAWS = (Parameter("seed", 0), Parameter("fresh", True))
"""What fixed choices are drawn from, and whether the rows that are learned from get others."""
_IMAGE = Parameter("image", tensor=True)
_PATH = Parameter("path")
_UNSEEN = Parameter("unseen", None)
_MISSING, _BROKEN = Parameter("missing", "error"), Parameter("broken", "error")
POLICIES = ("error", "drop")
"""What happens to a row where a cell is `missing`, or what stands there is `broken`."""


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
    "fill": DataFunction(
        (_X, Parameter("value")),
        laws.fill,
        fitted=True,
        doc='Missing cells as a number, a text, or the "mean", "median" or "most_frequent" value.',
    ),
    "category": DataFunction(
        (_COLUMN, _UNSEEN),
        laws.category,
        fitted=True,
        doc="The index of a cell's class, in sorted order; unseen classes count as the one named.",
    ),
    "one_hot": DataFunction(
        (_COLUMN, Parameter("num_classes"), _UNSEEN),
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
        (_TOKENIZER, _LENGTH, *_DRAWS),
        laws.sentence_pairs,
        fitted=True,
        random=True,
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
        (Parameter("tokens", tensor=True), Parameter("rate", 0.15), *_DRAWS),
        laws.mask_tokens,
        random=True,
        doc="Tokens with some hidden, and what stood there (-100 where nothing is hidden).",
        results=("noisy", "original"),
        takes=("tokenize", "sentence_pairs"),
    ),
    "pca": DataFunction(
        (_X, Parameter("components")),
        laws.pca,
        fitted=True,
        doc="The coordinates along the directions of the greatest variance.",
    ),
    "resize": DataFunction(
        (_IMAGE, Parameter("size")), laws.resize, doc="Images of size [height, width], in [0, 1]."
    ),
    "crop": DataFunction(
        (_IMAGE, Parameter("size")), laws.crop, doc="The middle of images, [height, width]."
    ),
    "random_crop": DataFunction(
        (_IMAGE, Parameter("size"), Parameter("padding", 0)),
        laws.random_crop,
        random=True,
        doc="In learning, a part somewhere in images with so much black around; else their middle.",
    ),
    "random_flip": DataFunction(
        (_IMAGE, Parameter("p", 0.5)),
        laws.random_flip,
        random=True,
        doc="In learning, some images with left and right exchanged.",
    ),
    "gaussian_noise": DataFunction(
        (_X, Parameter("std")),
        laws.gaussian_noise,
        random=True,
        doc="In learning, x and normal random numbers of that standard deviation.",
    ),
    "grayscale": DataFunction((_IMAGE,), laws.grayscale, doc="One channel of red, green and blue."),
    "normalize": DataFunction(
        (_IMAGE, Parameter("mean"), Parameter("std")),
        laws.normalize,
        doc="Each channel less its mean, over its std, which are given.",
    ),
    "spectrogram": DataFunction(
        (
            Parameter("audio", tensor=True),
            Parameter("length"),
            Parameter("n_fft", 400),
            Parameter("hop_length", 200),
        ),
        laws.spectrogram,
        fitted=True,
        doc="Power over frequencies and time of length samples, cut or padded with silence.",
    ),
}
"""Every function of a data block, by name. Arithmetic is `add sub mul div pow neg`."""

_LABEL = ("label", TensorType("text"))

DATA_SOURCES: dict[str, DataSource] = {
    "csv": DataSource(
        (_PATH, Parameter("separator", ","), _MISSING, _BROKEN),
        "A table with a header line, in UTF-8.",
    ),
    "jsonl": DataSource((_PATH, _MISSING, _BROKEN), "One JSON object a line, in UTF-8."),
    "parquet": DataSource((_PATH, _MISSING, _BROKEN), "A Parquet table."),
    "text": DataSource(
        (_PATH,),
        "Running text: a sentence a line, an empty line between documents.",
        (("text", TensorType("text")), ("document", TensorType("real"))),
    ),
    "images": DataSource(
        (_PATH, _BROKEN),
        "A folder of images, a folder a class: columns image and label.",
        (("image", TensorType("image")), _LABEL),
    ),
    "audio": DataSource(
        (_PATH, _BROKEN),
        "A folder of recordings (wav, flac, ogg, mp3), a folder a class: columns audio and label.",
        (("audio", TensorType("audio")), _LABEL),
    ),
    "huggingface_dataset": DataSource(
        (_PATH, Parameter("split", "train"), _MISSING, _BROKEN),
        "A folder that `save_to_disk` of Hugging Face wrote, or one of Parquet files.",
    ),
    "sklearn": DataSource(
        (Parameter("name"),),
        "A data set of scikit-learn: breast_cancer, diabetes, digits, iris or wine.",
    ),
    "numpy": DataSource(
        (_PATH, _MISSING), "The arrays of an `.npz` file, or the one of an `.npy` file as values."
    ),
}
"""Every source of a data block, by name; paths are relative to the program."""
