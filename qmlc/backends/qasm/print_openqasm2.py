"""A Qiskit circuit as OpenQASM 2, which has numbers only and compares whole registers only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from qiskit import QuantumCircuit

from qmlc.backends.qasm.errors import NotExpressible, Unbound
from qmlc.backends.qasm.print_gates import GatePrinter
from qmlc.backends.qasm.print_openqasm3 import bit_names, comment_lines, scalar_order
from qmlc.backends.qasm.scalar_names import ascii_name, free_name

LIBRARY_GATES = frozenset("p cp u x y z h s sdg t tdg rx ry rz cx cy cz ch crz ccx id".split())
"""The gates of qelib1.inc as it was published: later additions are not in every reader's."""

LIBRARY_NAMES = {"p": "u1", "cp": "cu1", "u": "u3"}
"""What qelib1.inc calls the gates that have other names now."""

MAX_COMPARED_BITS = 8
"""A condition is written out for each value of its register: wider ones would flood the file."""

Tests = tuple[tuple[Any, int], ...]
"""(bit, value) pairs that must hold together."""


def print_openqasm2(circuit: QuantumCircuit, comments: Sequence[str] = ()) -> str:
    """`circuit` as OpenQASM 2, up to its global phase, which cannot be said.

    Unbound where a scalar is free; NotExpressible for a delay, and for a condition on
    several registers or on one that changes meanwhile.
    """
    free = scalar_order(circuit)
    if free:
        raise Unbound("OpenQASM 2", tuple(free))
    printer = GatePrinter(LIBRARY_GATES, has_phase=False, renamed=LIBRARY_NAMES)
    names = bit_names(circuit)
    body = list(_statements(circuit, circuit, names, (), printer))
    taken: set[str] = set()
    declarations = [
        f"{kind} {free_name(ascii_name(register.name), taken)}[{register.size}];"
        for kind, registers in (("qreg", circuit.qregs), ("creg", circuit.cregs))
        for register in registers
    ]
    lines = [
        "OPENQASM 2.0;",
        *comment_lines(comments),
        'include "qelib1.inc";',
        *(" ".join(text.split()) for text in printer.definitions.values()),
        *declarations,
        *body,
    ]
    return "\n".join(lines) + "\n"


def _statements(
    block: QuantumCircuit,
    circuit: QuantumCircuit,
    names: dict[Any, str],
    tests: Tests,
    printer: GatePrinter,
) -> Iterator[str]:
    prefixes = _prefixes(circuit, names, tests)
    for item in block.data:
        operation = item.operation
        if operation.name == "if_else":
            yield from _branch(item, circuit, names, tests, printer)
        elif operation.name == "barrier":
            yield f"barrier {', '.join(names[q] for q in item.qubits)};"
        else:
            _require_unchanged(item, circuit, names, tests)
            for text in _plain(item, names, printer):
                yield from (prefix + text for prefix in prefixes)


def _plain(item: Any, names: dict[Any, str], printer: GatePrinter) -> Iterator[str]:
    qubits = [names[q] for q in item.qubits]
    match item.operation.name:
        case "measure":
            yield f"measure {qubits[0]} -> {names[item.clbits[0]]};"
        case "reset":
            yield f"reset {qubits[0]};"
        case "delay":
            raise NotExpressible("OpenQASM 2 has no `delay`", "emit OpenQASM 3")
        case _:
            yield from printer.statements(item.operation, qubits)


def _branch(
    item: Any,
    circuit: QuantumCircuit,
    names: dict[Any, str],
    tests: Tests,
    printer: GatePrinter,
) -> Iterator[str]:
    bit, wanted = item.operation.condition
    outer = next(b for b in circuit.clbits if names[b] == names[bit])
    for index, block in enumerate(b for b in item.operation.blocks if b is not None):
        inner = dict(names)
        inner.update(zip(block.qubits, (names[q] for q in item.qubits), strict=True))
        inner.update(zip(block.clbits, (names[b] for b in item.clbits), strict=True))
        value = int(wanted) if index == 0 else 1 - int(wanted)
        yield from _statements(block, circuit, inner, (*tests, (outer, value)), printer)


def _prefixes(circuit: QuantumCircuit, names: dict[Any, str], tests: Tests) -> list[str]:
    """`if (c==k) ` for every value k of the register for which `tests` hold."""
    if not tests:
        return [""]
    register, places = _tested(circuit, tests)
    name = names[register[0]].rsplit("[", 1)[0]
    return [
        f"if ({name}=={value}) "
        for value in range(1 << register.size)
        if all(value >> place & 1 == wanted for place, wanted in places)
    ]


def _tested(circuit: QuantumCircuit, tests: Tests) -> tuple[Any, list[tuple[int, int]]]:
    """The one register that `tests` look at, and (place in it, value) of each."""
    locations = [(circuit.find_bit(bit).registers[0], value) for bit, value in tests]
    register = locations[0][0][0]
    if any(location[0] != register for location, _ in locations):
        raise NotExpressible(
            "OpenQASM 2 cannot compare bits of several registers at once", "emit OpenQASM 3"
        )
    if register.size > MAX_COMPARED_BITS:
        raise NotExpressible(
            f"OpenQASM 2 cannot compare one bit of `{register.name}`, which has {register.size}",
            "emit OpenQASM 3",
        )
    return register, [(location[1], value) for location, value in locations]


def _require_unchanged(
    item: Any, circuit: QuantumCircuit, names: dict[Any, str], tests: Tests
) -> None:
    if tests and item.clbits:
        register, _ = _tested(circuit, tests)
        if any(names[bit] == names[b] for bit in register for b in item.clbits):
            raise NotExpressible(
                f"OpenQASM 2 cannot measure into `{register.name}` on a condition on it",
                "emit OpenQASM 3",
            )
