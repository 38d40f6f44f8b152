"""What is stated about cells that are missing or broken is done, and counted: as pandas does it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sklearn.impute import SimpleImputer

import qmlc
from qmlc.ir.program import Call, Column, Data, Field
from qmlc.train_program import predict_program, train_program
from qmlc.training.data.fit_fields import apply_fields, fit_fields
from qmlc.training.data.leave_out_rows import leave_out_rows
from qmlc.training.data.read_data import read_data
from qmlc.training.errors import DataError
from qmlc.training.read_options import TrainOptions

CELLS = st.lists(
    st.tuples(*[st.none() | st.sampled_from([-1.5, 0.0, 0.25, 3.0, 7.0])] * 2), min_size=1
)


def apply(folder: Path, text: str, *, source: Call | None = None, **lines):
    (folder / "t.csv").write_text(text)
    data = Data(
        "d", source or Call("csv", ("t.csv",)), tuple(Field((n,), v) for n, v in lines.items())
    )
    table = leave_out_rows(data, read_data(data.source, folder), list(lines))
    states = fit_fields(data, table, list(lines))
    made = apply_fields(data, table, list(lines), states, torch.float64)
    return dict(zip(lines, made, strict=True)), table


@given(CELLS, st.sampled_from(["mean", "median", "most_frequent", 2.5]))
def test_gaps_are_filled_as_by_scikit_learn(tmp_path_factory, rows, how):
    frame = pd.DataFrame(rows, columns=["a", "b"], dtype=float)
    call = Call("fill", ((Column("a"), Column("b")), how))
    folder = tmp_path_factory.mktemp("gaps")
    # a row of a number keeps lines from being blank
    text = frame.assign(k=1).to_csv(index=False, na_rep="")
    if isinstance(how, str) and frame.isna().all().any():
        with pytest.raises(DataError, match="no value in any training row"):
            apply(folder, text, x=call)
        return
    imputer = SimpleImputer(strategy=how) if isinstance(how, str) else None
    expected = imputer.fit_transform(frame) if imputer else frame.fillna(how).to_numpy()
    assert apply(folder, text, x=call)[0]["x"].numpy() == pytest.approx(expected, abs=1e-12)


@given(CELLS)
def test_rows_with_gaps_are_left_out_as_by_pandas(tmp_path_factory, rows):
    frame = pd.DataFrame(rows, columns=["a", "b"], dtype=float).assign(k=1)
    source = Call("csv", ("t.csv",), (("missing", "drop"),))
    kept = frame.dropna(subset=["a"])
    folder = tmp_path_factory.mktemp("gaps")
    text = frame.to_csv(index=False, na_rep="NA")
    if kept.empty:
        return
    made, table = apply(
        folder, text, source=source, x=Column("a"), y=Call("fill", (Column("b"), 9))
    )
    assert made["x"].tolist() == kept["a"].tolist()
    assert made["y"].tolist() == kept["b"].fillna(9).tolist()
    assert table.left_out == {"missing": len(frame) - len(kept)}


TEXT = "a,b,k\n1,2,x\nzwei,2,x\n3,,y\n4,5\n6,7,\n"


def test_broken_rows_are_left_out_and_counted(tmp_path):
    keywords = (("missing", "drop"), ("broken", "drop"))
    lines = {"x": Column("a"), "y": Call("category", (Call("fill", (Column("k"), "none")),))}
    made, table = apply(tmp_path, TEXT, source=Call("csv", ("t.csv",), keywords), **lines)
    assert made["x"].tolist() == [1, 3, 6] and made["y"].tolist() == [1, 2, 0]
    assert table.left_out == {"broken": 2, "missing": 0}
    (tmp_path / "t.jsonl").write_text('{"a": 1}\n{"a": \n{"b": 2}\n{"a": true}\n')
    made, table = apply(tmp_path, TEXT, source=Call("jsonl", ("t.jsonl",), keywords), x=Column("a"))
    assert made["x"].tolist() == [1, 1] and table.left_out == {"broken": 1, "missing": 1}
    for name in ("p", "q"):
        (tmp_path / "i" / name).mkdir(parents=True)
        Image.new("L", (2, 2), 255).save(tmp_path / "i" / name / "1.png")
        (tmp_path / "i" / name / "2.png").write_bytes(b"no image")
    images = Call("images", ("i",), keywords[1:])
    made, table = apply(tmp_path, TEXT, source=images, x=Call("resize", (Column("image"), (1, 1))))
    assert made["x"].flatten().tolist() == [1] * 6 and table.left_out == {"broken": 2}


PROGRAM = """data d = csv("t.csv", missing="drop") {
    x = [standardize(fill(a, "median")), b]
    y = category(k, unseen="other")
}
model m(x: real[B, 2]) -> real[B, 3] = x |> linear(3)
train m on d {
    loss = cross_entropy(m(x), y)
    epochs = 1
    holdout = 0.25
}
"""


def test_policies_are_kept_with_the_model(tmp_path, capfd):
    rows = [f"{'' if i == 4 else i},{'' if i in (2, 7) else 1},{'pq'[i % 2]}" for i in range(18)]
    (tmp_path / "t.csv").write_text("a,b,k\n" + "\n".join(rows) + "\n")
    (tmp_path / "p.hqm").write_text(PROGRAM)
    options = TrainOptions(folder=tmp_path / "run", device="cpu")
    train_program(tmp_path / "p.hqm", options)
    kept = json.loads((tmp_path / "run" / "fitted.json").read_text())["counts"]
    assert kept == {"rows left out, missing": 2, "fill in x": 1}
    assert "fill in x: 1" in capfd.readouterr().err
    (tmp_path / "u.csv").write_text("a,b\n,1\n2,\n2,3\n")
    found = predict_program(tmp_path / "p.hqm", tmp_path / "u.csv", options)
    assert list(found.filter(like="probability").columns) == [
        f"probability_{name}" for name in ("other", "p", "q")
    ]
    assert found["prediction"].isna().tolist() == [False, True, False]


def test_what_the_checker_refuses():
    def codes(source, line):
        text = f"data d = {source} {{\n    x = {line}\n}}\n"
        return [d.code for d in qmlc.check_text(text)]

    assert codes('csv("t.csv", missing="drop", broken="error")', 'fill([a, b], "mean")') == []
    assert codes('csv("t.csv", missing="skip")', "a") == ["E0201"]
    assert codes('csv("t.csv")', 'fill([a, b], "average")') == ["E0306"]
    assert codes('images("i")', "fill(image, 0)") == ["E0306"]
    assert codes('csv("t.csv")', "category(a, unseen=3)") == ["E0306"]


def test_numbers_that_are_none(tmp_path):
    frame = pd.DataFrame({"a": pd.date_range("2020", periods=2), "b": [[1], [2]]})
    frame.to_parquet(tmp_path / "t.parquet")
    np.save(tmp_path / "t.npy", np.array([[1.0], [np.nan]]))
    for source, column, message in (
        (Call("parquet", ("t.parquet",)), "a", "dates or times"),
        (Call("parquet", ("t.parquet",)), "b", "ndarray"),
        (Call("numpy", ("t.npy",)), "values", "no finite number (row 2)"),
    ):
        with pytest.raises(DataError) as caught:
            apply(tmp_path, "a\n", source=source, x=Column(column))
        assert message in caught.value.message
