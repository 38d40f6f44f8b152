"""The gates that a text in OpenQASM defines, over the angles that it names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from qmlc.backends.qasm.errors import NotReadable
from qmlc.backends.qasm.load_openqasm import COMMENT, load_openqasm
from qmlc.backends.qasm.read_expression import Scalars
from qmlc.backends.qasm.read_gate import Reading, read_definition
from qmlc.ir.circuit import Instruction
from qmlc.ir.definition import Definition
from qmlc.ops.gates import GATES, gate_arity
from qmlc.source.span import Source
from qmlc.types.polynomial import Polynomial, Symbol, lift

GATE = re.compile(r"\bgate\s+(\w+)\s*(?:\(([^)]*)\))?\s*([^{(]*)\{([^{}]*)\}")
STDGATES = frozenset(
    """p x y z h s sdg t tdg sx rx ry rz cx cy cz cp crx cry crz ch swap ccx cswap cu CX phase
    cphase id u1 u2 u3""".split()
)
"""What `stdgates.inc` defines."""

OWN = "_own"


@dataclass(frozen=True)
class _Header:
    name: str
    angles: tuple[str, ...]
    qubits: tuple[str, ...]
    body: str


def read_definitions(text: str) -> dict[str, Definition]:
    """The gates of a text in OpenQASM 2 or 3 by their names; what is not straight is left out."""
    headers = [
        _Header(name, _names(angles), _names(qubits), body)
        for name, angles, qubits, body in GATE.findall(COMMENT.sub(" ", text))
    ]
    found = _try(headers)
    if found is not None:
        return found
    straight: list[_Header] = []
    for header in headers:
        if _try([*straight, header]) is not None:
            straight.append(header)
    return _try(straight) or {}


def _try(headers: Sequence[_Header]) -> dict[str, Definition] | None:
    try:
        return dict(_read(headers))
    except NotReadable:
        return None


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _read(headers: Sequence[_Header]) -> Iterator[tuple[str, Definition]]:
    """Each gate from a circuit that applies it to inputs: so its angles stay symbols."""
    defined = [header.name for header in headers]
    rows = frozenset(name for name in GATES if name not in STDGATES)
    circuit = load_openqasm(Source("gates", _calls([_own(h, defined) for h in headers], rows)))
    kept: dict[str, Definition] = {}
    for header, item in zip(headers, circuit.data, strict=True):
        scalars = Scalars(circuit.parameters)
        reading = Reading(scalars.read, {f"{n}{OWN}": d for n, d in kept.items()}, rows=rows)
        found = read_definition(item.operation.definition, range(len(header.qubits)), reading)
        names = {Symbol(f"angle_{i}"): Polynomial.symbol(a) for i, a in enumerate(header.angles)}
        instructions = tuple(
            replace(i, angles=tuple(lift(a).substitute(names) for a in i.angles)) for i in found
        )
        kept[header.name] = Definition(header.name, header.angles, header.qubits, instructions)
        yield header.name, kept[header.name]


def _own(header: _Header, defined: Sequence[str]) -> _Header:
    """A gate under a name that nothing in the standard file has."""
    body = re.sub(r"\b(?:" + "|".join(defined) + r")\b", lambda m: m[0] + OWN, header.body)
    return replace(header, name=header.name + OWN, body=body)


def _calls(headers: Sequence[_Header], rows: frozenset[str]) -> str:
    """A program in OpenQASM 3 with the gates of `headers`, each applied once."""
    angles = max((len(h.angles) for h in headers), default=0)
    width = max((len(h.qubits) for h in headers), default=0)
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";']
    lines += [f"input float[64] angle_{i};" for i in range(angles)]
    lines.append(f"qubit[{max(width, 1)}] q;")
    for row in sorted(rows):
        count, qubits = gate_arity(row)
        # what these are made of is not looked at
        lines.append(_gate(_Header(row, _numbered("a", count), _numbered("q", qubits), "")))
    for header in headers:
        body = header.body.replace("^", "**").replace("ln(", "log(")  # as OpenQASM 2 has them
        lines.append(_gate(replace(header, body=body)))
    for header in headers:
        given = ", ".join(f"angle_{i}" for i in range(len(header.angles)))
        on = ", ".join(f"q[{i}]" for i in range(len(header.qubits)))
        lines.append(f"{header.name}({given}) {on};" if given else f"{header.name} {on};")
    return "\n".join(lines)


def _numbered(name: str, count: int) -> tuple[str, ...]:
    return tuple(f"{name}{i}" for i in range(count))


def _gate(header: _Header) -> str:
    angles = f"({', '.join(header.angles)})" if header.angles else ""
    return f"gate {header.name}{angles} {', '.join(header.qubits)} {{{header.body}}}"


def used_definitions(
    instructions: Iterable[Instruction], definitions: Iterable[Definition]
) -> list[Definition]:
    """Those that are applied, and those that these use, each after what it uses."""
    known = {d.call: d for d in definitions}
    found: dict[str, Definition] = {}
    for instruction in instructions:
        if instruction.name in known and instruction.name not in found:
            definition = known[instruction.name]
            inner = used_definitions(definition.instructions, known.values())
            found.update({d.call: d for d in inner})
            found[instruction.name] = definition
    return list(found.values())
