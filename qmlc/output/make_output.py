"""A compiled program as files: Python, OpenQASM, its source, a manifest."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from qmlc.backends.torch.emit_torch import emit_torch
from qmlc.check.errors.targets import BeyondLimits
from qmlc.ir.program import Program
from qmlc.output.certify_files import Proof, certify_files
from qmlc.output.circuit_file import CircuitFile
from qmlc.output.find_circuits import Use
from qmlc.output.manifest import make_manifest, source_names
from qmlc.output.options import CircuitSummary, CompileOptions, Output
from qmlc.output.print_qasm import (
    check_values,
    circuit_uses,
    device_qasm,
    device_qir,
    error_at,
    file_name,
    find_target,
    logical_qasm,
    logical_qir,
)
from qmlc.output.print_stage import print_stage
from qmlc.source.compile_error import CompileError
from qmlc.source.span import Source
from qmlc.targets.exceeded_limit import exceeded_limit
from qmlc.targets.read_dialect import read_dialect
from qmlc.targets.read_target import Target
from qmlc.verify.verdict import Certificate

FOLDER = "source"
IMPORTED = frozenset(
    """accelerate einops lark networkx numpy pandas qiskit qmlc rich safetensors scipy sympy torch
    torchmetrics typer typing_extensions""".split()
)
"""What a compiled module imports, itself or at second hand."""


def make_output(
    path: Path,
    program: Program,
    elaborated: Program,
    sources: Sequence[tuple[Path, Source]],
    options: CompileOptions,
) -> Output:
    """All files that a program becomes; CompileError.

    Each circuit is proved to be that of `elaborated`, which is `program` before all passes.
    `NAME.py`, `source/…` (the program's texts), `CIRCUIT.qasm` (OpenQASM 3), for each device
    `CIRCUIT.DEVICE.qasm` (one file for each group of measurements; beside it, for Azure, QIR in
    `CIRCUIT.DEVICE.ll`) and `manifest.json`.
    """
    names = [f"{FOLDER}/{name}" for name in source_names(sources)]
    module = module_name(program.name)
    texts: dict[str, str] = {f"{module}.py": emit_torch(program, path.name, tuple(names))}
    texts |= {name: source.text for name, (_, source) in zip(names, sources, strict=True)}
    notes: list[str] = []
    if module != program.name:
        notes.append(f"{module}.py: so called because Python could not import {program.name}.py")
    files: list[CircuitFile] = []
    for use in circuit_uses(program, options):
        _write_circuit(program, use, options, texts, files, notes)
    certificates = certify_files(elaborated, files, texts, options.verify)
    for stage in options.stages:
        if stage not in ("qasm3", "qasm2", "qir", "torch"):
            printed = print_stage(path, program, stage, options, sources)
            texts[f"{program.name}.{stage}.txt"] = printed
    for template in program.templates:
        needed = " ".join(f"--set {name}=…" for name in template.needs)
        notes.append(f"{template.name}: give {needed} to write its Python and OpenQASM now")
    manifest = make_manifest(program, sources, files, options, tuple(texts), module, certificates)
    texts["manifest.json"] = manifest
    return Output(
        program.name, texts, tuple(notes), tuple(_summary(f, certificates) for f in files)
    )


def _summary(file: CircuitFile, certificates: Mapping[str, Proof]) -> CircuitSummary:
    made = None if file.device is None else file.device.circuits[file.group]
    size = made or file.use.size
    proof = certificates.get(file.name)
    return CircuitSummary(
        file.use.name,
        read_dialect(file.dialect).title if made is None else made.target.name,
        file.use.circuit.num_qubits,
        None if size is None else size.depth,
        None if size is None else size.two_qubit_gates,
        proof.equal if isinstance(proof, Certificate) else None,
        file.name,
    )


def module_name(name: str) -> str:
    """The name of the Python file: that of the program, unless another module would be hidden."""
    module = re.sub(r"\W", "_", name)
    hidden = module in sys.stdlib_module_names or module in IMPORTED
    return f"{module}_" if hidden or keyword.iskeyword(module) else module


def _write_circuit(
    program: Program,
    use: Use,
    options: CompileOptions,
    texts: dict[str, str],
    files: list[CircuitFile],
    notes: list[str],
) -> None:
    check_values(use)
    logical = file_name([use.name, "qasm"])
    try:
        dialect = options.dialect or "openqasm3"
        texts[logical] = logical_qasm(use, dialect)
        qir = file_name([use.name, "ll"]) if "qir" in options.stages else ""
        if qir:
            texts[qir] = logical_qir(use)
        files.append(CircuitFile(use, logical, dialect, qir=qir))
    except CompileError as error:
        if options.target or options.dialect or {"qasm3", "qir"} & {*options.stages}:
            raise
        notes.append(f"{use.name}: no OpenQASM, {_reason(error)}")
    if "qasm2" in options.stages:
        name = file_name([use.name, "qasm2", "qasm"])
        texts[name] = logical_qasm(use, "openqasm2")
        files.append(CircuitFile(use, name, "openqasm2"))
    for target, shots in _targets(program, use, options):
        try:
            _write_device(use, target, shots, options, texts, files, notes)
        except CompileError as error:
            if options.target:
                raise
            notes.append(f"{use.name} on {target.name}: {_reason(error)}")


def _write_device(
    use: Use,
    target: Target,
    shots: int,
    options: CompileOptions,
    texts: dict[str, str],
    files: list[CircuitFile],
    notes: list[str],
) -> None:
    device = device_qasm(use, target, options.level, options.dialect)
    if what := exceeded_limit(target, shots, len(device.texts)):
        raise error_at(use.unit.place, BeyondLimits, what, "take fewer shots", "this circuit")
    many = len(device.texts) > 1
    free = any(made.circuit.parameters for made in device.circuits)
    takes_qir = target.qir and not options.dialect
    for index, text in enumerate(device.texts):
        parts = [use.name, target.name, *([str(index)] if many else [])]
        name = file_name([*parts, "qasm"])
        texts[name] = text
        qir = file_name([*parts, "ll"]) if takes_qir and not free else ""
        if qir:
            texts[qir] = device_qir(use, target, text)
        files.append(CircuitFile(use, name, device.dialect, device, index, qir))
    if device.dialect != (options.dialect or target.dialect):
        own = read_dialect(target.dialect).title
        what = f"a template in {read_dialect(device.dialect).title}; {own} has no inputs"
        notes.append(f"{use.name} on {target.name}: {what}, give --state and --input for it")
    if takes_qir and free:
        notes.append(f"{use.name} on {target.name}: no QIR before all of its inputs have numbers")


def _targets(program: Program, use: Use, options: CompileOptions) -> list[tuple[Target, int]]:
    """The devices to write a circuit for, as asked and of its deploy blocks; their most shots."""
    own = max((result.shots or 0 for result in use.circuit.results), default=0)
    shots = {options.target: own} if options.target else {}
    for deployment in program.deployments:
        part = deployment.path.split(".")[-1]
        if part in (use.name, use.unit.name):
            asked = dict(deployment.options).get("shots", 0)
            shots[deployment.target] = max(shots.get(deployment.target, own), asked)
    return [(find_target(name), most) for name, most in shots.items()]


def _reason(error: CompileError) -> str:
    first = error.diagnostics[0]
    return first.message_text + (f" ({first.help_text})" if first.help_text else "")
