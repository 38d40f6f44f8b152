"""Every program is one graph for torch, for batches of any size: compiled, traced, exported."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import qmlc
from qmlc.export.example import make_example, make_tensors
from qmlc.source.compile_error import CompileError

ROOT = Path(__file__).parent.parent.parent
PROGRAMS = sorted([*(ROOT / "examples").glob("*/*.hqm"), *(ROOT / "tests/programs").glob("*.hqm")])
SETTINGS = {"portfolio": {"n": 3}}
"""What an example leaves open."""
LIGHT = ("teleport", "shared_instance")
"""Those that are tried where not all are."""


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_it_is_one_graph_for_batches_of_any_size(path, request, monkeypatch):
    if path.stem not in LIGHT and not request.config.getoption("--deep"):
        pytest.skip("torch takes seconds to trace a program")
    monkeypatch.chdir(path.parent)
    try:
        program = qmlc.load(path, **SETTINGS.get(path.stem, {}))
    except CompileError as error:
        pytest.skip(f"{error}")  # it runs code of its own
    for unit in program.program.units:
        if not any(result.shots for result in (unit.circuit.results if unit.circuit else ())):
            check(unit, program.class_named(unit.class_name)().eval())


def check(unit, module):
    """Compiled and exported in both ways, a module computes what it does, for other sizes, too."""
    example = make_example(unit, module)
    forms = [torch.compile(example.module, backend="aot_eager", fullgraph=True)]
    forms += [example.trace(strict=strict).module() for strict in (False, True)]
    for tensors in (example.tensors, make_tensors(example.fields, 6)):
        try:
            expected = example.module(*tensors)
        except (ValueError, RuntimeError, IndexError):
            continue  # a size that the program refuses
        for form in forms:
            torch.testing.assert_close(form(*tensors), expected, equal_nan=True)
    torch._dynamo.reset()
