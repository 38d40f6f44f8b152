"""A model as a package of AOTInductor: native code, which calls the kernels that run circuits."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from torch._inductor.cpp_builder import get_cpp_compiler
from torch._inductor.exc import InvalidCxxCompiler

from qmlc.export.errors import NotExportableError
from qmlc.export.example import Example
from qmlc.export.quiet_torch import quiet_torch


def export_aoti(example: Example) -> tuple[bytes, torch.export.ExportedProgram]:
    """The package of a model in evaluation mode, and what it was made of; NotExportableError.

    Circuits in it are the operator `qmlc::circuit`, which a process has once the modules that hold
    them were made there.
    """
    try:
        get_cpp_compiler()
    except InvalidCxxCompiler:
        what = "no C++ compiler was found, with which AOTInductor makes a package"
        proposal = "install g++ or clang++, or name one in the environment variable CXX"
        raise NotExportableError(what, proposal) from None
    program = example.trace()
    with tempfile.TemporaryDirectory() as folder, quiet_torch():
        path = Path(folder) / "model.pt2"
        torch._inductor.aoti_compile_and_package(program, package_path=str(path))
        return path.read_bytes(), program
