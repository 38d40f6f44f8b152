"""`manifest.json`: what a compilation made, for programs that use it.

Whoever runs the OpenQASM needs no more than this of each entry of `circuits`:

* `qubit_names`: the qubits in the order of their registers, the first the least significant;
* `results`: for `expval` and `variance`, `observables` in row-major order of `shape`, each with its
  coefficients by Pauli label (the last letter is for the first qubit, as in Qiskit); for others,
  the `qubits`, the first the least significant. A coefficient is a number, or a formula in Python
  over inputs and parameters;
* `memory`: bytes that the states of one sample fill at most in float32: one state, those of a
  forward pass, and with gradients; what tables add, `module.memory(samples)` tells on a machine;
* `files`: of each, `scalars` has the element or formula that each `input` of the file stands for;
  for a device, `measures` tells which Pauli matrix of which qubit each bit of the file's last
  register holds, and the qubits lie on `layout` at the start and on `final_layout` at the end;
  `estimated_success` is the probability that nothing goes wrong; `qir` is the same for Azure.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

from qmlc.backends.qasm.bind_circuit import bind_circuit
from qmlc.backends.qasm.plan_measurement import MeasurementPlan
from qmlc.backends.qasm.transpile_circuit import DeviceCircuit
from qmlc.backends.torch.emit_torch import class_names
from qmlc.ir.build_circuit import result_size
from qmlc.ir.circuit import Circuit, Result
from qmlc.ir.operator import Operator, pauli_label
from qmlc.ir.program import Deployment, Program, Setting, Template, Unit
from qmlc.output.certify_files import Proof
from qmlc.output.circuit_file import CircuitFile
from qmlc.output.estimate_price import estimate_price
from qmlc.output.find_circuits import Use
from qmlc.output.memory_needs import memory_needs
from qmlc.output.options import CompileOptions
from qmlc.output.versions import compiler_version
from qmlc.source.span import Source
from qmlc.targets.read_dialect import read_dialect
from qmlc.types.polynomial import Value, lift
from qmlc.types.tensors import RecordType, Type
from qmlc.verify.verdict import TOLERANCE, Undecided

Classes = Mapping[str, str]
"""The Python name of each unit's class."""


def source_names(sources: Sequence[tuple[Path, Source]]) -> list[str]:
    """Each text of the program relative to their common folder: their `use`s find each other."""
    base = Path(os.path.commonpath([p.resolve().parent for p, _ in sources]))
    return [p.resolve().relative_to(base).as_posix() for p, _ in sources]


def make_manifest(
    program: Program,
    sources: Sequence[tuple[Path, Source]],
    files: Sequence[CircuitFile],
    options: CompileOptions,
    names: Sequence[str],
    module: str = "",
    certificates: Mapping[str, Proof] = MappingProxyType({}),
) -> str:
    """The manifest as JSON; the same program and options give the same text."""
    classes = class_names(program)
    digest = hashlib.sha256("\0".join(source.text for _, source in sources).encode())
    content = {
        "program": program.name,
        "module": module or program.name,
        "compiler": {"name": "qmlc", "version": compiler_version()},
        "source": {"files": source_names(sources), "sha256": digest.hexdigest()},
        "target": options.target,
        "optimisation_level": options.level,
        "models": [_unit(u, classes) for u in program.units if u.kind in ("model", "layer")],
        "circuits": _circuits(program, files, classes, certificates),
        "templates": [_template(t, classes) for t in program.templates],
        "trainings": [
            {"name": t.name, "class": classes[t.unit], "data": t.data, "inputs": list(t.inputs)}
            for t in program.trainings
        ],
        "deployments": [_deployment(d, files) for d in program.deployments],
        "files": sorted([*names, "manifest.json"]),
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _deployment(deployment: Deployment, files: Sequence[CircuitFile]) -> dict[str, Any]:
    """What is deployed; where shots are stated and prices published, what they cost."""
    options = _options(deployment)
    entry = {"part": deployment.path, "target": deployment.target, "options": options}
    circuits = [
        file.device.circuits[file.group]
        for file in files
        if file.device is not None
        and deployment.path.split(".")[-1] in (file.use.name, file.use.unit.name)
        and file.device.circuits[file.group].target.name == deployment.target
    ]
    amount = estimate_price(circuits, options["shots"]) if "shots" in options else None
    if amount is None:
        return entry
    target = circuits[0].target
    where = {"unit": target.price_unit, "source": target.price_source}
    return {**entry, "price": {"amount": round(amount, 6), **where}}


def _options(deployment: Deployment) -> dict[str, Any]:
    """Options as data; of error mitigation, the settings of each method by its name."""
    options = {name: _plain(value) for name, value in deployment.options}
    methods = dict(deployment.options).get("mitigation", ())
    if methods:
        options["mitigation"] = {
            m.function: {name: _plain(value) for name, value in m.keywords} for m in methods
        }
    return options


def _unit(unit: Unit, classes: Classes) -> dict[str, Any]:
    return {
        "name": unit.name,
        "kind": unit.kind,
        "class": classes[unit.class_name],
        "settings": {name: _plain(value) for name, value in unit.settings},
        "inputs": {name: str(kind) for name, kind in unit.inputs},
        "outputs": _outputs(unit.output),
        "parameters": {p.name: list(p.shape) for p in unit.parameters},
        "parts": {s.path: classes.get(s.target, s.target) for s in unit.submodules},
    }


def _outputs(kind: Type) -> Any:
    if isinstance(kind, RecordType):
        return {name: str(field) for name, field in kind.fields}
    return str(kind)


def _circuits(
    program: Program,
    files: Sequence[CircuitFile],
    classes: Classes,
    certificates: Mapping[str, Proof],
) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for file in files:
        use = file.use
        if use.name not in found:
            found[use.name] = _circuit(use, classes)
        found[use.name]["files"].append(_file(file, certificates))
    for unit in program.units:
        if unit.circuit is not None and not any(f.use.unit is unit for f in files):
            found.setdefault(unit.name, _circuit(Use(unit.name, unit, {}), classes))
    return list(found.values())


def _circuit(use: Use, classes: Classes) -> dict[str, Any]:
    circuit = bind_circuit(use.circuit, use.values)
    size = use.size
    return {
        **_unit(use.unit, classes),
        "name": use.name,
        "qubits": circuit.num_qubits,
        "qubit_names": circuit.qubit_names(),
        "bits": circuit.num_bits,
        "bound": sorted(use.values),
        **(asdict(size) if size is not None else {}),
        "memory": memory_needs(circuit),
        "results": [_result(circuit, result) for result in circuit.results],
        "files": [],
    }


def _result(circuit: Circuit, result: Result) -> dict[str, Any]:
    names = circuit.qubit_names()
    entry: dict[str, Any] = {"name": result.name, "kind": result.kind}
    if result.operators:
        observables = [_observable(o, circuit.num_qubits) for o in result.operators]
        return {**entry, "shape": list(result.shape), "observables": observables}
    shots = {"shots": result.shots} if result.shots else {}
    shape = list(result_size(result))
    return {**entry, **shots, "shape": shape, "qubits": [names[q] for q in result.qubits]}


def _observable(operator: Operator, num_qubits: int) -> dict[str, Any]:
    """Coefficients by Pauli label, the last letter for the first qubit, as in Qiskit."""
    return {pauli_label(string, num_qubits): formula(c) for string, c in operator.terms}


def formula(value: Value) -> float | str:
    """A number, or Python's text of an expression over inputs and parameters."""
    constant = lift(value).constant
    return str(value) if constant is None else complex(constant).real


def _file(file: CircuitFile, certificates: Mapping[str, Proof]) -> dict[str, Any]:
    dialect = read_dialect(file.dialect)
    form = f"OpenQASM {dialect.version[0]}"
    entry: dict[str, Any] = {"file": file.name, "form": form, "dialect": dialect.name}
    if dialect.inputs:
        entry["scalars"] = file_scalars(file)
    if file.device is not None:
        made = file.device.circuits[file.group]
        entry |= {
            "target": made.target.name,
            "depth": made.depth,
            "two_qubit_gates": made.two_qubit_gates,
            **_success(made),
            "layout": list(made.layout),
            "final_layout": list(made.final_layout),
            "measures": _measures(file, file.device.plan),
        }
    entry |= _certificate(certificates, file.name)
    if file.qir:
        entry["qir"] = {"file": file.qir, **_certificate(certificates, file.qir)}
    return entry


def _success(made: DeviceCircuit) -> dict[str, Any]:
    """How likely it is that nothing goes wrong, and by what formula."""
    if made.success is None:
        return {}
    errors = "each qubit and pair" if made.target.calibration else "medians over the device"
    return {
        "estimated_success": {
            "probability": float(f"{made.success:.6g}"),
            "formula": "product of 1 - error over all gates and measurements",
            "errors": f"{errors}, from {made.target.source}",
        }
    }


def _certificate(certificates: Mapping[str, Proof], name: str) -> dict[str, Any]:
    """What was proved of a file, if that was asked for."""
    proof = certificates.get(name)
    if proof is None:
        return {}
    if isinstance(proof, Undecided):
        return {"certificate": {"equal": None, "reason": proof.reason}}
    return {"certificate": {**asdict(proof), "tolerance": TOLERANCE}}


def file_scalars(file: CircuitFile) -> dict[str, str]:
    """What each `input` of a file stands for: an element, or a formula of elements."""
    if file.device is not None:
        metadata = file.device.circuits[file.group].circuit.metadata
        return dict((metadata or {}).get("scalars", {}))
    return dict(file.use.logical.metadata["scalars"])


def _measures(file: CircuitFile, plan: MeasurementPlan) -> list[dict[str, Any]]:
    """The bits of the last register: which Pauli matrix of which qubit each has measured."""
    if not plan.groups:
        return []
    names = file.use.circuit.qubit_names()
    basis = plan.groups[file.group].basis
    return [{"bit": i, "qubit": names[q], "pauli": p} for i, (q, p) in enumerate(basis)]


def _template(template: Template, classes: Classes) -> dict[str, Any]:
    return {
        "name": template.name,
        "kind": template.kind,
        "class": classes[template.class_name],
        "settings": {s.name: _setting(s) for s in template.signature},
        "needs": list(template.needs),
    }


def _setting(setting: Setting) -> dict[str, Any]:
    return {"type": setting.kind, "default": _plain(setting.default)}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return value if isinstance(value, bool | int | float | str | None) else str(value)
