"""Models as files for other runtimes: what they compute there, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import save_file

import qmlc
from qmlc.tools.compile import compile_program

HYBRID = """
circuit vqc(x: real[2]) -> (z: real[2], amplitudes: complex[4]) {
    param w: real[2] ~ uniform(0, 2*pi)
    qubit q[2]
    ry(x) q
    rx(w) q
    cx q[0], q[1]
    return (z=expval(Z(q)), amplitudes=state(q))
}

model m(x: real[B, T, 2], mask: bool[B, T]) -> (scores: real[B, 3], amplitudes: complex[B, T, 4]) {
    let made = vqc(x)
    return (scores=mean(made.z, dim=1, where=mask) |> linear(3), amplitudes=made.amplitudes)
}
"""
PLAIN = "model m(x: real[B, 3]) -> real[B, 2] = x |> linear(2) |> relu\n"
SMALL = "circuit c(x: real) -> real { qubit q\n ry(x) q\n return expval(Z(q)) }\n"
CIRCUIT = "circuit c(x: real) -> {kind} {{\n qubit q[{n}]\n ry(x) q[0]\n return {result}\n}}\n"


def compiled(folder: Path, text: str, *options: str):
    """What `qmlc compile` does with a program."""
    (folder / "p.hqm").write_text(text)
    given = [str(folder / "p.hqm"), "-o", str(folder / "out"), "--verify", "off", *options]
    return CliRunner().invoke(compile_program, given)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The hybrid model with weights of its own, and the folder that it was written into."""
    folder = tmp_path_factory.mktemp("onnx")
    (folder / "p.hqm").write_text(HYBRID)
    model = qmlc.load(folder / "p.hqm").m().eval()
    save_file(model.state_dict(), folder / "w.safetensors")
    done = compiled(folder, HYBRID, "--emit", "onnx", "--state", str(folder / "w.safetensors"))
    assert done.exit_code == 0, done.output
    return model, folder / "out"


@pytest.mark.parametrize(("batch", "length"), [(1, 1), (5, 3)])
def test_onnx_computes_what_the_model_does(exported, batch, length):
    model, folder = exported
    session = onnxruntime.InferenceSession(folder / "m.onnx")
    x, mask = torch.randn(batch, length, 2), torch.rand(batch, length) < 0.5
    scores, amplitudes = session.run(None, {"x": x.numpy(), "mask": mask.numpy()})
    with torch.no_grad():
        expected = model(x, mask)
    np.testing.assert_allclose(scores, expected.scores, rtol=0, atol=1e-5)
    parts = torch.view_as_real(expected.amplitudes)
    np.testing.assert_allclose(amplitudes, parts, rtol=0, atol=1e-5)


def test_the_file_and_the_manifest_say_what_it_takes_and_yields(exported):
    _, folder = exported
    model = onnx.load(folder / "m.onnx")
    onnx.checker.check_model(model, full_check=True)
    manifest = json.loads((folder / "manifest.json").read_text())
    (entry,) = manifest["exports"]
    assert (entry["file"], entry["format"], entry["part"]) == ("m.onnx", "onnx", "m")
    assert "m.onnx" in manifest["files"]
    told = {
        part: [
            {
                "name": value.name,
                "dtype": {1: "float32", 9: "bool"}[value.type.tensor_type.elem_type],
                "shape": [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim],
            }
            for value in getattr(model.graph, part[:-1])
        ]
        for part in ("inputs", "outputs")
    }
    assert told == {part: entry[part] for part in told}
    assert [value["shape"] for value in told["inputs"]] == [["B", "T", 2], ["B", "T"]]
    assert b"site-packages" not in (folder / "m.onnx").read_bytes()


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (CIRCUIT.format(kind="real", n=11, result="expval(Z(q[0]))"), ["onnx"], "has 11 qubits"),
        (CIRCUIT.format(kind="int[4]", n=2, result="counts(q, shots=8)"), ["onnx"], "at random"),
        (CIRCUIT.format(kind="real", n=2, result="entropy(q[0])"), ["onnx"], "eigvalsh"),
        ("layer l(x: real[B, d]) -> real[B, d] = linear(d)(x)", ["onnx"], "give --set d=…"),
        (PLAIN, ["onnx", "--state", "other"], "fit no model"),
        (PLAIN, ["onnx", "--state", "broken"], "cannot read `broken`"),
    ],
)  # fmt: skip
def test_what_cannot_be_exported_is_refused(text, options, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_file({"w": torch.ones(1)}, "other")
    Path("broken").write_text("?")
    done = compiled(tmp_path, text, "--emit", *options)
    assert done.exit_code == 1
    assert said in done.stderr
    assert not (tmp_path / "out").exists()


def test_what_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("qmlc.export.export_onnx.PACKAGES", ("no_such_package",))
    assert "pip install 'qmlc[onnx]'" in compiled(tmp_path, PLAIN, "--emit", "onnx").stderr
    monkeypatch.setattr("torch._inductor.config.cpp.cxx", ("no_such_compiler",))
    done = compiled(tmp_path, PLAIN, "--emit", "aoti")
    assert "no C++ compiler" in done.stderr
    assert compiled(tmp_path, PLAIN, "--emit", "onx").exit_code == 2


LOAD = """
import sys, torch
{before}
model = torch._inductor.aoti_load_package("m.pt2")
print(model(torch.ones(5, 3)).tolist() if "{part}" == "m" else model(torch.ones(5)).tolist())
"""


@pytest.mark.parametrize(("text", "part", "before"), [
    (PLAIN, "m", ""),
    (SMALL, "c", "import p; kept = p.C()"),
])  # fmt: skip
def test_a_package_runs_in_a_fresh_process(text, part, before, tmp_path, request):
    if not request.config.getoption("--deep"):
        pytest.skip("a C++ compiler takes half a minute")
    done = compiled(tmp_path, text, "--emit", "aoti")
    assert done.exit_code == 0, done.output
    code = LOAD.format(before=before, part=part).replace("m.pt2", f"{part}.pt2")
    run = [sys.executable, "-c", code]
    found = subprocess.run(run, cwd=tmp_path / "out", capture_output=True, text=True, check=False)
    torch.manual_seed(0)
    module = qmlc.load(tmp_path / "p.hqm").class_of(part)().eval()
    expected = module(torch.ones(5, 3) if part == "m" else torch.ones(5)).tolist()
    np.testing.assert_allclose(json.loads(found.stdout), expected, atol=1e-6)
    if before:
        without = [sys.executable, "-c", code.replace(before, "")]
        refused = subprocess.run(
            without, cwd=tmp_path / "out", capture_output=True, text=True, check=False
        )
        assert "qmlc::circuit" in refused.stderr
