"""What lands in a folder: the same bytes each time, all or nothing, no leftovers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from qmlc import load
from qmlc.driver import compile_file, emit_stage
from qmlc.output import make_output
from qmlc.output.options import CompileOptions
from qmlc.source.compile_error import CompileError

ROOT = Path(__file__).parents[3]
PROGRAMS = ROOT / "tests" / "programs"
EVOLUTION = """circuit exact(t: real) -> real {
    qubit q[2]
    evolve(X(q[0]) + Z(q[0]) * Z(q[1]), time=t) q
    return expval(Z(q[0]))
}
"""


def compiled(path, folder, **options):
    """What compiling reports."""
    return compile_file(path, CompileOptions(output=folder, **options))


def files(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def failure(path, folder, **options):
    """The one error of a compilation that must fail, and leave nothing behind."""
    before = files(folder) if folder.is_dir() else None
    with pytest.raises(CompileError) as caught:
        compiled(path, folder, **options)
    assert (files(folder) if folder.is_dir() else None) == before
    (error,) = caught.value.diagnostics
    return error


@pytest.fixture
def qubo():
    return PROGRAMS / "qubo.hqm"


@pytest.fixture
def template():
    return PROGRAMS / "template.hqm"


def test_the_same_bytes_in_every_process(tmp_path):
    for seed in "123":
        command = [PROGRAMS / "records.hqm", "-o", tmp_path / seed, "--target", "iqm:garnet"]
        subprocess.run(
            [sys.executable, "-m", "qmlc", "compile", *command],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        )
    assert files(tmp_path / "1") == files(tmp_path / "2") == files(tmp_path / "3")


def test_the_manifest_lists_the_files(qubo, tmp_path):
    report = compiled(qubo, tmp_path, settings={"n": 2}, target="iqm:garnet")
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["files"] == sorted(files(tmp_path))
    assert {p.relative_to(tmp_path).as_posix() for p in report.files} == set(manifest["files"])
    named = {f["file"] for c in manifest["circuits"] for f in c["files"]}
    assert named == {name for name in manifest["files"] if name.endswith(".qasm")}


def test_the_manifest_carries_deployments_with_their_options(tmp_path):
    program = ROOT / "examples" / "molecule" / "molecule.hqm"
    manifest = json.loads(emit_stage(program, "json", CompileOptions()))
    (deployment,) = manifest["deployments"]
    mitigation = {"readout": {}, "zne": {"scales": [1, 3, 5]}}
    assert deployment["options"] == {"shots": 8192, "mitigation": mitigation}
    assert (deployment["part"], deployment["target"]) == ("vqe", "ibm:torino")


def test_the_manifest_says_what_memory_circuits_need(tmp_path):
    path = tmp_path / "wide.hqm"
    path.write_text(
        "circuit wide(t: real) -> real { qubit q[19]\n ry(t) q\n rx(t) q\n reset q[0]\n"
        " return expval(Z(q[1])) }",
        encoding="utf-8",
    )
    compiled(path, tmp_path / "out")
    (circuit,) = json.loads((tmp_path / "out" / "manifest.json").read_text())["circuits"]
    state = 8 * 2**20
    assert circuit["memory"] == {"state": state, "forward": 2 * state, "gradient": 3 * state}
    # tables come on top
    assert 3 * state < load(path).wide().memory() < 4 * state


def test_what_an_earlier_compilation_wrote_goes_and_what_is_the_users_stays(template, tmp_path):
    compiled(template, tmp_path, settings={"n": 3})
    (tmp_path / "mine.qasm").write_text("mine")
    report = compiled(template, tmp_path)
    assert not (tmp_path / "template.qasm").exists()
    assert (tmp_path / "mine.qasm").read_text() == "mine"
    assert "template.qasm: an earlier compilation wrote it; removed" in report.notes


def test_another_program_in_the_same_folder_stays(template, qubo, tmp_path):
    compiled(template, tmp_path, settings={"n": 3})
    report = compiled(qubo, tmp_path, settings={"n": 2})
    assert (tmp_path / "template.qasm").exists()
    assert any("was that of `template`" in note for note in report.notes)


@pytest.mark.parametrize("name", ["../outside.txt", "/outside.txt", 7, "folder"])
def test_a_manifest_cannot_remove_what_lies_elsewhere(name, template, tmp_path):
    folder = tmp_path / "out"
    (folder / "folder").mkdir(parents=True)
    (tmp_path / "outside.txt").write_text("precious")
    content = {"program": "template", "compiler": {"name": "qmlc"}, "files": [name]}
    (folder / "manifest.json").write_text(json.dumps(content))
    compiled(template, folder)
    assert (tmp_path / "outside.txt").exists()
    assert (folder / "folder").is_dir()


@pytest.mark.parametrize("text", ["", "[]", "null", '{"compiler": 1}', "\x00"])
def test_a_strange_manifest_is_overwritten(text, template, tmp_path):
    (tmp_path / "manifest.json").write_text(text)
    compiled(template, tmp_path)
    assert json.loads((tmp_path / "manifest.json").read_text())["program"] == "template"


def test_a_folder_that_cannot_be_written(template, tmp_path):
    (tmp_path / "file").write_text("")
    error = failure(template, tmp_path / "file" / "out")
    assert error.code == "E0604"
    assert "cannot write" in error.message_text


def test_a_failure_halfway_changes_nothing(template, tmp_path, monkeypatch):
    compiled(template, tmp_path)
    write = Path.write_bytes

    def full(self, content):
        if "manifest" in self.name:
            write(self, content[:10])
            raise OSError(28, "No space left on device", str(self))
        return write(self, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    assert "No space left" in failure(template, tmp_path, settings={"n": 2}).message_text


@pytest.mark.parametrize(
    ("options", "code", "message", "proposal"),
    [
        ({"target": "ibm:torin"}, "E0502", "no device `ibm:torin`", "`ibm:torino`"),
        ({"settings": {"dept": 2, "n": 2}}, "E0603", "setting or size `dept`", "`depth`"),
        ({"settings": {"n": 2.5}}, "E0603", "`n` is a size, and 2.5 is none", "whole"),
        ({"settings": {"qubo.m": 2}}, "E0603", "`qubo.m`", "`qubo.n`"),
    ],
)
def test_wrong_options(options, code, message, proposal, qubo, tmp_path):
    options = {"settings": {"n": 2}, **options}
    error = failure(qubo, tmp_path / "out", **options)
    assert error.code == code
    assert message in error.message_text
    assert proposal in error.help_text


def test_wrong_inputs(qubo, tmp_path):
    np.save(tmp_path / "three.npy", np.ones(3))
    (tmp_path / "text.npy").write_text("no numbers")
    (tmp_path / "empty.npy").write_text("")
    np.save(tmp_path / "complex.npy", np.ones(2) * 1j)
    np.save(tmp_path / "nan.npy", np.full(2, np.nan))
    (tmp_path / "deep.json").write_text("[" * 100_000)
    for name, file, code, message in [
        ("mu", "three.npy", "E0602", "`mu` has another shape"),
        ("nu", "three.npy", "E0602", "no circuit of `qubo` has an input `nu`"),
        ("qubo.nu", "three.npy", "E0602", "`qubo.nu`"),
        ("mu", "text.npy", "E0601", "cannot read"),
        ("mu", "none.npy", "E0601", "cannot read"),
        ("mu", "empty.npy", "E0601", "cannot read"),
        ("mu", "complex.npy", "E0601", "not real numbers"),
        ("mu", "deep.json", "E0601", "cannot read"),
        ("mu", "nan.npy", "E0602", "nan"),
    ]:
        inputs = {name: tmp_path / file}
        error = failure(qubo, tmp_path / "out", settings={"n": 2}, inputs=inputs)
        assert error.code == code
        assert message in error.message_text


def test_wrong_weights(qubo, tmp_path):
    (tmp_path / "text").write_text("no weights")
    save_file({"other": np.ones(1)}, tmp_path / "other")
    save_file({"gamma": np.ones(2), "beta": np.ones(1)}, tmp_path / "shape")
    for file, code, message in [
        ("text", "E0601", "cannot read"),
        ("other", "E0602", "fit no part of `qubo`"),
        ("shape", "E0602", "`gamma` has another shape"),
    ]:
        state = tmp_path / file
        error = failure(qubo, tmp_path / "out", settings={"n": 2}, state=state)
        assert error.code == code
        assert message in error.message_text


def test_an_exact_evolution_needs_a_method_on_a_device(tmp_path):
    path = tmp_path / "exact.hqm"
    path.write_text(EVOLUTION)
    assert any("no OpenQASM" in note for note in compiled(path, tmp_path / "plain").notes)
    error = failure(path, tmp_path / "out", target="ibm:torino")
    assert error.code == "E0501"
    assert error.at.text.startswith("evolve(X(q[0])")
    assert "method=trotter" in error.help_text


def test_a_device_makes_a_state_and_does_not_measure_it(tmp_path):
    path = tmp_path / "ghz.hqm"
    path.write_text(
        "circuit ghz() -> complex[8] {\n    qubit q[3]\n    h q[0]\n    cx q[0], q[1:3]\n"
        "    return state(q)\n}\n",
        "utf-8",
    )
    report = compiled(path, tmp_path / "out", target="ibm:torino")
    assert [c.proved for c in report.circuits] == ["unitary", "unitary"]
    text = (tmp_path / "out" / "ghz.ibm_torino.qasm").read_text("utf-8")
    assert "measure" not in text.replace("nothing is measured", "") and text.count("cz $") == 2


def test_openqasm_2_needs_numbers(qubo):
    with pytest.raises(CompileError) as caught:
        emit_stage(qubo, "qasm2", CompileOptions(settings={"n": 2}))
    (error,) = caught.value.diagnostics
    assert error.message_text == "OpenQASM 2 needs numbers for `mu`, `sigma`, `gamma`, `beta`"
    assert "--state" in error.help_text


def test_the_manifest_says_what_was_proved(qubo, tmp_path):
    for verify in ("auto", "off"):
        compiled(qubo, tmp_path, settings={"n": 2}, verify=verify)
        manifest = json.loads((tmp_path / "manifest.json").read_text())
        (file,) = manifest["circuits"][0]["files"]
        proof = file.get("certificate")
        if verify == "off":
            assert proof is None
        else:
            assert (proof["equal"], proof["method"]) == ("unitary", "statevectors")


def test_a_text_that_differs_is_not_written(qubo, tmp_path, monkeypatch):
    real = make_output.logical_qasm
    monkeypatch.setattr(
        make_output, "logical_qasm", lambda *given: re.sub("cx .*;", "", real(*given), count=1)
    )
    error = failure(qubo, tmp_path / "out", settings={"n": 2})
    assert error.code == "E0505"
    assert "would differ from the program: " in error.message_text
    compiled(qubo, tmp_path / "out", settings={"n": 2}, verify="off")


def test_every_stage_prints(qubo):
    for stage in "tokens tree graph optimised circuit torch qasm3 dot json".split():
        text = emit_stage(qubo, stage, CompileOptions(settings={"n": 2}))
        assert text or stage == "dot"
    device = emit_stage(qubo, "qasm3", CompileOptions(settings={"n": 2}, target="ibm:torino"))
    assert "= measure $" in device


@pytest.mark.parametrize(
    ("program", "module"),
    [
        ("iris", "iris"),
        ("01_iris", "01_iris"),
        ("torch", "torch_"),
        ("types", "types_"),
        ("my-net.v2", "my_net_v2"),
        ("class", "class_"),
    ],
)
def test_modules_hide_no_other_module(program, module):
    assert make_output.module_name(program) == module
