"""A Qiskit circuit as OpenQASM 3 that every reader of its common core takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from qiskit import QuantumCircuit

from qmlc.backends.qasm.errors import Unbound
from qmlc.backends.qasm.print_gates import GatePrinter, is_symbolic
from qmlc.backends.qasm.scalar_names import ascii_name, free_name

STANDARD_GATES = frozenset(
    """p x y z h s sdg t tdg sx rx ry rz cx cy cz cp crx cry crz ch swap ccx cswap cu id""".split()
)
"""Of stdgates.inc, those that all readers have under one name and with one phase."""


def print_openqasm3(
    circuit: QuantumCircuit, comments: Sequence[str] = (), physical: bool = False
) -> str:
    """`circuit` as OpenQASM 3, with `comments` under the header.

    `physical` names qubits `$0`, `$1`, … and leaves global phases out, as on a device.
    """
    printer = GatePrinter(STANDARD_GATES, has_phase=not physical)
    names = bit_names(circuit, physical)
    body = [
        *printer.phase(circuit.global_phase),
        *_statements(circuit, names, printer),
    ]
    taken: set[str] = set()
    registers = [] if physical else [("qubit", r) for r in circuit.qregs]
    declarations = [
        f"{kind}[{register.size}] {free_name(ascii_name(register.name), taken)};"
        for kind, register in [*registers, *(("bit", r) for r in circuit.cregs)]
    ]
    lines = [
        "OPENQASM 3.0;",
        *comment_lines(comments),
        'include "stdgates.inc";',
        *(f"input float[64] {name};" for name in scalar_order(circuit)),
        *printer.definitions.values(),
        *declarations,
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


def bit_names(circuit: QuantumCircuit, physical: bool = False) -> dict[Any, str]:
    """The name of each qubit and classical bit of `circuit`; `$0` for a physical qubit."""
    taken: set[str] = set()
    names: dict[Any, str] = {}
    for register in (*(() if physical else circuit.qregs), *circuit.cregs):
        name = free_name(ascii_name(register.name), taken)
        names.update((bit, f"{name}[{i}]") for i, bit in enumerate(register))
    if physical:
        names.update((qubit, f"${i}") for i, qubit in enumerate(circuit.qubits))
    return names


def _statements(
    circuit: QuantumCircuit, names: dict[Any, str], printer: GatePrinter
) -> Iterator[str]:
    for item in circuit.data:
        qubits = [names[q] for q in item.qubits]
        if item.name in STANDARD_GATES:  # most are, and Qiskit takes long to make the operation
            yield printer.call(item.name, item.params, qubits)
            continue
        operation = item.operation
        bits = [names[b] for b in item.clbits]
        match operation.name:
            case "measure":
                yield f"{bits[0]} = measure {qubits[0]};"
            case "reset":
                yield f"reset {qubits[0]};"
            case "barrier":
                yield f"barrier {', '.join(qubits)};"
            case "delay":
                yield f"delay[{_duration(operation)}] {qubits[0]};"
            case "if_else":
                yield from _branch(item, names, printer)
            case _:
                yield from printer.statements(operation, qubits)


def _branch(item: Any, names: dict[Any, str], printer: GatePrinter) -> Iterator[str]:
    bit, wanted = item.operation.condition
    test = names[bit] if wanted else f"!{names[bit]}"
    blocks = [b for b in item.operation.blocks if b is not None]
    for index, block in enumerate(blocks):
        inner = dict(zip(block.qubits, (names[q] for q in item.qubits), strict=True))
        inner.update(zip(block.clbits, (names[b] for b in item.clbits), strict=True))
        yield f"if ({test}) {{" if index == 0 else "} else {"
        lines = [*printer.phase(block.global_phase), *_statements(block, inner, printer)]
        yield from (f"  {line}" for line in lines)
    yield "}"


def _duration(operation: Any) -> str:
    if is_symbolic(operation.duration):
        raise Unbound("a delay", tuple(p.name for p in operation.duration.parameters))
    unit = "us" if operation.unit == "µs" else operation.unit
    return f"{float(operation.duration)!r}{unit}" if unit != "dt" else f"{operation.duration}dt"
