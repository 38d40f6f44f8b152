"""What is compiled is what was written: Python in a fresh process against Qiskit on the files."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from read_manifest import device_results, read_manifest, results_of
from safetensors.numpy import save_file
from safetensors.torch import save_model

import qmlc
from qmlc.tools.main import main

HERE = Path(__file__).parent
PROGRAMS = sorted((HERE.parent / "programs").glob("*.hqm"))
BATCH = 2


def options(path):
    """The options on the first line of a program: `# --set n=3`."""
    first = path.read_text(encoding="utf-8").splitlines()[0]
    return first.removeprefix("# ").split() if first.startswith("# --") else []


def compile_program(*arguments):
    """Run the command line in this process; its exit status."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as end:
        patch.setattr(sys, "argv", ["qmlc", "compile", *map(str, arguments)])
        main()
    return end.value.code or 0


def shape_of(kind, batch=BATCH):
    """`[2, 4]` of `real[B, 4]`."""
    inside = kind.partition("[")[2].removesuffix("]")
    return [int(d) if d.isdigit() else batch for d in inside.split(", ")] if inside else []


def draw(random, shape):
    """Numbers that all functions of angles take."""
    return random.uniform(0.15, 0.85, shape).tolist()


def circuit_job(circuit, random):
    """Random numbers for a circuit: its inputs, parameters, a direction, weights of results."""
    inputs = {name: draw(random, shape_of(kind)) for name, kind in circuit["inputs"].items()}
    parameters = {name: draw(random, shape) for name, shape in circuit["parameters"].items()}
    both = {**inputs, **parameters}
    return {
        "class": circuit["class"],
        "inputs": inputs,
        "parameters": parameters,
        "direction": {name: random.normal(size=np.shape(v)).tolist() for name, v in both.items()},
        "weights": [
            random.normal(size=(2 if r["kind"] == "state" else 1, *r["shape"])).tolist()
            for r in circuit["results"]
        ],
    }


def make_jobs(folder, seed=0):
    """What the fresh process is to run of a compiled program."""
    random, manifest = np.random.default_rng(seed), read_manifest(folder)
    return {
        "path": str(folder),
        "module": manifest["module"],
        "circuits": [circuit_job(c, random) for c in manifest["circuits"]],
        "models": [
            {
                "class": model["class"],
                "inputs": {n: draw(random, shape_of(k)) for n, k in model["inputs"].items()},
            }
            for model in manifest["models"]
            if model["kind"] == "model"
        ],
    }


def run_fresh(jobs, folder):
    """The answers of a process that knows only the folders of the jobs."""
    (folder / "jobs.json").write_text(json.dumps(jobs))
    command = [HERE / "run_compiled.py", folder / "jobs.json", folder / "answers.json"]
    subprocess.run([sys.executable, *command], check=True, cwd=folder, env=environment())
    return json.loads((folder / "answers.json").read_text())


def environment(**more):
    return {**os.environ, "PYTHONPATH": str(HERE.parent.parent), **more}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """For each program its folder, its jobs and the answers of the fresh process."""
    base = tmp_path_factory.mktemp("compiled")
    jobs = {}
    for path in PROGRAMS:
        folder = base / path.stem
        assert compile_program(path, "-o", folder, *options(path)) == 0, path
        jobs[path.stem] = make_jobs(folder)
    answers = run_fresh(list(jobs.values()), base)
    return {
        name: (base / name, job, answer)
        for (name, job), answer in zip(jobs.items(), answers, strict=True)
    }


def differences(found, wanted):
    return max(
        np.max(np.abs(np.asarray(a) - np.asarray(b)), initial=0)
        for one, other in zip(found, wanted, strict=True)
        for a, b in zip(one, other, strict=True)
    )


def weighted(results, weights):
    return sum(
        np.sum(np.asarray(part) * np.asarray(w))
        for result, weight in zip(results, weights, strict=True)
        for part, w in zip(result, weight, strict=True)
    )


def check_circuit(folder, circuit, job, answer, results=results_of):
    """Values to 1e-6 and 1e-10, the slope to a finite difference."""
    values = {**job["inputs"], **job["parameters"]}
    wanted = results(folder, circuit, values)
    for found, part in zip(answer["torch.float64"], wanted, strict=True):
        assert [np.shape(f) for f in found] == [np.shape(p) for p in part]
    assert differences(answer["torch.float64"], wanted) < 1e-10
    assert differences(answer["torch.float32"], wanted) < 3e-6
    step, ends = 1e-5, []
    for sign in (1, -1):
        moved = {
            n: np.asarray(v) + sign * step * np.asarray(job["direction"][n])
            for n, v in values.items()
        }
        ends.append(weighted(results(folder, circuit, moved), job["weights"]))
    difference = (ends[0] - ends[1]) / (2 * step)
    assert answer["slope"] == pytest.approx(difference, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("name", [p.stem for p in PROGRAMS])
def test_circuits_are_what_the_files_say(name, compiled):
    folder, job, answer = compiled[name]
    assert "error" not in answer, answer["error"]
    circuits = read_manifest(folder)["circuits"]
    assert circuits
    for circuit, given, found in zip(circuits, job["circuits"], answer["circuits"], strict=True):
        check_circuit(folder, circuit, given, found)


@pytest.mark.parametrize("name", [p.stem for p in PROGRAMS if "\nmodel " in p.read_text()])
def test_circuits_inside_models_are_what_the_files_say(name, compiled):
    folder, _, answer = compiled[name]
    assert "error" not in answer, answer["error"]
    circuits = {c["class"]: c for c in read_manifest(folder)["circuits"]}
    for model in answer["models"]:
        assert model["finite"]
        assert model["gradient"]
        assert model["seen"]
        for seen in model["seen"][:3]:
            circuit = circuits[seen["class"]]
            check_call(folder, circuit, seen)


def check_call(folder, circuit, seen):
    """The first and last example of a call of a circuit."""
    ranks = [len(shape_of(kind)) for kind in circuit["inputs"].values()]
    shapes = [np.shape(v)[: np.ndim(v) - r] for v, r in zip(seen["inputs"], ranks, strict=True)]
    batch = np.broadcast_shapes(*shapes)
    for index in {(0,) * len(batch), tuple(n - 1 for n in batch)}:
        values = dict(seen["parameters"])
        for (name, kind), value in zip(circuit["inputs"].items(), seen["inputs"], strict=True):
            values[name] = np.broadcast_to(value, (*batch, *shape_of(kind)))[index]
        wanted = results_of(folder, circuit, values)
        found = [[np.asarray(part)[index] for part in result] for result in seen["results"]]
        assert differences(found, wanted) < 1e-10


BOUND = ["functions", "qubo", "magnet", "commuting", "names", "zoo", "natives"]


@pytest.mark.parametrize("version", [3, 2])
@pytest.mark.parametrize("name", BOUND)
def test_bound_files_say_the_same(name, version, compiled, tmp_path):
    _, jobs, answer = compiled[name]
    path = next(p for p in PROGRAMS if p.stem == name)
    job, found = jobs["circuits"][0], answer["circuits"][0]
    arguments = [path, "-o", tmp_path, *options(path), "--emit", f"qasm{version}"]
    if job["parameters"]:
        state = {k: np.asarray(v) for k, v in job["parameters"].items()}
        save_file(state, tmp_path / "state.safetensors")
        arguments += ["--state", tmp_path / "state.safetensors"]
    for key, value in job["inputs"].items():
        np.save(tmp_path / f"{key}.npy", np.asarray(value))
        arguments += ["--input", f"{key}={tmp_path / key}.npy"]
    assert compile_program(*arguments) == 0
    (circuit,) = read_manifest(tmp_path)["circuits"]
    wanted = results_of(tmp_path, circuit, {}, f"OpenQASM {version}")
    assert differences(found["torch.float64"], wanted) < 1e-10


def test_weights_bind_each_circuit_of_a_model(compiled, tmp_path):
    net = qmlc.load(HERE.parent / "programs" / "records.hqm").stack().double()
    save_model(net, tmp_path / "state.safetensors")
    out = tmp_path / "out"
    path = HERE.parent / "programs" / "records.hqm"
    assert compile_program(path, "-o", out, "--state", tmp_path / "state.safetensors") == 0
    circuits = read_manifest(out)["circuits"]
    assert [c["name"] for c in circuits] == ["block.0.cell", "block.1.cell", "cell"]
    x = torch.tensor([0.2, 0.5, -0.3], dtype=torch.float64)
    for circuit in circuits:
        found = [[r.detach().numpy()] for r in net.get_submodule(circuit["name"])(x)]
        assert differences(found, results_of(out, circuit, {"x": x.tolist()})) < 1e-10


def test_a_template_is_compiled_by_the_module_that_was_written(tmp_path):
    for name, arguments in {"template": "n=3", "qubo": "depth=2, n=2"}.items():
        folder = tmp_path / name
        path = HERE.parent / "programs" / f"{name}.hqm"
        assert compile_program(path, "-o", folder) == 0
        code = f"import {name}; print({name}.{name.title()}({arguments}).qasm())"
        command = [sys.executable, "-c", code]
        made = subprocess.run(
            command, cwd=folder, env=environment(), check=True, capture_output=True, text=True
        )
        assert made.stdout.startswith("OPENQASM 3.0;")
        wrong = [sys.executable, "-c", f"import {name}; {name}.{name.title()}()"]
        told = subprocess.run(wrong, cwd=folder, env=environment(), capture_output=True, text=True)
        assert f"TypeError: {name.title()} needs `n`" in told.stderr


DEVICES = [
    ("broadcasting", "ibm:torino"),
    ("records", "iqm:garnet"),
    ("feed_forward", "quantinuum:h2"),
    ("qubo", "ibm:torino"),
    ("functions", "ionq:forte"),
    ("magnet", "google:willow"),
    ("order", "ibm:brisbane"),
]


@pytest.mark.parametrize(("name", "target"), DEVICES)
def test_device_files_measure_the_same(name, target, compiled, tmp_path):
    _, jobs, answer = compiled[name]
    path = next(p for p in PROGRAMS if p.stem == name)
    device = ["--target", target, "--dialect", "openqasm3"]  # which Qiskit reads
    assert compile_program(path, "-o", tmp_path, *options(path), *device) == 0
    circuits = read_manifest(tmp_path)["circuits"]
    for circuit, job, found in zip(circuits, jobs["circuits"], answer["circuits"], strict=True):
        values = {**job["inputs"], **job["parameters"]}
        wanted = device_results(tmp_path, circuit, values, target)
        assert differences(found["torch.float64"], wanted) < 1e-6
