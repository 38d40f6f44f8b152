"""The models of a program as files that other runtimes load: `--emit onnx`, `--emit aoti`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from qmlc.export.errors import NotExportableError
from qmlc.export.example import Example, make_example, size_names
from qmlc.export.export_aoti import export_aoti
from qmlc.export.export_onnx import export_onnx
from qmlc.ir.program import Program, Unit
from qmlc.output.options import CompileOptions, Output
from qmlc.output.read_numbers import read_state
from qmlc.program import LoadedProgram, load

SEED = 0
"""Of the weights where none are given: the same program gives the same files."""

FORMATS: Mapping[str, tuple[str, Callable[[Example], tuple[bytes, Any]]]] = {
    "onnx": ("onnx", export_onnx),
    "aoti": ("pt2", export_aoti),
}
"""The stages of `--emit` that are exports: how files end, and what makes them."""


def export_program(path: Path, options: CompileOptions, output: Output) -> Output:
    """`output`, and a file for each model in each of `options.exports`; CompileError.

    Models are the parts that no other part holds; with weights, the one that they belong to. The
    manifest has an entry for each file.
    """
    loaded = load(path, level=options.level, **options.settings)
    authors = Counter(unit.name for unit in _roots(loaded.program))
    texts, notes, entries = dict(output.texts), list(output.notes), []
    for unit, module in _models(loaded, options.state):
        for name in options.exports:
            ending, export = FORMATS[name]
            file = f"{unit.name if authors[unit.name] == 1 else unit.class_name}.{ending}"
            example = make_example(unit, module)
            texts[file], program = export(example)
            entries.append(
                {"file": file, "format": name, "part": unit.name, **_types(program, example)}
            )
            if options.state is None and any(True for _ in module.parameters()):
                notes.append(
                    f"{file}: with weights as drawn at first; --state F.safetensors gives others"
                )
    manifest = json.loads(str(texts["manifest.json"]))
    files = sorted({*manifest["files"], *(entry["file"] for entry in entries)})
    manifest |= {"exports": entries, "files": files}
    texts["manifest.json"] = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    return replace(output, texts=texts, notes=tuple(notes))


def _models(loaded: LoadedProgram, state: Path | None) -> Iterator[tuple[Unit, nn.Module]]:
    """What is exported, in evaluation mode; NotExportableError where there is nothing."""
    weights = None if state is None else read_state(state)
    found = False
    for unit in _roots(loaded.program):
        with torch.random.fork_rng(devices=()):
            torch.manual_seed(SEED)
            module = loaded.class_named(unit.class_name)().eval()
        if weights is not None:
            shapes = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
            if shapes != {name: tensor.shape for name, tensor in weights.items()}:
                continue
            module.load_state_dict({name: torch.from_numpy(w) for name, w in weights.items()})
        found = True
        yield unit, module
    if found:
        return
    if weights is not None:
        raise NotExportableError(f"the weights in `{state}` fit no model of this program")
    sizes = {name for template in loaded.program.templates for name in template.needs}
    proposal = "give " + " ".join(f"--set {name}=…" for name in sorted(sizes)) if sizes else ""
    raise NotExportableError(
        f"`{loaded.program.name}` has no model whose sizes are known", proposal
    )


def _roots(program: Program) -> list[Unit]:
    """The parts of a program that no other part holds, losses aside."""
    units = [unit for unit in program.units if unit.kind != "loss"]
    held = {part.target for unit in units for part in unit.submodules if part.is_unit}
    return [unit for unit in units if unit.class_name not in held]


def _types(program: torch.export.ExportedProgram, example: Example) -> dict[str, Any]:
    """Names, dtypes and shapes of inputs and results; a size that varies is told by its name."""
    names = size_names(program, example)
    values = {node.name: node.meta["val"] for node in program.graph.nodes if "val" in node.meta}
    inputs = [values[str(name)] for name in program.graph_signature.user_inputs]
    outputs = [values[str(name)] for name in program.graph_signature.user_outputs]

    def describe(name: str, value: Tensor) -> dict[str, Any]:
        sizes = [
            size if isinstance(size, int) else names.get(str(size), "?") for size in value.shape
        ]
        return {"name": name, "dtype": str(value.dtype).removeprefix("torch."), "shape": sizes}

    return {
        "inputs": [describe(f.name, v) for f, v in zip(example.fields, inputs, strict=True)],
        "outputs": [describe(n, v) for n, v in zip(example.outputs, outputs, strict=True)],
    }
