"""Columns are looked up in the header of the file, where there is one."""

from __future__ import annotations

import pytest

import qmlc

TEXT = """const shift = 2
data d = csv("d.csv") {
    a = standardize([width, height]) + shift * pi
    b = a * 2
    y = category(kind)
}
"""


@pytest.fixture
def check(tmp_path):
    def codes(text, header):
        (tmp_path / "p.hqm").write_text(text)
        if header is not None:
            (tmp_path / "d.csv").write_text(header)
        return [(d.code, d.at.text, d.help_text) for d in qmlc.check_file(tmp_path / "p.hqm")]

    return codes


def test_columns_that_are_there(check):
    assert check(TEXT, "\ufeffwidth, height ,kind\n1,2,x\n") == []


def test_each_missing_column_is_told_with_the_nearest(check):
    found = check(TEXT, "width,heigth,kin\n1,2,x\n")
    assert found == [
        ("E0722", "height", "did you mean `heigth`?"),
        ("E0722", "kind", "did you mean `kin`?"),
    ]


@pytest.mark.parametrize("header", [None, ""])
def test_without_a_header_training_says_what_is_wrong(check, header):
    assert check(TEXT, header) == []


def test_the_separator_is_the_blocks(check):
    text = TEXT.replace('"d.csv"', '"d.csv", separator=";"')
    assert check(text, "width;height;kind\n") == []
    assert [code for code, *_ in check(text, "width,height,kind\n")] == ["E0722"] * 3
