"""A Qiskit circuit as OpenQASM in a dialect."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qiskit import QuantumCircuit

from qmlc.backends.qasm.errors import NotExpressible, Unbound
from qmlc.backends.qasm.print_conditions import Tests, prefixes, require_unchanged
from qmlc.backends.qasm.print_gates import GatePrinter, is_symbolic
from qmlc.backends.qasm.scalar_names import ascii_name, free_name
from qmlc.targets.read_dialect import Dialect


def print_openqasm(
    circuit: QuantumCircuit,
    dialect: Dialect,
    comments: Sequence[str] = (),
    labels: Sequence[str] = (),
) -> str:
    """`circuit` in `dialect`, with `comments` under the header.

    Physical qubits have the number in their label, or if there are no `labels`, their own.
    Global phases are left out where the dialect does not keep them. Unbound where a scalar is free
    and the dialect has no inputs; NotExpressible for statements and conditions that it lacks.
    """
    free = scalar_order(circuit)
    if free and not dialect.inputs:
        raise Unbound(dialect.title, tuple(free))
    printer = GatePrinter(dialect)
    names = bit_names(circuit, dialect, labels)
    sizes = {register.name: len(register.bits) for register in registers_of(circuit, dialect)}
    scope = Scope(printer, names, sizes)
    body = [*printer.phase(circuit.global_phase), *_statements(circuit, scope)]
    if dialect.verbatim:
        _require_measured_last(circuit, dialect)
        body = _boxed(body)
    definitions = list(printer.definitions.values())
    if dialect.version == "2.0":
        definitions = [" ".join(text.split()) for text in definitions]
    lines = [
        f"OPENQASM {dialect.version};",
        *comment_lines(comments),
        *([f'include "{dialect.include}";'] if dialect.include else []),
        *(f"input float[64] {name};" for name in free),
        *definitions,
        *_declarations(circuit, dialect),
        *body,
    ]
    return "\n".join(lines) + "\n"


def comment_lines(comments: Sequence[str]) -> list[str]:
    """`comments` as comment lines in ASCII, whatever they hold."""
    return [
        f"// {line.encode('ascii', 'backslashreplace').decode()}".rstrip()
        for comment in comments
        for line in comment.splitlines() or [""]
    ]


def scalar_order(circuit: QuantumCircuit) -> list[str]:
    """The names of the free scalars, in the order of their declaration."""
    free = dict.fromkeys(p.name for p in circuit.parameters)
    known = dict((circuit.metadata or {}).get("scalars", {}))
    return [n for n in known if n in free] + [n for n in free if n not in known]


@dataclass(frozen=True)
class Register:
    """A register as it is declared: `word` is qubit or bit."""

    word: str
    name: str
    bits: tuple[Any, ...]


def registers_of(circuit: QuantumCircuit, dialect: Dialect) -> list[Register]:
    """The registers of `circuit`: in some dialects no qubits, or all bits in one."""
    found = [] if dialect.physical else [("qubit", r.name, tuple(r)) for r in circuit.qregs]
    if dialect.joint and len(circuit.cregs) > 1:
        found.append(("bit", "bits", tuple(circuit.clbits)))
    else:
        found += [("bit", r.name, tuple(r)) for r in circuit.cregs]
    taken = set(scalar_order(circuit))
    return [Register(word, free_name(ascii_name(name), taken), bits) for word, name, bits in found]


def bit_names(
    circuit: QuantumCircuit, dialect: Dialect, labels: Sequence[str] = ()
) -> dict[Any, str]:
    """The name of each qubit and classical bit of `circuit`; `$1` for a physical one at `QB1`."""
    names = {
        bit: f"{register.name}[{i}]"
        for register in registers_of(circuit, dialect)
        for i, bit in enumerate(register.bits)
    }
    if dialect.physical:
        for i, qubit in enumerate(circuit.qubits):
            names[qubit] = "$" + (re.sub(r"\D", "", labels[i]) if labels else str(i))
    return names


def _declarations(circuit: QuantumCircuit, dialect: Dialect) -> Iterator[str]:
    written = {b for item in circuit.data if item.name == "measure" for b in item.clbits}
    asked = dialect.zeros and any(item.name == "if_else" for item in circuit.data)
    for register in registers_of(circuit, dialect):
        size, bits = len(register.bits), register.word == "bit"
        if dialect.version == "2.0":
            yield f"{'creg' if bits else 'qreg'} {register.name}[{size}];"
        else:
            head = (
                "output " if dialect.output and bits and written.issuperset(register.bits) else ""
            )
            start = f' = "{"0" * size}"' if asked and bits else ""
            yield f"{head}{register.word}[{size}] {register.name}{start};"


@dataclass(frozen=True)
class Scope:
    """What the statements of a block are printed with: its bits by name, and what holds there."""

    printer: GatePrinter
    names: dict[Any, str]
    sizes: dict[str, int]
    """Of the registers, by name."""
    tests: Tests = ()
    """What the statements of the block must each ask, where the dialect has no blocks."""


def _statements(block: QuantumCircuit, scope: Scope) -> Iterator[str]:
    dialect, known = scope.printer.dialect, scope.printer.known
    heads = prefixes(scope.tests, scope.sizes, dialect)
    for item in block.data:
        if item.name in known:  # most are, and Qiskit takes long to make the operation
            text = scope.printer.call(item.name, item.params, [scope.names[q] for q in item.qubits])
            yield from (head + text for head in heads)
        elif item.name == "if_else":
            yield from _branch(item, scope)
        else:
            require_unchanged(scope.tests, [scope.names[b] for b in item.clbits], dialect)
            for text in _plain(item, scope):
                yield from (head + text for head in heads)


def _plain(item: Any, scope: Scope) -> Iterator[str]:
    dialect, operation = scope.printer.dialect, item.operation
    qubits, bits = ([scope.names[b] for b in group] for group in (item.qubits, item.clbits))
    name = operation.name
    if scope.tests and name in ("measure", "reset") and name not in dialect.conditional:
        raise NotExpressible(f"{dialect.title} has no `{name}` on a condition", "emit OpenQASM 3")
    if name == "barrier":
        if "barrier" in dialect.statements:
            yield f"barrier {', '.join(qubits)};"
    elif name == "measure":
        old = dialect.version == "2.0"
        yield f"measure {qubits[0]} -> {bits[0]};" if old else f"{bits[0]} = measure {qubits[0]};"
    elif name in ("reset", "delay"):
        if name not in dialect.statements:
            raise NotExpressible(f"{dialect.title} has no `{name}`", "emit OpenQASM 3")
        yield f"{name}{_duration(operation) if name == 'delay' else ''} {qubits[0]};"
    else:
        yield from scope.printer.statements(operation, qubits)


def _branch(item: Any, scope: Scope) -> Iterator[str]:
    dialect, names = scope.printer.dialect, scope.names
    if not dialect.conditions:
        raise NotExpressible(f"{dialect.title} has no conditions", "measure at the end")
    bit, wanted = item.operation.condition
    blocks = [b for b in item.operation.blocks if b is not None]
    for index, block in enumerate(blocks):
        inner = dict(zip(block.qubits, (names[q] for q in item.qubits), strict=True))
        inner.update(zip(block.clbits, (names[b] for b in item.clbits), strict=True))
        value = int(wanted) if index == 0 else 1 - int(wanted)
        if dialect.conditions == "blocks":
            test = (dialect.one if value else dialect.zero).format(names[bit])
            yield f"if ({test}) {{" if index == 0 else "} else {"
            lines = _statements(block, replace(scope, names=inner))
            yield from (f"  {t}" for t in (*scope.printer.phase(block.global_phase), *lines))
        else:
            tests = (*scope.tests, (names[bit], value))
            yield from _statements(block, replace(scope, names=inner, tests=tests))
    if dialect.conditions == "blocks":
        yield "}"


def _require_measured_last(circuit: QuantumCircuit, dialect: Dialect) -> None:
    measured: set[Any] = set()
    for item in circuit.data:
        if item.name != "barrier" and measured.intersection(item.qubits):
            what = f"{dialect.title} measures at the end only"
            raise NotExpressible(what, "measure at the end, or choose another device")
        if item.name == "measure":
            measured.update(item.qubits)


def _boxed(body: list[str]) -> list[str]:
    """Gates in a box, as Braket wants it, and measurements after it."""
    gates = [text for text in body if " = measure " not in text]
    measures = [text for text in body if " = measure " in text]
    return ["#pragma braket verbatim", "box {", *(f"  {text}" for text in gates), "}", *measures]


def _duration(operation: Any) -> str:
    if is_symbolic(operation.duration):
        raise Unbound("a delay", tuple(p.name for p in operation.duration.parameters))
    unit = "us" if operation.unit == "µs" else operation.unit
    length = operation.duration if unit == "dt" else repr(float(operation.duration))
    return f"[{length}{unit}]"
