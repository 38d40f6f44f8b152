"""Sources of data besides tables of text: each holds what was put there."""

from __future__ import annotations

import json
import math
import struct
import wave
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits, load_iris
from sklearn.decomposition import PCA

import qmlc
from qmlc.ir.program import Call, Column, Data, Field
from qmlc.training.data.fit_fields import apply_fields, fit_fields
from qmlc.training.data.read_data import read_data
from qmlc.training.errors import DataError
from qmlc.training.import_optional import import_optional


def make(folder, source, **lines):
    fields = tuple(Field((name,), value) for name, value in lines.items())
    data = Data("d", source, fields)
    table = read_data(source, folder)
    states = fit_fields(data, table, list(lines))
    made = apply_fields(data, table, list(lines), states, torch.float64)
    return dict(zip(lines, made, strict=True))


def test_numpy(tmp_path):
    x, y = np.arange(24.0).reshape(4, 3, 2), np.array([1, 0, 1, 2])
    np.savez(tmp_path / "d.npz", x=x, y=y)
    np.save(tmp_path / "d.npy", x)
    made = make(
        tmp_path, Call("numpy", ("d.npz",)), x=Column("x"), y=Call("category", (Column("y"),))
    )
    assert made["x"].numpy() == pytest.approx(x) and made["y"].tolist() == [1, 0, 1, 2]
    made = make(tmp_path, Call("numpy", ("d.npy",)), v=Call("mul", (Column("values"), 2)))
    assert made["v"].numpy() == pytest.approx(2 * x)
    np.savez(tmp_path / "wrong.npz", x=x, y=y[:2])
    with pytest.raises(DataError, match="different numbers of rows"):
        read_data(Call("numpy", ("wrong.npz",)), tmp_path)
    np.save(tmp_path / "o.npy", np.array([{}], dtype=object))
    with pytest.raises(DataError, match="cannot be read"):
        read_data(Call("numpy", ("o.npy",)), tmp_path)


def test_scikit_learn():
    made = make(Path(), Call("sklearn", ("digits",)),
                image=Column("image"), y=Call("category", (Column("target"),)))  # fmt: skip
    digits = load_digits()
    assert made["image"].numpy() == pytest.approx(digits.images)
    assert made["y"].tolist() == digits.target.tolist()


def test_principal_components():

    made = make(Path(), Call("sklearn", ("iris",)), z=Call("pca", (Column("features"), 2)))
    theirs = PCA(2).fit_transform(load_iris().data)
    for mine, other in zip(made["z"].numpy().T, theirs.T, strict=True):
        assert mine == pytest.approx(other, abs=1e-8) or mine == pytest.approx(-other, abs=1e-8)


def test_parquet_and_saved_data_sets(tmp_path):
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "k": ["x", "y", "x"]})
    frame.to_parquet(tmp_path / "t.parquet")
    (tmp_path / "saved" / "train").mkdir(parents=True)
    table = pa.Table.from_pandas(frame)
    with pa.ipc.new_stream(str(tmp_path / "saved" / "train" / "data.arrow"), table.schema) as file:
        file.write_table(table)
    state = {"_data_files": [{"filename": "data.arrow"}]}
    (tmp_path / "saved" / "train" / "state.json").write_text(json.dumps(state))
    (tmp_path / "hub" / "data").mkdir(parents=True)
    frame.to_parquet(tmp_path / "hub" / "data" / "train-0.parquet")
    frame[:1].to_parquet(tmp_path / "hub" / "data" / "test-0.parquet")
    for source in (
        Call("parquet", ("t.parquet",)),
        Call("huggingface_dataset", ("saved",)),
        Call("huggingface_dataset", ("hub",)),
    ):
        made = make(tmp_path, source, a=Column("a"), k=Call("category", (Column("k"),)))
        assert made["a"].tolist() == [1, 2, 3] and made["k"].tolist() == [0, 1, 0]
    test = Call("huggingface_dataset", ("hub",), (("split", "test"),))
    assert len(read_data(test, tmp_path)) == 1
    for source in (Call("huggingface_dataset", ("none",)), Call("parquet", ("none",))):
        with pytest.raises(DataError) as caught:
            read_data(source, tmp_path)
        assert caught.value.code == "E0705"


def test_images(tmp_path):
    for label, color in (("cat", (255, 0, 0)), ("dog", (0, 255, 0))):
        (tmp_path / "i" / label).mkdir(parents=True)
        picture = Image.new("RGB", (8, 6), color)
        picture.paste((0, 0, 255), (0, 0, 2, 6))
        picture.save(tmp_path / "i" / label / "1.png")
    small = Call("resize", (Column("image"), (3, 4)))
    made = make(
        tmp_path,
        Call("images", ("i",)),
        y=Call("category", (Column("label"),)),
        middle=Call("crop", (Column("image"), (4, 4))),
        again=Call("crop", (Call("resize", (Column("image"), (6, 8))), (4, 4))),
        grey=Call("grayscale", (Call("crop", (Column("image"), (4, 4))),)),
        small=small,
        normal=Call("normalize", (small, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))),
    )
    assert made["y"].tolist() == [0, 1]
    assert made["middle"][:, :, 0, 0].tolist() == [[1, 0, 0], [0, 1, 0]]
    assert made["again"].equal(made["middle"])
    assert made["grey"][:, 0, 0, 0].tolist() == pytest.approx([0.299, 0.587])
    assert made["normal"].numpy() == pytest.approx(2 * made["small"].numpy() - 1)
    (tmp_path / "i" / "cat" / "2.png").write_bytes(b"no image")
    with pytest.raises(DataError, match="this is no image") as caught:
        make(tmp_path, Call("images", ("i",)), small=small)
    assert caught.value.code == "E0702"


def test_recordings(tmp_path):
    (tmp_path / "a" / "tone").mkdir(parents=True)
    samples = [round(20000 * math.sin(2 * math.pi * 8 * i / 64)) for i in range(256)]
    with wave.open(str(tmp_path / "a" / "tone" / "1.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(struct.pack("<256h", *samples))
    call = Call("spectrogram", (Column("audio"), 320, 64, 32))
    made = make(tmp_path, Call("audio", ("a",)), s=call)
    sound = torch.tensor([*samples, *[0] * 64], dtype=torch.float64) / 2**15
    window = torch.hann_window(64, dtype=torch.float64)
    expected = torch.stft(sound, 64, 32, window=window, return_complex=True).abs() ** 2
    assert made["s"][0].numpy() == pytest.approx(expected.numpy())
    assert made["s"][0, :, 4].argmax() == 8
    (tmp_path / "a" / "tone" / "2.wav").write_bytes(b"RIFF")
    with pytest.raises(DataError, match="no recording"):
        make(tmp_path, Call("audio", ("a",)), s=call)


def test_a_library_that_is_missing():
    with pytest.raises(DataError) as caught:
        import_optional("no_such_module", "no-such-package", "an image")
    assert caught.value.code == "E0709"
    assert caught.value.help == "pip install no-such-package"


@pytest.mark.parametrize(
    ("source", "line", "code"),
    [
        ('sklearn("digits")', "x = image / 16", ""),
        ('sklearn("digits")', "x = pca(features, components=65)", "E0306"),
        ('sklearn("iris")', "x = image", "E0722"),
        ('sklearn("iri")', "x = features", "E0201"),
        ('images("i")', "x = grayscale(resize(image, [8, 8]))", ""),
        ('images("i")', "x = image * 2", "E0306"),
        ('images("i")', "x = resize(image, 8)", "E0306"),
        ('images("i")', "x = resize(picture, [8, 8])", "E0722"),
        ('images("i")', "x = crop(resize(image, [8, 8]), [9, 8])", "E0306"),
        ('images("i")', "x = normalize(resize(image, [8, 8]), [0.5], [0.5])", "E0306"),
        ('audio("a")', "x = spectrogram(audio, length=400, n_fft=64)", ""),
        ('audio("a")', "x = spectrogram(label, length=400)", "E0306"),
        ('text("t.txt")', "x = standardize(text)", "E0306"),
    ],
)
def test_kinds_of_columns_are_checked(source, line, code):
    found = qmlc.check_text(f"data d = {source} {{\n    {line}\n}}\n")
    assert [d.code for d in found] == ([code] if code else [])


def test_the_header_of_an_array_is_read(tmp_path):
    np.savez(tmp_path / "d.npz", x=np.zeros((5, 3, 2)), y=np.zeros(5))
    text = """data d = numpy("d.npz") {
    a = x
    b = y
}
model m(a: real[B, 3, 2]) -> real[B, 6] = a |> rearrange("b i j -> b (i j)")
train m on d { loss = mse(m(a), z) }
"""
    (tmp_path / "p.hqm").write_text(text.replace("m(a), z", "mean(m(a), dim=1), b"))
    assert qmlc.check_file(tmp_path / "p.hqm") == ()
    (tmp_path / "p.hqm").write_text(text.replace("b = y", "b = yy"))
    assert qmlc.check_file(tmp_path / "p.hqm")[0].code == "E0722"
