"""Every function of a data block: its shape law is what it computes."""

from __future__ import annotations

import subprocess
import sys
import wave

import pytest
import torch
from PIL import Image

from qmlc.ir.program import Call, Column, Data, Field
from qmlc.ops.data_functions import DATA_FUNCTIONS, DATA_SOURCES
from qmlc.ops.data_laws import stack_law
from qmlc.ops.parameters import REQUIRED
from qmlc.training.data.fit_fields import apply_fields, fit_fields
from qmlc.training.data.read_data import SOURCES, read_data
from qmlc.training.data.transforms import TRANSFORMS
from qmlc.types.tensors import ShapeError, TensorType

SETTINGS = {"value": "mean", "std": 0.5, "min": 0.5, "max": 2.0, "num_classes": 4}
SCALAR = TensorType("real")
NUMERIC = [
    name
    for name, row in DATA_FUNCTIONS.items()
    if row.parameters[0].name in ("x", "column", "left") and name != "pca"
]

WORDS = Call("words", (), (("vocab", 8),))
LINES = {"tokenizer": WORDS, "length": 6}
TOKENS = Call("tokenize", (Column("text"), WORDS), (("length", 6),))
IMAGES = Call("images", ("i",))
SMALL = Call("resize", (Column("image"), (4, 6)))
OTHERS = {
    "tokenize": (Call("text", ("t.txt",)), {"text": Column("text"), **LINES}, TensorType("text")),
    "sentence_pairs": (Call("text", ("t.txt",)), LINES, None),
    "windows": (Call("text", ("t.txt",)), LINES, None),
    "mask_tokens": (
        Call("text", ("t.txt",)),
        {"tokens": Column("tokens"), "rate": 0.2},
        TensorType("int", (6,)),
    ),
    "resize": (IMAGES, {"image": Column("image"), "size": (5, 4)}, TensorType("image")),
    "crop": (IMAGES, {"image": Column("image"), "size": (2, 9)}, TensorType("image")),
    "random_crop": (
        IMAGES,
        {"image": SMALL, "size": (3, 7), "padding": 1},
        TensorType("real", (3, 4, 6)),
    ),
    "random_flip": (IMAGES, {"image": SMALL}, TensorType("real", (3, 4, 6))),
    "grayscale": (IMAGES, {"image": SMALL}, TensorType("real", (3, 4, 6))),
    "normalize": (
        IMAGES,
        {"image": SMALL, "mean": (0.5, 0.4, 0.3), "std": (1.0, 2.0, 3.0)},
        TensorType("real", (3, 4, 6)),
    ),
    "spectrogram": (
        Call("audio", ("a",)),
        {"audio": Column("audio"), "length": 300, "n_fft": 64, "hop_length": 20},
        TensorType("audio"),
    ),
    "pca": (
        Call("sklearn", ("iris",)),
        {"x": Column("features"), "components": 2},
        TensorType("real", (4,)),
    ),
}
"""A source, arguments, and the type of the first: for functions of more than numbers."""


def test_each_row_that_is_ready_can_be_computed():
    assert set(TRANSFORMS) == {name for name, row in DATA_FUNCTIONS.items()}
    assert set(SOURCES) == {name for name, row in DATA_SOURCES.items()}
    assert all(row.doc for row in (*DATA_FUNCTIONS.values(), *DATA_SOURCES.values()))


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)], ids=str)
@pytest.mark.parametrize("name", NUMERIC)
def test_law(tmp_path, name, shape):
    (tmp_path / "t.csv").write_text("a,b,c\n1,2,3\n2,3,4\n3,4,1\n")
    row = DATA_FUNCTIONS[name]
    columns = tuple(map(Column, "abc"))
    value = {0: columns[0], 1: columns, 2: (columns, columns)}[len(shape)]
    kind = TensorType("real", shape)
    tensors = [p.name for p in row.parameters if p.tensor]
    values = {p.name: SETTINGS.get(p.name, p.default) for p in row.parameters if not p.tensor}
    assert REQUIRED not in values.values()
    if tensors == ["column"] and shape:
        with pytest.raises(ShapeError, match="takes one column"):
            row.law(values | {"column": kind})
        return
    kinds = {p: kind if i == 0 else SCALAR for i, p in enumerate(tensors)}
    arguments = tuple(value if i == 0 else columns[1] for i in range(len(tensors)))
    (expected,) = row.law(values | kinds)
    data = Data(
        "d", Call("csv", ("t.csv",)), (Field(("x",), Call(name, arguments, tuple(values.items()))),)
    )
    table = read_data(data.source, tmp_path)
    states = fit_fields(data, table, ["x"])
    (result,) = apply_fields(data, table, ["x"], states, torch.float32)
    assert tuple(result.shape) == (3, *expected.dims)
    assert result.dtype == {"real": torch.float32, "int": torch.int64}[expected.dtype]
    assert row.fitted == (len(states["x"][0]) > 1)


@pytest.mark.parametrize("name", OTHERS)
def test_law_of_what_is_more_than_numbers(tmp_path, name):
    (tmp_path / "t.txt").write_text("one two\nthree four one\n\nfive\nfive two three\n")
    for label, color in (("cat", (255, 0, 0)), ("dog", (0, 0, 255))):
        (tmp_path / "i" / label).mkdir(parents=True)
        Image.new("RGB", (8, 6), color).save(tmp_path / "i" / label / "1.png")
        (tmp_path / "a" / label).mkdir(parents=True)
        with wave.open(str(tmp_path / "a" / label / "1.wav"), "wb") as file:
            file.setparams((2, 2, 8000, 0, "NONE", ""))
            file.writeframes(bytes(range(200)) * 4)
    source, arguments, kind = OTHERS[name]
    row = DATA_FUNCTIONS[name]
    given = {p.name: p.default for p in row.parameters} | arguments
    assert REQUIRED not in given.values()
    tensors = {p.name: kind for p in row.parameters if p.tensor}
    expected = row.law(given | tensors)
    names = row.results or ("result",)
    assert len(expected) == len(names)
    call = Call(name, (), tuple(arguments.items()))
    lines = (Field(("tokens", "mask"), TOKENS),) if row.takes else ()
    data = Data("d", source, (*lines, Field(names, call)))
    table = read_data(source, tmp_path)
    states = fit_fields(data, table, names)
    results = apply_fields(data, table, names, states, torch.float32)
    for result, promised in zip(results, expected, strict=True):
        assert tuple(result.shape) == (len(table), *promised.dims)
        kinds = {"real": torch.float32, "int": torch.int64, "bool": torch.bool}
        assert result.dtype == kinds[promised.dtype]
    assert row.fitted == any(len(s) > 1 for s in states[", ".join(names)])


def test_every_function_has_its_law_tried():
    assert {*NUMERIC, *OTHERS} == set(TRANSFORMS)


def test_lists():
    assert stack_law([SCALAR, SCALAR, TensorType("int")]) == TensorType("real", (3,))
    assert stack_law([TensorType("real", (4,))] * 2) == TensorType("real", (2, 4))
    with pytest.raises(ShapeError):
        stack_law([SCALAR, TensorType("real", (4,))])
    with pytest.raises(ShapeError):
        DATA_FUNCTIONS["add"].law(
            {"left": TensorType("real", (2,)), "right": TensorType("real", (3,))}
        )


def test_rows_are_data_only():
    code = (
        "import sys, qmlc.ops.data_functions; print({'torch', 'pandas', 'numpy'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
