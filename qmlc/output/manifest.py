"""`manifest.json`: what a compilation made, for programs that use it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from qmlc.backends.qasm.emit_openqasm import DeviceProgram
from qmlc.ir.circuit import Circuit
from qmlc.ir.program import Program, Setting, Template, Unit
from qmlc.output.find_circuits import Use
from qmlc.output.options import CompileOptions
from qmlc.output.print_qasm import circuit_size
from qmlc.source.span import Source
from qmlc.types.tensors import RecordType, Type


@dataclass(frozen=True)
class CircuitFile:
    """A file with OpenQASM of a circuit; for a device, the part of its program in it."""

    use: Use
    name: str
    form: str
    device: DeviceProgram | None = None
    group: int = 0


def make_manifest(
    program: Program,
    sources: Sequence[tuple[Path, Source]],
    files: Sequence[CircuitFile],
    options: CompileOptions,
    names: Sequence[str],
) -> str:
    """The manifest as JSON; the same program and options give the same text."""
    digest = hashlib.sha256("\0".join(source.text for _, source in sources).encode())
    content = {
        "program": program.name,
        "compiler": {"name": "qmlc", "version": compiler_version()},
        "source": {"files": [p.name for p, _ in sources], "sha256": digest.hexdigest()},
        "target": options.target,
        "optimisation_level": options.level,
        "models": [_unit(u) for u in program.units if u.kind in ("model", "layer")],
        "circuits": _circuits(program, files),
        "templates": [_template(t) for t in program.templates],
        "trainings": [
            {"name": t.name, "class": t.unit, "data": t.data, "inputs": list(t.inputs)}
            for t in program.trainings
        ],
        "files": sorted([*names, "manifest.json"]),
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def compiler_version() -> str:
    """The version of qmlc."""
    try:
        return version("qmlc")
    except PackageNotFoundError:
        return "unknown"


def _unit(unit: Unit) -> dict[str, Any]:
    return {
        "name": unit.name,
        "kind": unit.kind,
        "class": unit.class_name,
        "settings": {name: _plain(value) for name, value in unit.settings},
        "inputs": {name: str(kind) for name, kind in unit.inputs},
        "outputs": _outputs(unit.output),
        "parameters": {p.name: list(p.shape) for p in unit.parameters},
        "parts": {s.path: s.target for s in unit.submodules},
    }


def _outputs(kind: Type) -> Any:
    if isinstance(kind, RecordType):
        return {name: str(field) for name, field in kind.fields}
    return str(kind)


def _circuits(program: Program, files: Sequence[CircuitFile]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for file in files:
        use = file.use
        if use.name not in found:
            found[use.name] = _circuit(use)
        found[use.name]["files"].append(_file(file))
    for unit in program.units:
        if unit.circuit is not None and not any(f.use.unit is unit for f in files):
            found.setdefault(unit.name, _circuit(Use(unit.name, unit, {})))
    return list(found.values())


def _circuit(use: Use) -> dict[str, Any]:
    circuit = use.circuit
    size = circuit_size(use)
    return {
        **_unit(use.unit),
        "name": use.name,
        "qubits": circuit.num_qubits,
        "bits": circuit.num_bits,
        **(asdict(size) if size is not None else {}),
        "results": _results(circuit),
        "files": [],
    }


def _results(circuit: Circuit) -> list[dict[str, Any]]:
    names = circuit.qubit_names()
    return [
        {
            "name": result.name,
            "kind": result.kind,
            "shape": list(result.shape),
            "observables": [str(operator) for operator in result.operators],
            "qubits": [names[q] for q in result.qubits],
        }
        for result in circuit.results
    ]


def _file(file: CircuitFile) -> dict[str, Any]:
    entry: dict[str, Any] = {"file": file.name, "form": file.form}
    if file.device is not None:
        made = file.device.circuits[file.group]
        group = file.device.plan.groups[file.group] if file.device.plan.groups else None
        names = file.use.circuit.qubit_names()
        entry |= {
            "target": made.target.name,
            "depth": made.depth,
            "two_qubit_gates": made.two_qubit_gates,
            "layout": list(made.layout),
            "final_layout": list(made.final_layout),
            "measures": {names[q]: letter for q, letter in group.basis} if group else {},
        }
    return entry


def _template(template: Template) -> dict[str, Any]:
    return {
        "name": template.name,
        "kind": template.kind,
        "class": template.class_name,
        "settings": {s.name: _setting(s) for s in template.signature},
        "needs": list(template.needs),
    }


def _setting(setting: Setting) -> dict[str, Any]:
    return {"type": setting.kind, "default": _plain(setting.default)}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return value if isinstance(value, bool | int | float | str | None) else str(value)
