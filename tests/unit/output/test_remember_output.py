"""What was compiled is found again exactly while nothing that was read has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from qmlc.output.options import CircuitSummary, CompileOptions, Output
from qmlc.output.remember_output import MAX_KEPT, remember_output

OPTIONS = CompileOptions()


@pytest.fixture
def compiled(tmp_path, monkeypatch):
    """A compiler that reads `main`, `used` and, if it is there, `table`; how often it ran."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    runs = []
    for name in ("main", "used"):
        Path(name).write_text(name)

    def make(path: Path, options: CompileOptions) -> Output:
        runs.append(path)
        texts = {name: Path(name).read_text() for name in (str(path), "used")}
        try:
            texts["table"] = Path("table").read_text()
        except OSError:
            pass
        circuit = CircuitSummary("c", "OpenQASM 3", 2, None, 1, None, "c.qasm")
        return Output("main", texts, ("a note",), (circuit,))

    def times(options: CompileOptions = OPTIONS, path: Path = Path("main")) -> int:
        before = len(runs)
        output = remember_output(path, options, make)
        ran = len(runs) - before
        assert output == make(path, options)
        return ran

    return times


def test_once(compiled):
    assert [compiled(), compiled(), compiled()] == [1, 0, 0]


@pytest.mark.parametrize("name", ["main", "used", "table"])
def test_again_when_a_file_changes(compiled, name):
    compiled()
    Path(name).write_text("other")
    assert [compiled(), compiled()] == [1, 0]


def test_again_when_a_file_goes(compiled):
    Path("table").write_text("1")
    compiled()
    Path("table").unlink()
    assert [compiled(), compiled()] == [1, 0]


def test_contents_count_not_times(compiled):
    compiled()
    Path("used").write_text("used")
    assert compiled() == 0


@pytest.mark.parametrize(
    "options",
    [{"target": "ibm:torino"}, {"level": 1}, {"settings": {"n": 2}}, {"stages": ("qasm2",)}],
)
def test_options_count(compiled, options):
    compiled()
    assert [compiled(CompileOptions(**options)), compiled()] == [1, 0]
    assert compiled(CompileOptions(output=Path("elsewhere"))) == 0


def test_given_files_count(compiled):
    options = CompileOptions(state=Path("w"), inputs={"x": Path("x")})
    for name in ("w", "x"):
        Path(name).write_text("1")
    assert [compiled(options), compiled(options)] == [1, 0]
    Path("x").write_text("2")
    assert compiled(options) == 1


def test_what_is_broken_is_not_used(compiled, tmp_path):
    compiled()
    (kept,) = (tmp_path / "cache/qmlc/outputs").glob("*.json")
    for text in ("", "{", "[]", '{"read": {}}', kept.read_text()[:-40]):
        kept.write_text(text)
        assert [compiled(), compiled()] == [1, 0]


def test_a_file_that_changes_meanwhile_is_not_trusted(compiled):
    def make(path: Path, options: CompileOptions) -> Output:
        text = Path("main").read_text()
        Path("main").write_text(text + "!")
        return Output("main", {"main": text}, (), ())

    assert remember_output(Path("main"), OPTIONS, make).texts == {"main": "main"}
    assert remember_output(Path("main"), OPTIONS, make).texts == {"main": "main!"}


def test_errors_are_not_kept(compiled):
    def wrong(path: Path, options: CompileOptions) -> Output:
        raise ValueError(path)

    for _ in range(2):
        with pytest.raises(ValueError):
            remember_output(Path("main"), OPTIONS, wrong)
    assert compiled() == 1


def test_no_more_is_kept_than_that(compiled, tmp_path, monkeypatch):
    monkeypatch.setattr("qmlc.output.remember_output.MAX_KEPT", 3)
    assert MAX_KEPT > 3
    for level in range(6):
        compiled(CompileOptions(level=level))
    assert len(list((tmp_path / "cache/qmlc/outputs").iterdir())) == 3
    assert compiled(CompileOptions(level=5)) == 0


def test_a_folder_that_cannot_be_made(compiled, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert [compiled(), compiled()] == [1, 1]
