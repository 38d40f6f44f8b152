"""What each stage of the compiler makes of a program, as text: `--emit`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from qmlc.backends.torch.emit_torch import emit_torch
from qmlc.ir.graph import Graph
from qmlc.ir.program import Program, Unit
from qmlc.output.manifest import make_manifest
from qmlc.output.options import CompileOptions
from qmlc.output.print_qasm import (
    check_values,
    circuit_uses,
    device_qasm,
    device_qir,
    find_target,
    logical_qasm,
    logical_qir,
)
from qmlc.source.compile_error import CompileError
from qmlc.source.span import Source, Span
from qmlc.syntax.parse import parse, tokens_of


def print_syntax(source: Source, stage: str) -> str:
    """The tokens or the tree of a text; CompileError where it cannot be parsed."""
    if stage == "tokens":
        return "".join(f"{kind:<12} {text!r}\n" for kind, text in tokens_of(source))
    file, errors = parse(source)
    if errors:
        raise CompileError(errors)
    return "".join(f"{line}\n" for d in file.declarations for line in _tree(d, ""))


def _tree(node: Any, indent: str) -> Iterator[str]:
    """A syntax tree as an outline."""
    name = type(node).__name__
    simple, nested = [], []
    for item in fields(node):
        value = getattr(node, item.name)
        if isinstance(value, Span):
            continue
        if is_dataclass(value) or (isinstance(value, tuple) and any(map(is_dataclass, value))):
            nested.append((item.name, value))
        elif value not in ((), None, ""):
            simple.append(f"{item.name}={value!r}")
    yield f"{indent}{name} {' '.join(simple)}".rstrip()
    for label, value in nested:
        yield f"{indent}  {label}:"
        for child in value if isinstance(value, tuple) else (value,):
            if is_dataclass(child):
                yield from _tree(child, indent + "    ")
            else:
                yield f"{indent}    {child!r}"


def print_stage(
    path: Path,
    program: Program,
    stage: str,
    options: CompileOptions,
    sources: Sequence[tuple[Path, Source]] = (),
) -> str:
    """The text of a stage: graph, optimised, circuit, torch, qasm3, qasm2, qir, dot, json."""
    match stage:
        case "graph" | "optimised":
            return "\n".join(line for unit in program.units for line in _unit(unit))
        case "circuit":
            return "\n".join(
                line for u in program.units if u.circuit is not None for line in _unit(u)
            )
        case "torch":
            return emit_torch(program, path.name)
        case "qasm3" | "qasm2":
            dialect = "openqasm2" if stage == "qasm2" else options.dialect
            return "\n".join(_qasm(program, dialect, options))
        case "qir":
            return "\n".join(_qir(program, options))
        case "dot":
            return "".join(_dot(u) for u in program.units if u.graph is not None)
        case "json":
            return make_manifest(program, sources, (), options, ())
    raise ValueError(f"there is no stage {stage}")


def _qasm(program: Program, dialect: str | None, options: CompileOptions) -> Iterator[str]:
    """OpenQASM of each circuit; for a target, of each of its measurements."""
    target = find_target(options.target) if options.target else None
    for use in circuit_uses(program, options):
        check_values(use)
        if target is None:
            yield logical_qasm(use, dialect)
        else:
            yield from device_qasm(use, target, options.level, dialect).texts
    for template in program.templates:
        needed = " ".join(f"--set {name}=…" for name in template.needs)
        yield f"// {template.name}: give {needed} to write it\n"


def _qir(program: Program, options: CompileOptions) -> Iterator[str]:
    """QIR of each circuit; for a target that takes it, of each of its measurements."""
    target = find_target(options.target) if options.target else None
    for use in circuit_uses(program, options):
        check_values(use)
        if target is None:
            yield logical_qir(use)
        else:
            for text in device_qasm(use, target, options.level, "azure").texts:
                yield device_qir(use, target, text)


def _unit(unit: Unit) -> Iterator[str]:
    settings = ", ".join(f"{name}={value}" for name, value in unit.settings)
    yield f"{unit.kind} {unit.class_name}({settings})"
    if unit.graph is not None:
        yield from _graph(unit.graph)
        for method in unit.methods:
            yield f"  {method.name}:"
            yield from _graph(method.graph)
    if unit.circuit is not None:
        names = unit.circuit.qubit_names()
        for instruction in unit.circuit.instructions:
            angles = ", ".join(map(str, instruction.angles))
            controls = f"ctrl{instruction.controls} " if instruction.controls else ""
            payload = f" {instruction.payload}" if isinstance(instruction.payload, str) else ""
            condition = ""
            if instruction.condition is not None:
                condition = f" if bits {list(instruction.condition.bits)} in " + str(
                    sorted(instruction.condition.values)
                )
            bits = f" -> {list(instruction.bits)}" if instruction.bits else ""
            on = ", ".join(names[q] for q in instruction.qubits)
            yield (f"  {controls}{instruction.name}{payload}({angles}) {on}{bits}{condition}")
        for result in unit.circuit.results:
            on = ", ".join(map(str, result.operators)) or ", ".join(names[q] for q in result.qubits)
            yield f"  return {result.name or result.kind}: {result.kind}({on})"
    yield ""


def _graph(graph: Graph) -> Iterator[str]:
    names = dict(graph.names)
    for position, node in enumerate(graph.nodes):
        inputs = ", ".join(f"%{i}" for i in node.inputs)
        attributes = ", ".join(f"{key}={value}" for key, value in node.attributes)
        name = f"  # {names[position]}" if position in names else ""
        inside = ", ".join(part for part in (inputs, attributes) if part)
        yield f"  %{position} = {node.operation}({inside}): {node.type}{name}"
    yield f"  return %{graph.output}"


def _dot(unit: Unit) -> str:
    """A graph in the language of Graphviz."""
    assert unit.graph is not None
    lines = [f"digraph {unit.class_name} {{"]
    for position, node in enumerate(unit.graph.nodes):
        module = dict(node.attributes).get("module", "")
        label = json.dumps(f"{node.operation} {module}\n{node.type}")
        lines.append(f"  n{position} [label={label}, shape=box];")
        lines += [f"  n{source} -> n{position};" for source in node.inputs]
    return "\n".join([*lines, "}\n"])
