"""qmlc: the program's text, compiled, as the `torch.nn.Module` that a user gets."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.adapters.side import TorchSide
from benchmarks.circuits import Case
from benchmarks.write_program import write_program
from qmlc import load


def make(case: Case) -> TorchSide:
    """The compiled workload on the case's numbers."""
    module = compile_workload(case)
    if case.kind == "overlaps":
        return TorchSide(case, lambda x, _: module(x, x))
    weights = getattr(module, "weights", None)
    arguments = slice(0, 1 if case.num_inputs else 0)
    single = len(case.observables) == 1

    def call(x: Any, _: Any) -> Any:
        values = module(*(x,)[arguments])
        return values.reshape(case.shape) if single else values

    return TorchSide(case, call, weights)


def compile_workload(case: Case) -> Any:
    """The module of the case's program."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.hqm"
        path.write_text(write_program(case), encoding="utf-8")
        return load(path).workload()
