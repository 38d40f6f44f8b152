"""Every program is one graph for torch, for batches of any size: compiled, traced, exported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch.utils._pytree import tree_leaves as leaves

import qmlc
from qmlc.export.errors import NotExportableError
from qmlc.export.example import make_example, make_tensors
from qmlc.export.export_onnx import export_onnx
from qmlc.source.compile_error import CompileError

ROOT = Path(__file__).parent.parent.parent
PROGRAMS = sorted([*(ROOT / "examples").glob("*/*.hqm"), *(ROOT / "tests/programs").glob("*.hqm")])
SETTINGS = {"portfolio": {"n": 3}}
"""What an example leaves open."""
LIGHT = ("molecule", "teleport", "shared_instance")
"""Those that are tried where not all are."""


every_program = pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)


@every_program
def test_it_is_one_graph_for_batches_of_any_size(path, request, monkeypatch):
    for unit, module in parts(path, LIGHT, request, monkeypatch):
        check(make_example(unit, module))


@every_program
def test_onnx_computes_what_it_does(path, request, monkeypatch):
    for unit, module in parts(path, ("no_inputs",), request, monkeypatch):
        example = make_example(unit, module)
        try:
            data, _ = export_onnx(example)
        except NotExportableError:
            continue
        session = onnxruntime.InferenceSession(data)
        for tensors, expected in runs(example):
            names = [field.name for field in example.fields]
            given = dict(zip(names, [t.numpy() for t in tensors], strict=True))
            for found, value in zip(session.run(None, given), leaves(expected), strict=True):
                numbers = torch.view_as_real(value) if value.is_complex() else value
                np.testing.assert_allclose(found, numbers, rtol=1e-4, atol=1e-5)


def parts(path, light, request, monkeypatch):
    """The parts of a program in evaluation mode that draw nothing at random."""
    if path.stem not in light and not request.config.getoption("--deep"):
        pytest.skip("torch takes seconds to trace a program")
    monkeypatch.chdir(path.parent)
    try:
        program = qmlc.load(path, **SETTINGS.get(path.stem, {}))
    except CompileError as error:
        pytest.skip(f"{error}")  # it runs code of its own
    for unit in program.program.units:
        if not any(result.shots for result in (unit.circuit.results if unit.circuit else ())):
            yield unit, program.class_named(unit.class_name)().eval()


def runs(example):
    """Inputs of two sizes, and what the module makes of them."""
    for tensors in (example.tensors, make_tensors(example.fields, 6)):
        try:
            with torch.no_grad():
                yield tensors, example.module(*tensors)
        except (ValueError, RuntimeError, IndexError):
            continue  # a size that the program refuses


def check(example):
    """Compiled and exported in both ways, a module computes what it does, for other sizes, too."""
    forms = [torch.compile(example.module, backend="aot_eager", fullgraph=True)]
    forms += [example.trace(strict=strict).module() for strict in (False, True)]
    for tensors, expected in runs(example):
        for form in forms:
            torch.testing.assert_close(form(*tensors), expected, equal_nan=True)
    torch._dynamo.reset()
