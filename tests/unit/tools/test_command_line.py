"""The command line around a compiler that is made up: what it is handed, what comes out."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from qmlc.output.options import CircuitSummary, Output
from qmlc.source.compile_error import CompileError
from qmlc.source.diagnostic import Diagnostic
from qmlc.source.span import Source, Span
from qmlc.tools.main import main, qmlc
from qmlc.tools.options import Color
from qmlc.tools.report_errors import wants_color
from qmlc.training.errors import DataError
from qmlc.training.read_options import TrainOptions

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Wrong(Diagnostic):
    """Something is wrong.

    ```hqm
    bad
    ```

    ```hqm
    good
    ```
    """

    code = "E0999"
    title = "wrong"
    message = "this is wrong"


@dataclass(frozen=True)
class Doubtful(Wrong):
    code = "E0998"
    severity = "warning"


def diagnostics(path: Path) -> tuple[Diagnostic, ...]:
    """`wrong` and `odd` in a text make an error and a warning."""
    source = Source(path.name, path.read_text())
    kinds = {"wrong": Wrong, "odd": Doubtful}
    return tuple(k(Span(source, 0, 3)) for word, k in kinds.items() if word in source.text)


@pytest.fixture
def calls(monkeypatch):
    """A made-up driver in the place of the real one; what it was asked for."""
    asked: list[tuple] = []

    def compile_program(path, options):
        asked.append((path, options))
        if found := diagnostics(path):
            raise CompileError(found)
        vqc = CircuitSummary("vqc", "ibm:torino", 4, None, 12, "results", "vqc.qasm")
        return Output("fine", {"a.py": "", "vqc.qasm": ""}, ("a note",), (vqc,))

    driver = ModuleType("qmlc.driver")
    driver.check_file = diagnostics
    driver.compile_program = compile_program
    driver.emit_stage = lambda path, stage, options: f"<{stage}>\n"
    driver.emit_after = lambda path, name, options: f"<after {name}>\n"
    driver.time_passes = lambda path, options: ["<times>"]
    driver.explain_passes = lambda path, options, figures: ["<reasons>"]
    monkeypatch.setitem(sys.modules, "qmlc.driver", driver)
    figures = ModuleType("qmlc.planning.compare_units")
    figures.compare_units = None
    monkeypatch.setitem(sys.modules, "qmlc.planning.compare_units", figures)

    def measure(path, *arguments, **keywords):
        asked.append((path, *arguments, keywords))
        if "lost" in path.read_text():
            raise DataError("E0701", "a column is missing", file="iris.csv")
        if found := diagnostics(path):
            raise CompileError(found)
        return {"iris": {"loss": 0.25, "accuracy": 0.96667}}

    def predict(path, data, options, **keywords):
        measure(path, data, options, **keywords)
        return SimpleNamespace(to_csv=lambda stream, **_: stream.write("prediction\nsetosa\n"))

    program = ModuleType("qmlc.train_program")
    program.train_program = program.evaluate_program = measure
    program.predict_program = predict
    monkeypatch.setitem(sys.modules, "qmlc.train_program", program)
    return asked


@pytest.fixture
def run(monkeypatch, capsys, tmp_path, calls):
    """`run("check", "wrong")` is (status, stdout, stderr); words become programs that hold them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("tempfile.tempdir", None)

    def command(*arguments: str) -> tuple[int, str, str]:
        for argument in arguments:
            if argument.endswith(".hqm"):
                Path(argument).write_text(argument.removesuffix(".hqm"))
        monkeypatch.setattr(sys, "argv", ["qmlc", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return end.value.code, out, err

    return command


def test_help_is_as_expected(snapshot):
    lines = []
    for verb, command in qmlc.commands.items():
        lines += [f"qmlc {verb}", *(f"    {line}".rstrip() for line in command.help.splitlines())]
        for option in command.params:
            if option.param_type_name == "argument":
                lines.append(f"    {option.metavar}")
            else:
                lines.append(f"    {', '.join(option.opts)}: {option.help}")
        lines.append("")
    snapshot("\n".join(lines), HERE / "help.txt")


@pytest.mark.parametrize("verb", ["", *qmlc.commands])
def test_help_fits_and_is_not_cut(run, verb):
    status, out, _ = run(*[verb][: len(verb)], "--help")
    assert status == 0
    assert out.startswith(f"Usage: qmlc {verb}".rstrip())
    assert "..." not in out.replace("FILE...", "").replace("}...", "").replace("ARGS]...", "")


def test_check_right(run):
    assert run("check", "fine.hqm") == (0, "", "1 file checked: no errors\n")


def test_check_wrong(run):
    status, out, err = run("check", "wrong.hqm", "odd.hqm")
    assert status == 1
    assert out.startswith("error[E0999]: this is wrong\n --> wrong.hqm:1:1\n")
    assert "\n\nwarning[E0998]: this is wrong\n" in out
    assert err == "2 files checked: 1 error, 1 warning\n"


def test_warnings_alone_are_no_failure(run):
    assert run("check", "odd.hqm")[0] == 0


def test_check_formats(run):
    line = "wrong.hqm:1:1: error[E0999]: this is wrong\n"
    assert run("check", "--format", "concise", "wrong.hqm") == (1, line, "")
    status, out, err = run("check", "wrong.hqm", "--format", "json")
    assert (status, err) == (1, "")
    assert [d["code"] for d in json.loads(out)] == ["E0999"]
    assert json.loads(run("check", "fine.hqm", "--format", "json")[1]) == []
    status, out, _ = run("check", "wrong.hqm", "--format", "github")
    assert (status, out.startswith("::error file=wrong.hqm,line=1,")) == (1, True)


def test_color(run, monkeypatch):
    assert "\x1b[" in run("check", "wrong.hqm", "--color", "always")[1]
    assert "\x1b[" not in run("check", "wrong.hqm")[1]
    terminal = SimpleNamespace(isatty=lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert wants_color(Color.auto, terminal)
    assert not wants_color(Color.never, terminal)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_color(Color.auto, terminal)
    assert wants_color(Color.always, terminal)
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert wants_color(Color.auto, SimpleNamespace(isatty=lambda: False))


def test_compile_hands_its_options_on(run, calls):
    Path("w.safetensors").touch()
    status, out, err = run(
        "compile", "fine.hqm", "-o", "out", "--target", "ibm:torino", "--state", "w.safetensors",
        "--input", "mu=mu.npy", "--set", "n=6", "--set", "how=fast", "--set", "s=[0.5, true]",
        "-O1",
    )  # fmt: skip
    assert (status, err) == (0, "")
    assert out == (
        "out: a.py\n"
        "  circuit  form        qubits  depth  two-qubit  proved   file\n"
        "  vqc      ibm:torino       4      -         12  results  vqc.qasm\n"
        "note: a note\n"
    )
    ((path, options),) = calls
    assert path == Path("fine.hqm")
    assert asdict(options) == {
        "output": Path("out"),
        "target": "ibm:torino",
        "dialect": None,
        "state": Path("w.safetensors"),
        "inputs": {"mu": Path("mu.npy")},
        "settings": {"n": 6, "how": "fast", "s": [0.5, True]},
        "verify": "auto",
        "level": 1,
        "stages": (),
        "exports": (),
    }


def test_compile_formats(run):
    paths = f"{Path('out/a.py')}\n{Path('out/vqc.qasm')}\n"
    assert run("compile", "fine.hqm", "-o", "out", "--format", "concise") == (0, paths, "")
    report = json.loads(run("compile", "fine.hqm", "-o", "out", "--format", "json")[1])
    assert report["circuits"][0]["two_qubit_gates"] == 12
    assert report["notes"] == ["a note"]


def test_compile_of_a_wrong_program(run):
    status, out, err = run("compile", "wrong.hqm", "-o", "out")
    assert (status, out) == (1, "")
    assert err.startswith("error[E0999]: this is wrong\n")


def test_passes_are_shown(run, calls):
    command = ("compile", "fine.hqm", "--print-after", "merge_rotations", "--time-passes")
    assert run(*command) == (0, "<after merge_rotations>\n<times>\n", "")
    assert run("compile", "fine.hqm", "--explain-passes") == (0, "<reasons>\n", "")


def test_emit(run, calls):
    assert run("compile", "fine.hqm", "--emit", "tree,torch") == (0, "<tree>\n<torch>\n", "")
    assert not calls


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "nothing"], "nothing"),
        (["check"], "FILE"),
        (["chek"], "check"),
        (["compile", "fine.hqm"], "give -o DIR to write files, or --emit STAGES to print"),
        (["compile", "fine.hqm", "--emit", "touch"], "did you mean torch?"),
        (["compile", "fine.hqm", "-o", "out", "--set", "n"], "n should read NAME=VALUE"),
        (["compile", "fine.hqm", "-o", "out", "-O", "9"], "-O"),
        (["explain", "conv2"], "did you mean conv2d?"),
        (["train", "fine.hqm", "--epochs", "0"], "--epochs"),
    ],
)
def test_wrong_commands(run, arguments, message):
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert message in err


def test_explain(run):
    status, out, _ = run("explain", "e0104")
    assert status == 0
    assert out.startswith("E0104: too large\n\nA program is larger")
    assert "\n\nThis fails:\n\n    const x = (((" in out
    assert out.endswith("\n\nThis compiles:\n\n    const x = 1\n")
    assert "optimizer" in run("explain")[1]
    assert run("explain", "initialisers")[1].startswith("zeros ")
    assert "epochs" in run("explain", "train", "options")[1]
    assert run("explain", "torino")[1].startswith("ibm:torino: target\n")
    assert run("explain", "cnot")[1].startswith("cx: gate\n\n    cx a, b\n")


def test_train(run, calls):
    assert (
        run("train", "fine.hqm", "--name", "iris", "--epochs", "3", "--folder", "r", "-q")[0] == 0
    )
    ((path, options, keywords),) = calls
    assert (path, keywords) == (Path("fine.hqm"), {"name": "iris"})
    assert options == TrainOptions(epochs=3, folder=Path("r"), quiet=True)


def test_eval(run, calls):
    assert run("eval", "fine.hqm") == (0, "iris: loss 0.2500, accuracy 0.9667\n", "")
    assert json.loads(run("eval", "fine.hqm", "--format", "json")[1])["iris"]["loss"] == 0.25


def test_predict(run, calls):
    Path("rows.csv").touch()
    assert run("predict", "fine.hqm", "rows.csv") == (0, "prediction\nsetosa\n", "")
    assert run("predict", "fine.hqm", "rows.csv", "-o", "p.csv") == (0, "", "")
    assert calls[-1][-1] == {"name": None, "output": Path("p.csv")}


@pytest.mark.parametrize("verb", ["train", "eval"])
def test_wrong_data(run, verb):
    status, out, err = run(verb, "lost.hqm")
    assert (status, out, err) == (1, "", "error[E0701]: a column is missing\n --> iris.csv\n")
    line = "iris.csv: error[E0701]: a column is missing\n"
    assert run(verb, "lost.hqm", "--format", "concise")[2] == line
    assert json.loads(run(verb, "lost.hqm", "--format", "json")[2])[0]["code"] == "E0701"
    assert run(verb, "wrong.hqm")[0] == 1


@pytest.mark.parametrize("verb", ["train", "eval", "compile"])
def test_ctrl_c(run, monkeypatch, verb):
    def stopped(*arguments, **keywords):
        raise KeyboardInterrupt

    for name in ("train_program", "evaluate_program"):
        monkeypatch.setattr(sys.modules["qmlc.train_program"], name, stopped)
    monkeypatch.setattr(sys.modules["qmlc.driver"], "emit_stage", stopped)
    status, out, err = run(verb, "fine.hqm", *(["--emit", "tree"] if verb == "compile" else []))
    assert (status, out, err) == (130, "", "interrupted: what was written so far stays\n")


def test_version(run):
    status, out, _ = run("version", "--verbose")
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()[:3]] == ["qmlc", "python", "torch"]


def test_a_terminal_that_knows_ascii_only(run, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    assert run("check", "wrong_量.hqm")[0] == 1
    stream.flush()
    assert b"wrong_\\u91cf.hqm:1:1" in stream.buffer.getvalue()


def test_our_own_bug(run, monkeypatch):
    def broken(path):
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr(sys.modules["qmlc.driver"], "check_file", broken)
    status, out, err = run("check", "fine.hqm")
    assert (status, out) == (70, "")
    first, second = err.splitlines()
    assert first == "this is a bug in qmlc, not in your program: ZeroDivisionError: of ours"
    saved = Path(second.rpartition(" ")[2])
    assert "in broken" in saved.read_text()
    assert "'check', 'fine.hqm'" in saved.read_text()
    status, _, err = run("--debug", "check", "fine.hqm")
    assert status == 70
    assert err.startswith("Traceback")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (PermissionError(13, "Permission denied", "out"), "[Errno 13] Permission denied: 'out'"),
        (ModuleNotFoundError(name="qiskit_aer"), "this needs the Python package qiskit_aer"),
    ],
)
def test_what_the_machine_refuses_is_no_bug(run, monkeypatch, error, message):
    def refused(path):
        raise error

    monkeypatch.setattr(sys.modules["qmlc.driver"], "check_file", refused)
    status, _, err = run("check", "fine.hqm")
    assert status == 1
    assert err.startswith(f"error: {message}")
