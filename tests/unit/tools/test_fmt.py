"""`qmlc fmt`: what it reads, what it writes, and what it leaves alone."""

from __future__ import annotations

import os

import pytest
from click.testing import CliRunner

from qmlc.tools.main import qmlc

UNTIDY = "const  a=1\n"
TIDY = "const a = 1\n"
BROKEN = "const a = (1\n"


@pytest.fixture
def fmt(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments, **keywords: CliRunner().invoke(qmlc, ["fmt", *arguments], **keywords)


def test_writes_what_differs_and_keeps_permissions(fmt, tmp_path):
    for name, text in (("a.hqm", UNTIDY), ("b.hqm", TIDY)):
        (tmp_path / name).write_text(text)
    (tmp_path / "a.hqm").chmod(0o640)
    before = os.stat("b.hqm")
    result = fmt()
    assert result.exit_code == 0
    assert result.stderr == "formatted a.hqm\n1 changed, 1 stay as they are\n"
    assert (tmp_path / "a.hqm").read_text() == TIDY
    assert os.stat("a.hqm").st_mode & 0o777 == 0o640
    assert os.stat("b.hqm").st_mtime_ns == before.st_mtime_ns
    assert sorted(os.listdir()) == ["a.hqm", "b.hqm"]


def test_check_writes_nothing(fmt, tmp_path):
    (tmp_path / "a.hqm").write_text(UNTIDY)
    result = fmt("--check", "a.hqm")
    assert (result.exit_code, result.stderr) == (1, "would format a.hqm\n")
    assert (tmp_path / "a.hqm").read_text() == UNTIDY
    (tmp_path / "a.hqm").write_text(TIDY)
    assert fmt("--check", "a.hqm").exit_code == 0


def test_diff_shows_what_would_change(fmt, tmp_path):
    (tmp_path / "a.hqm").write_text(UNTIDY)
    result = fmt("--diff", "a.hqm")
    assert result.exit_code == 0
    assert "-const  a=1\n+const a = 1\n" in result.stdout
    assert (tmp_path / "a.hqm").read_text() == UNTIDY


def test_stdin_goes_to_stdout(fmt):
    assert fmt("-", input=UNTIDY).stdout == TIDY
    assert fmt("-", "--check", input=UNTIDY).exit_code == 1


def test_wrong_syntax_is_left_alone(fmt, tmp_path):
    (tmp_path / "a.hqm").write_text(BROKEN)
    (tmp_path / "b.hqm").write_text(UNTIDY)
    result = fmt("a.hqm", "b.hqm")
    assert result.exit_code == 1
    assert "error[E0102]" in result.stderr
    assert (tmp_path / "a.hqm").read_text() == BROKEN
    assert (tmp_path / "b.hqm").read_text() == TIDY
