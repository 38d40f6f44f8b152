"""A model as ONNX, circuits included, as operations on real numbers."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from copy import deepcopy
from dataclasses import replace
from importlib.util import find_spec

import torch

from qmlc.export.errors import INSTEAD, NotExportableError
from qmlc.export.example import Example, size_names
from qmlc.export.lower_complex import RealModule, is_complex
from qmlc.export.quiet_torch import quiet_torch
from qmlc.runtime.circuit_module import CircuitModule

MAX_QUBITS = 10
"""Of a circuit: tables in the file grow with its states."""
MAX_OPERATIONS = 20_000
"""Nodes of the traced graph: torch's exporter takes milliseconds for each."""
OPSET = 20
PACKAGES = ("onnx", "onnxscript")


def export_onnx(example: Example) -> tuple[bytes, torch.export.ExportedProgram]:
    """The file of a model in evaluation mode, and what it was made of; NotExportableError.

    Inputs and results have the author's names, and so do sizes that vary. A complex result has one
    more axis, of its real and its imaginary part.
    """
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        what = f"writing ONNX needs the Python package `{missing[0]}`"
        raise NotExportableError(what, "pip install 'qmlc[onnx]'")
    if any(field.dtype == "complex" for field in example.fields):
        raise NotExportableError("the model takes complex numbers, which ONNX has not", INSTEAD)
    example = replace(example, module=deepcopy(example.module))
    for part in example.module.modules():
        if isinstance(part, CircuitModule):
            _check_size(part)
            part.run_plainly("it is exported to ONNX")
    with quiet_torch():
        program = _lower(example)
        return _export(program, example), program


def _check_size(circuit: CircuitModule) -> None:
    ir = circuit.circuit_ir
    if any(result.shots for result in ir.results):
        raise NotExportableError(f"`{ir.name}` draws its results at random", INSTEAD)
    if ir.num_qubits > MAX_QUBITS:
        what = f"`{ir.name}` has {ir.num_qubits} qubits, and ONNX can hold circuits of"
        raise NotExportableError(f"{what} {MAX_QUBITS} at most", INSTEAD)


def _lower(example: Example) -> torch.export.ExportedProgram:
    """The model in real arithmetic alone."""
    program: torch.export.ExportedProgram = example.trace().run_decompositions({})
    if len(program.graph.nodes) > MAX_OPERATIONS:
        what = f"the model takes more than {MAX_OPERATIONS} operations"
        raise NotExportableError(what, INSTEAD)
    if not any(is_complex(node) for node in program.graph.nodes):
        return program
    return example.trace(RealModule(program.module(check_guards=False)))


def _export(program: torch.export.ExportedProgram, example: Example) -> bytes:
    try:
        with redirect_stdout(io.StringIO()):
            made = torch.onnx.export(
                program,
                dynamo=True,
                opset_version=OPSET,
                input_names=[field.name for field in example.fields],
                output_names=list(example.outputs),
                verbose=False,
            )
    except torch.onnx.OnnxExporterError as error:
        found = re.search(
            r"No ONNX function found for <OpOverload\(op='(?:\w+\.)?(\w+)", str(error)
        )
        if found is None:
            raise
        raise NotExportableError(f"ONNX has nothing for `{found[1]}`", INSTEAD) from None
    assert made is not None
    model = made.model_proto
    names = size_names(program, example)
    values = (*model.graph.input, *model.graph.output, *model.graph.value_info)
    for size in (size for value in values for size in value.type.tensor_type.shape.dim):
        if size.dim_param:
            size.dim_param = re.sub(
                r"\w+", lambda found: names.get(found[0], found[0]), size.dim_param
            )
    for part in (model, model.graph, *model.graph.node, *values, *model.functions):
        # where the exporter was on this machine when it made them
        del part.metadata_props[:]
    return bytes(model.SerializeToString(deterministic=True))
