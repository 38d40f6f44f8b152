"""Random texts mean the same to torch and, through the written OpenQASM, to Qiskit."""

import importlib.util
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from draw_programs import programs
from hypothesis import given, settings
from read_manifest import device_results, read_manifest, results_of
from run_compiled import run_circuit
from test_end_to_end import check_circuit, circuit_job, differences

from qmlc.driver import compile_file
from qmlc.output.options import CompileOptions


def compile_text(text, folder, **options):
    """The manifest and the module of a text, compiled into a folder."""
    path = Path(folder) / "text.hqm"
    path.write_text(text)
    compile_file(path, CompileOptions(output=Path(folder) / "out", **options))
    manifest = read_manifest(Path(folder) / "out")
    file = Path(folder) / "out" / f"{manifest['module']}.py"
    spec = importlib.util.spec_from_file_location("compiled_text", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return Path(folder) / "out", manifest["circuits"][0], module


@given(programs())
def test_torch_and_qiskit_agree(text):
    with tempfile.TemporaryDirectory() as folder:
        out, circuit, module = compile_text(text, folder)
        job = circuit_job(circuit, np.random.default_rng(1))
        check_circuit(out, circuit, job, run_circuit(module, job))


@given(programs())
@settings(max_examples=8)
def test_all_levels_agree(text):
    answers = []
    for level in range(4):
        with tempfile.TemporaryDirectory() as folder:
            out, circuit, module = compile_text(text, folder, level=level)
            job = circuit_job(circuit, np.random.default_rng(2))
            answers.append((circuit, run_circuit(module, job)["torch.float64"]))
            values = {**job["inputs"], **job["parameters"]}
            assert differences(answers[-1][1], results_of(out, circuit, values)) < 1e-10
    for (_, first), (_, other) in pairwise(answers):
        assert differences(first, other) < 1e-10
    gates = [c["gates"] for c, _ in answers]
    assert gates[0] >= gates[1] >= gates[2] >= gates[3]


@pytest.mark.parametrize("target", ["ibm:torino", "google:willow", "quantinuum:h2"])
@given(text=programs().filter(lambda t: "measure" not in t and "s=state" not in t))
@settings(max_examples=3)
def test_devices_agree(text, target):
    with tempfile.TemporaryDirectory() as folder:
        out, circuit, module = compile_text(text, folder, target=target, dialect="openqasm3")
        job = circuit_job(circuit, np.random.default_rng(3))
        net = run_circuit(module, job)["torch.float64"]
        values = {**job["inputs"], **job["parameters"]}
        assert differences(net, device_results(out, circuit, values, target)) < 1e-6
