from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from qmlc.ir.program import Call, Column, Data, Field
from qmlc.training.data.fit_fields import apply_fields, fit_fields, needed_fields
from qmlc.training.data.read_data import read_data
from qmlc.training.data.split_rows import SavedFractions, split_rows
from qmlc.training.errors import DataError

A, B, K = Column("a"), Column("b"), Column("k")


def make(tmp_path: Path, text: str, **fields):
    (tmp_path / "t.csv").write_text(text)
    lines = tuple(Field((name,), value) for name, value in fields.items())
    data = Data("d", Call("csv", ("t.csv",)), lines)
    table = read_data(data.source, tmp_path)
    states = fit_fields(data, table, fields)
    tensors = apply_fields(data, table, list(fields), states, torch.float32)
    return dict(zip(fields, tensors, strict=True))


TEXT = "a,b,k\n1,10,10\n2,20,9\n4,30,10\n"


def test_columns_lists_and_arithmetic(tmp_path):
    made = make(
        tmp_path,
        TEXT,
        plain=A,
        pair=(A, B),
        sum=Call("add", (Call("mul", (2, A)), B)),
        mixed=Call("sub", (Column("pair"), A)),
        column=(Column("pair"), Column("pair")),
        constant=(A, 0.5),
        log=Call("log", (A,)),
    )
    assert made["plain"].tolist() == [1, 2, 4]
    assert made["pair"].tolist() == [[1, 10], [2, 20], [4, 30]]
    assert made["sum"].tolist() == [12, 24, 38]
    assert made["mixed"].tolist() == [[0, 9], [0, 18], [0, 26]]
    assert made["column"].shape == (3, 2, 2)
    assert made["constant"].tolist() == [[1, 0.5], [2, 0.5], [4, 0.5]]
    assert made["log"].dtype == torch.float32


def test_what_is_fitted(tmp_path):
    made = make(
        tmp_path,
        TEXT,
        s=Call("standardize", ((A, B, 7),)),
        u=Call("scale", ((A, B),), (("low", 0), ("high", 2))),
        y=Call("category", (K,)),
        o=Call("one_hot", (K, 3)),
    )
    assert made["s"].mean(dim=0).tolist() == pytest.approx([0, 0, 0], abs=1e-6)
    assert made["s"].std(dim=0, correction=0).tolist() == pytest.approx([1, 1, 0])
    assert made["u"].flatten().tolist() == pytest.approx([0, 0, 2 / 3, 1, 2, 2])
    # classes that are numbers are sorted as numbers: 9 before 10
    assert made["y"].tolist() == [1, 0, 1] and made["y"].dtype == torch.int64
    assert made["o"].tolist() == [[0, 1, 0], [1, 0, 0], [0, 1, 0]]


def test_only_what_is_needed_is_made(tmp_path):
    fields = (Field(("x",), A), Field(("y",), K), Field(("z",), Call("add", (Column("x"), B))))
    data = Data("d", Call("csv", ("t",)), fields)
    assert needed_fields(data, ["z"]) == (fields[0], fields[2])
    assert needed_fields(data, ["y"]) == (fields[1],)


@pytest.mark.parametrize(
    ("text", "value", "code", "line", "message"),
    [
        ("a,b\n1,2\n3,x\n", B, "E0702", 3, "`x` in column `b` is not a finite number"),
        ("a,b\n1,2\n\n3,\n", B, "E0702", 4, "column `b` has no value here"),
        ("a,b\n1,2\n3\n", B, "E0705", 3, "this row has 1 cell, the header 2"),
        ('a,b\n"1","two\nlines"\n3,4\n', B, "E0702", 2, "is not a finite number"),
        ('a,b\n"1","two\nlines"\nz,4\n', A, "E0702", 4, "`z` in column `a`"),
        ("a,b\n1,inf\n", B, "E0702", 2, "is not a finite number"),
        ("a,b\n1,2\n0,2\n", Call("log", (A,)), "E0702", 3, "`log` in `x` has no finite value"),
        ("a,b\n1,2\n0, \n", Call("category", (B,)), "E0702", 3, "no value"),
        ("a,b\n1,2\n", Column("aa"), "E0701", None, "there is no column `aa`"),
        ("a,b\n1,2\n", Call("one_hot", (A,)), "E0706", None, "`one_hot` needs `num_classes`"),
        ("a,b\n1,2\n3,2\n", Call("one_hot", (A, 1)), "E0706", None, "1 classes and found 2"),
        ("a,b\n1,2\n", Call("standardise", (A,)), "E0706", None, "no data function"),
        ("a,b\n1,2\n", Call("category", ((A, B),)), "E0706", None, "takes a column"),
    ],
)
def test_errors(tmp_path, text, value, code, line, message):
    with pytest.raises(DataError) as caught:
        make(tmp_path, text, x=value)
    assert (caught.value.code, caught.value.line) == (code, line)
    assert message in caught.value.message


def test_an_error_prints_like_the_compilers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError) as caught:
        make(tmp_path, "petal_width,b\n1,2\n", x=Column("petal_widht"))
    assert str(caught.value) == (
        "\nerror[E0701]: there is no column `petal_widht`\n"
        " --> t.csv\n"
        "  = help: did you mean `petal_width`? the columns are: petal_width, b\n"
    )


def test_an_error_shows_the_cell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError) as caught:
        make(tmp_path, "a,b\n1,2\n\n1,2x\n", x=Column("b"))
    assert str(caught.value) == (
        "\nerror[E0702]: `2x` in column `b` is not a finite number\n"
        " --> t.csv:4:3\n"
        "  |\n"
        "4 | 1,2x\n"
        "  |   ^^\n"
        "  |\n"
        '  = help: for classes write `category(b)`; `broken="drop"` leaves such rows out\n'
    )


@pytest.mark.parametrize("text", ["", "a,b\n", "a,b\n\n\n"])
def test_nothing_to_train_on(tmp_path, text):
    with pytest.raises(DataError) as caught:
        make(tmp_path, text, x=A)
    assert caught.value.code == "E0704"


def test_unreadable_files(tmp_path):
    def read(source):
        with pytest.raises(DataError) as caught:
            read_data(source, tmp_path)
        line = f" in line {caught.value.line}" if caught.value.line else ""
        return caught.value.code, caught.value.message + line

    (tmp_path / "latin.csv").write_bytes("a\nm\xfcller\n".encode("latin-1"))
    (tmp_path / "long.csv").write_text("a,b\n1,2\n1,2,3\n")
    (tmp_path / "wide.csv").write_text("a,b\n1,2,3\n1,2,3\n")
    (tmp_path / "bad.jsonl").write_text('{"a": 1}\n{"a":\n')
    assert read(Call("csv", ("none.csv",))) == ("E0705", "there is no such file")
    assert read(Call("csv", (".",)))[0] == "E0705"
    assert "not UTF-8" in read(Call("csv", ("latin.csv",)))[1]
    assert "3 cells, the header 2 in line 3" in read(Call("csv", ("long.csv",)))[1]
    assert "3 cells, the header 2 in line 2" in read(Call("csv", ("wide.csv",)))[1]
    assert "not JSON (Expecting value) in line 2" in read(Call("jsonl", ("bad.jsonl",)))[1]
    assert read(Call("cvs", ("a",)))[0] == "E0706"
    assert read(Call("csv", ("long.csv",), (("separator", "ab"),)))[0] == "E0706"


def test_other_forms_of_a_table(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"a": 1, "k": "x"}\n\n{"a": null, "k": "y"}\n')
    table = read_data(Call("jsonl", ("t.jsonl",)), tmp_path)
    data = Data("d", Call("jsonl"), (Field(("x",), Call("log", (A,))),))
    with pytest.raises(DataError) as caught:
        apply_fields(data, table, ["x"], fit_fields(data, table, ["x"]), torch.float32)
    assert caught.value.line == 3
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbfa; b\n1;2\n")
    table = read_data(Call("csv", ("t.csv",), (("separator", ";"),)), tmp_path)
    assert table.names() == ["a", "b"]


def split(*arguments, **groups):
    return {name: rows.tolist() for name, rows in split_rows(*arguments, **groups).items()}


def test_splits():
    splits = split(50, SavedFractions(0.2, 0.1, 3))
    assert {name: len(rows) for name, rows in splits.items()} == {
        "training": 35,
        "held-out": 10,
        "test": 5,
    }
    assert sorted(row for rows in splits.values() for row in rows) == list(range(50))
    assert splits == split(50, SavedFractions(0.2, 0.1, 3))
    assert splits != split(50, SavedFractions(0.2, 0.1, 4))
    for fractions in (SavedFractions(0.1, 0, 0), SavedFractions(0.9, 0, 0)):
        with pytest.raises(DataError) as caught:
            split_rows(2, fractions)
        assert caught.value.code == "E0704"


def test_folds_hold_out_each_row_once():
    plans = [SavedFractions(0, 0.1, 3, (i, 4)) for i in range(4)]
    splits = [split(53, plan) for plan in plans]
    assert {tuple(s["test"]) for s in splits} == {tuple(splits[0]["test"])}
    held = sorted(row for s in splits for row in s["held-out"])
    assert held == sorted(set(range(53)) - set(splits[0]["test"]))
    assert {len(s["held-out"]) for s in splits} <= {12, 11}
    for s in splits:
        assert sorted(row for rows in s.values() for row in rows) == list(range(53))


@given(
    st.lists(st.integers(0, 9), min_size=30, max_size=60),
    st.sampled_from([(0.2, 0.1, None), (0, 0, (1, 3)), (0.3, 0, None)]),
    st.integers(0, 99),
)
def test_rows_of_a_group_stay_together(groups, plan, seed):
    holdout, test, fold = plan
    assume(len(set(groups)) >= 6)
    try:
        splits = split(len(groups), SavedFractions(holdout, test, seed, fold, "g"), groups=groups)
    except DataError as error:
        assert error.code == "E0704"
        return
    found = [{groups[row] for row in rows} for rows in splits.values()]
    assert sum(map(len, found)) == len(set(groups))
    assert sorted(row for rows in splits.values() for row in rows) == list(range(len(groups)))
    sizes = {"held-out": holdout, "test": test}
    for name, rows in splits.items():
        if fold is None and name in sizes:
            assert len(rows) >= round(sizes[name] * len(groups))
