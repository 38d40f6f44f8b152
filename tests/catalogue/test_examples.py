"""Contracts over every example: it checks clean, compiles, prints its stages, trains an epoch."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from qmlc.driver import analyse_file, check_file, compile_file, emit_stage
from qmlc.ir.program import Training
from qmlc.output.options import CompileOptions
from qmlc.source.render import render_human
from qmlc.training.read_options import TrainOptions

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*/*.hqm"))
GOLDEN = ROOT / "tests" / "golden"
SETTINGS = {"portfolio": {"n": 3}, "modifiers": {"bits": 2}}
"""What an example leaves open."""
LEVEL = CompileOptions().level

every_example = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)


def options(path: Path, **more) -> CompileOptions:
    return CompileOptions(settings=SETTINGS.get(path.stem, {}), level=LEVEL, **more)


@every_example
def test_it_checks_clean(path):
    assert not "\n".join(map(render_human, check_file(path)))


@every_example
@pytest.mark.parametrize("stage", ["graph", "circuit", "torch", "qasm3"])
def test_its_stages_are_as_expected(path, stage, snapshot):
    suffix = {"torch": "py.txt", "qasm3": "qasm"}.get(stage, f"{stage}.txt")
    snapshot(emit_stage(path, stage, options(path)), GOLDEN / f"{path.stem}.{suffix}")


@every_example
def test_it_compiles_to_the_same_bytes_twice(path, tmp_path):
    written = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        report = compile_file(path, options(path, output=folder))
        written.append({p.relative_to(folder): p.read_bytes() for p in report.files})
        manifest = json.loads((folder / "manifest.json").read_text())
        assert sorted(p.as_posix() for p in written[-1]) == manifest["files"]
        assert {c.file for c in report.circuits} <= set(manifest["files"])
    assert written[0] == written[1]


TRAININGS: list[tuple[Path, Training]] = [
    (path, training) for path in EXAMPLES for training in analyse_file(path).program.trainings
]


@pytest.mark.parametrize(
    ("path", "training"), TRAININGS, ids=[f"{p.stem}-{t.name}" for p, t in TRAININGS]
)
def test_it_trains(path, training, tmp_path, monkeypatch):
    from qmlc.train_program import evaluate_program, train_program

    monkeypatch.chdir(tmp_path)
    shutil.copytree(path.parent, tmp_path / "program")
    program = tmp_path / "program" / path.name
    given = TrainOptions(quiet=True)
    given = replace(given, epochs=1) if training.data else replace(given, steps=2)
    (result,) = train_program(program, given, name=training.name).values()
    ((_, measured),) = evaluate_program(program, name=training.name).items()
    last = list(result.measurements)[-1]
    assert measured["loss"] == pytest.approx(result.measurements[last].loss, rel=1e-5)
