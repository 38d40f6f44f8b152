"""The shapes that configurations of Keras are read to mean, against Keras itself."""

from __future__ import annotations

import json
import os
import zipfile

import pytest

from qmlc.ops.keras_laws import LAWS
from qmlc.ops.pretrained_type import UnknownType
from qmlc.ops.read_keras import read_keras
from qmlc.runtime.check_shapes import bind_dimensions

os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")
if keras.backend.backend() != "torch":
    pytest.skip("Keras runs on something else here", allow_module_level=True)
layers = keras.layers
torch = pytest.importorskip("torch")

SEQUENCE, IMAGE, VOLUME = (None, 6), (None, None, 4), (12, 11, 10, 4)
SPACE = {"1": SEQUENCE, "2": IMAGE, "3": VOLUME}
CHANGED = {
    "Add": [()], "Average": [()], "Maximum": [()], "Minimum": [()], "Multiply": [()],
    "Subtract": [()], "Attention": [()], "AdditiveAttention": [()], "Concatenate": [(-1,), (1,)],
    "Dense": [(5,)], "Embedding": [(9, 4)], "Reshape": [((3, -1),), ((-1, 2, 6),)],
    "Permute": [((2, 1),)], "RepeatVector": [(3,)], "Activation": [("relu",)],
    "MultiHeadAttention": [(2, 3)], "GroupNormalization": [(2,)], "Rescaling": [(2.0,)],
    "RandomRotation": [(0.1,)], "RandomZoom": [(0.1,)], "RandomTranslation": [(0.1, 0.1)],
    "RandomContrast": [(0.1,)], "RandomBrightness": [(0.1,)], "LSTM": [(4,)], "GRU": [(4,)],
    "SimpleRNN": [(4,)], "GaussianNoise": [(0.1,)],
    "TimeDistributed": [(layers.Dense(3),)],
}  # fmt: skip
"""By class, the positional arguments to try."""
RATES = "Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D GaussianDropout AlphaDropout"
MERGED = "Add Average Maximum Minimum Multiply Subtract Concatenate Attention AdditiveAttention"


def inputs_of(name: str) -> list[tuple[int | None, ...]]:
    if name in MERGED.split():
        return [(None, 6), (None, 6)]
    if name == "MultiHeadAttention":
        return [(None, 6), (5, 7)]
    if name == "PReLU":
        return [(5, 6)]
    if name == "RepeatVector":
        return [(6,)]
    if name == "Reshape":
        return [(4, 6)]
    if name == "Embedding":
        return [(None,)]
    digit = next((c for c in name if c in SPACE), None)
    if name.startswith("Random"):
        return [(8, 8, 3)]
    return [SPACE[digit] if digit else SEQUENCE]


def made(name: str):
    """Layers of a class, with settings that change the shape."""
    kind = getattr(layers, name)
    if name in RATES.split():
        return [kind(0.1)]
    if name == "Bidirectional":
        return [kind(layers.LSTM(3)), kind(layers.GRU(3, return_sequences=True), merge_mode="sum")]
    if name in ("LSTM", "GRU", "SimpleRNN"):
        return [kind(4), kind(4, return_sequences=True)]
    if "Conv" in name:
        return convolutions(name, kind)
    if name.startswith("Global"):
        return [kind(), kind(keepdims=True)]
    if "Pooling" in name:
        return [kind(2), kind(3, strides=2, padding="same")]
    if name.startswith(("ZeroPadding", "Cropping")):
        return [kind(), kind((1, 2) if "1D" in name else 2)]
    return [kind(*arguments) for arguments in CHANGED.get(name, [()])]


def convolutions(name: str, kind):
    if name.startswith("Depthwise"):
        return [kind(3), kind(2, strides=2, padding="same"), kind(3, depth_multiplier=2)]
    found = [kind(5, 3), kind(5, 2, strides=2, padding="same")]
    if name.endswith("Transpose"):
        return [*found, kind(5, 3, strides=2), kind(5, 2, strides=3)]
    dilated = kind(5, 3, dilation_rate=2)
    return [*found, dilated, kind(5, 3, padding="causal")] if name == "Conv1D" else found


def write(model, path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(keras.saving.serialize_keras_object(model)))
    return path


@pytest.mark.parametrize("name", LAWS)
def test_a_layer_yields_what_keras_yields(name, tmp_path):
    for layer in made(name):
        dtype = "int32" if name == "Embedding" else "float32"
        given = [keras.Input(shape, dtype=dtype) for shape in inputs_of(name)]
        call = layer(*given) if name == "MultiHeadAttention" else None
        yielded = layer(given if len(given) > 1 else given[0]) if call is None else call
        read = read_keras(write(keras.Model(given, yielded), tmp_path / "m.keras"))
        shapes = [(2, *(7 if size is None else size for size in x.shape[1:])) for x in given]
        tensors = {n: torch.zeros(s) for (n, _), s in zip(read.inputs, shapes, strict=True)}
        types = {n: text.replace("int", "real") for n, text in read.inputs}
        if name == "MultiHeadAttention":
            expected = shapes[0]
        else:
            expected = layer.compute_output_shape(shapes if len(shapes) > 1 else shapes[0])
        ((_, result),) = read.results
        assert "null" not in result
        bind_dimensions(
            name, types | {"result": result}, tensors | {"result": torch.zeros(expected)}
        )


def test_whole_models_are_read_through(tmp_path):
    picture, tokens = keras.Input((16, 16, 3), name="picture"), keras.Input((None,), dtype="int32")
    inner = keras.Sequential([keras.Input((14, 14, 4)), layers.Flatten(), layers.Dense(6)])
    features = inner(layers.Conv2D(4, 3)(picture))
    words = layers.LSTM(6)(layers.Embedding(9, 5)(tokens))
    both = keras.Model([picture, tokens], {"sum": features * 2.0 + words, "words": words})
    read = read_keras(write(both, tmp_path / "m.keras"))
    assert [text for _, text in read.inputs] == ["real[B, 16, 16, 3]", "int[B, T1]"]
    assert dict(read.results) == {"sum": "real[B, 6]", "words": "real[B, 6]"}
    odd = keras.Model(tokens, keras.ops.cumsum(words, axis=1))
    with pytest.raises(UnknownType, match="what the function `Cumsum` yields"):
        read_keras(write(odd, tmp_path / "m.keras"))
    # in the middle of a model, the shape is stated
    known = keras.Model(tokens, layers.Dense(2)(keras.ops.cumsum(words, axis=1)))
    assert read_keras(write(known, tmp_path / "m.keras")).results == (("", "real[B, 2]"),)
