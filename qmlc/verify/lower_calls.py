"""Calls of named gates as matrices and rotations on qubits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from qmlc.ops.gates import ALIASES, GATES, Composite, Constant, Controlled, Phase, gate_arity
from qmlc.ops.gates import Rotation as RotationRow
from qmlc.ops.matrices import ComplexMatrix, gate_matrix
from qmlc.verify.read_formula import Formula, evaluate
from qmlc.verify.steps import Branch, Gate, Rotation, Step, Steps

VENDORS = {
    # Amazon Braket
    "phaseshift": "p", "cphaseshift": "cp", "si": "sdg", "ti": "tdg", "v": "sx", "vi": "sxdg",
    # Quantinuum, in hqslib1.inc
    "U1q": "r", "RZZ": "rzz",
}  # fmt: skip
"""Gates that only a vendor's file calls so."""

PHASE = "gphase"


@dataclass(frozen=True, slots=True)
class Modifier:
    """`ctrl`, `negctrl`, `inv` or `pow`, with its number."""

    name: str
    number: int


@dataclass(frozen=True, slots=True)
class Call:
    """A gate by its name; `modifiers` from the outermost, whose controls are the first qubits."""

    name: str
    angles: tuple[Formula, ...]
    qubits: tuple[int, ...]
    modifiers: tuple[Modifier, ...] = ()


@dataclass(frozen=True)
class Definition:
    """A gate that a text defines: calls on its own qubits, over the names of its angles."""

    angles: tuple[str, ...]
    num_qubits: int
    body: tuple[Call, ...]


Definitions = Mapping[str, Definition]


def is_gate(name: str, definitions: Definitions) -> bool:
    """Whether `name` is known."""
    return name in definitions or name == PHASE or _row_name(name) in GATES


def _row_name(name: str) -> str:
    return ALIASES.get(name, VENDORS.get(name, name))


def lower_calls(
    parts: Iterable[Call | Step], values: Mapping[str, float], definitions: Definitions
) -> Steps:
    """`parts` with numbers for the inputs in their angles; global phases are left out.

    ValueError or ArithmeticError where a formula has no value, or a call does not fit its gate.
    """
    return tuple(step for part in parts for step in _lower(part, values, definitions))


def _lower(
    part: Call | Step, values: Mapping[str, float], definitions: Definitions
) -> Iterator[Step]:
    if isinstance(part, Branch):
        inner = (lower_calls(p, values, definitions) for p in (part.then, part.otherwise))
        yield Branch(part.bits, part.values, *inner)
    elif isinstance(part, Call):
        yield from (g for g in _gates(part, values, definitions) if g.qubits)
    else:
        yield part


def _gates(
    call: Call, values: Mapping[str, float], definitions: Definitions
) -> list[Gate | Rotation]:
    """The gates of a call, phases without qubits among them."""
    if call.modifiers:
        return _modified(call, values, definitions)
    angles = tuple(float(evaluate(a, values)) for a in call.angles)
    definition = definitions.get(call.name)
    if definition is None:
        return _standard(call.name, angles, call.qubits)
    if len(angles) != len(definition.angles) or len(call.qubits) != definition.num_qubits:
        raise ValueError(f"`{call.name}` is called with too much or too little")
    own = dict(zip(definition.angles, angles, strict=True))
    found = []
    for inner in definition.body:
        places = tuple(call.qubits[q] for q in inner.qubits)
        found += _gates(replace(inner, qubits=places), own, definitions)
    return found


def _modified(
    call: Call, values: Mapping[str, float], definitions: Definitions
) -> list[Gate | Rotation]:
    """What the outermost modifier makes of the rest of a call."""
    outer, *rest = call.modifiers
    count = outer.number if outer.name in ("ctrl", "negctrl") else 0
    controls, qubits = call.qubits[:count], call.qubits[count:]
    inner = _gates(Call(call.name, call.angles, qubits, tuple(rest)), values, definitions)
    if count:
        states = ("1" if outer.name == "ctrl" else "0") * count
        return [replace(g, qubits=controls + g.qubits, controls=states + g.controls) for g in inner]
    if outer.name == "inv" or outer.number < 0:
        inner = [_inverse(gate) for gate in reversed(inner)]
    return inner * abs(outer.number) if outer.name == "pow" else inner


def _inverse(gate: Gate | Rotation) -> Gate | Rotation:
    if isinstance(gate, Rotation):
        return replace(gate, angle=-gate.angle)
    return replace(gate, matrix=gate.matrix.conj().T)


def _standard(name: str, angles: Sequence[float], qubits: tuple[int, ...]) -> list[Gate | Rotation]:
    """A gate that has a row in the table of gates."""
    if name == PHASE:
        (angle,) = angles
        return [Gate(qubits, np.array([[np.exp(1j * angle)]]))]
    name = _row_name(name)
    if gate_arity(name) != (len(angles), len(qubits)) or len(set(qubits)) < len(qubits):
        raise ValueError(f"`{name}` is called with too much or too little")
    return list(lower_row(name, angles, qubits))


def lower_row(
    name: str, angles: Sequence[float], qubits: tuple[int, ...], controls: str = ""
) -> Iterator[Gate | Rotation]:
    """The gate of a row, the first qubits being controls in the states `controls`."""
    if not controls and not angles and len(qubits) < 3:
        yield Gate(qubits, _matrix(name))
        return
    match GATES[name]:
        case RotationRow(pauli=letters):
            yield Rotation(qubits, letters, angles[0], controls)
        case Phase():
            yield Gate(qubits, np.diag([1, np.exp(1j * angles[0])]), controls)
        case Constant():
            yield Gate(qubits, _matrix(name), controls)
        case Controlled(base=base, controls=count):
            yield from lower_row(base, angles, qubits, controls + "1" * count)
        case Composite(steps=steps):
            outer, own = qubits[: len(controls)], qubits[len(controls) :]
            for step in steps:
                numbers = [r[0] + float(np.dot(r[1:], angles)) for r in step.angles]
                places = outer + tuple(own[q] for q in step.qubits)
                yield from lower_row(step.gate, numbers, places, controls)


@cache
def _matrix(name: str) -> ComplexMatrix:
    """Of a gate without angles."""
    return gate_matrix(name)
