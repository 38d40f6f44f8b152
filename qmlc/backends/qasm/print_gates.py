"""Qiskit's gates as statements that all dialects share: calls, numbers, gate definitions."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import ParameterExpression
from qiskit.circuit.library.standard_gates import get_standard_gate_name_mapping

from qmlc.backends.qasm.append_gate import append_instruction, append_ladder, qiskit_gate
from qmlc.backends.qasm.convert_angle import qiskit_parameter
from qmlc.backends.qasm.errors import NotExpressible
from qmlc.backends.qasm.scalar_names import ScalarNames
from qmlc.ir.circuit import Instruction
from qmlc.ir.modify_gates import expand_composite
from qmlc.ops.gates import GATES, Composite, Rotation
from qmlc.targets.read_dialect import Dialect
from qmlc.types.polynomial import Polynomial, Symbol, number_text

OPERANDS = "abcd"
PHASE = "gphase"


@dataclass
class GatePrinter:
    """Prints gates in a dialect; collects the `definitions` of those that it lacks."""

    dialect: Dialect
    definitions: dict[str, str] = field(default_factory=dict)
    """Texts by gate name, in an order in which each uses only earlier ones."""
    opened: list[str] = field(default_factory=list)
    """The gates that are being written out, each within the one before."""
    known: frozenset[str] = field(init=False)
    names: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        """Make what is looked up for each gate."""
        self.known, self.names = frozenset(self.dialect.gates), dict(self.dialect.names)

    def statements(self, operation: Any, qubits: Sequence[str]) -> Iterator[str]:
        """The statements for a gate on the named qubits."""
        for name, angles, places in _simple_gates(operation, list(range(len(qubits))), self.known):
            yield from self._gate(name, angles, [qubits[i] for i in places])

    def phase(self, angle: Any) -> Iterator[str]:
        """The statement for a global phase, if it can be said and is not 0."""
        if self.dialect.phase and (is_symbolic(angle) or angle):
            yield self.call(PHASE, [angle], [])

    def call(self, name: str, angles: Sequence[Any], qubits: Sequence[str]) -> str:
        """The statement for a gate that is known or defined."""
        texts = list(map(angle_text, angles))
        name = self.names.get(name, name)
        if "{" in name:
            head = name.format(*texts)
        else:
            head = f"{name}({', '.join(texts)})" if texts else name
        return f"{head} {', '.join(qubits)}".rstrip() + ";"

    def _gate(self, name: str, angles: Sequence[Any], qubits: Sequence[str]) -> Iterator[str]:
        if name == PHASE:
            yield from self.phase(angles[0])
        elif name in self.known or name in self.definitions:
            yield self.call(name, angles, qubits)
        elif self.dialect.definitions:
            self._define(name)
            yield self.call(name, angles, qubits)
        else:
            body = _definition(name)
            slots = [qiskit_parameter(a) for a in _slot_names(name)]
            bound = body.assign_parameters(dict(zip(slots, angles, strict=True)))
            if name in self.opened:
                what = (
                    f"{self.dialect.title} has no `{self.opened[0]}`, nor gates that it is made of"
                )
                raise NotExpressible(what, "give a device, or choose another dialect")
            self.opened.append(name)
            yield from self._body(bound, qubits)
            self.opened.pop()

    def _body(self, body: QuantumCircuit, qubits: Sequence[str]) -> Iterator[str]:
        yield from self.phase(body.global_phase)
        for item in body.data:
            places = [qubits[body.find_bit(q).index] for q in item.qubits]
            yield from self.statements(item.operation, places)

    def _define(self, name: str) -> None:
        body = _definition(name)
        qubits, angles = list(OPERANDS[: body.num_qubits]), _slot_names(name)
        lines = list(self._body(body, qubits))
        head = f"{name}({', '.join(angles)})" if angles else name
        inner = "".join(f"  {line}\n" for line in lines)
        self.definitions[name] = f"gate {head} {', '.join(qubits)} {{\n{inner}}}"


def is_symbolic(value: Any) -> bool:
    """Whether a Qiskit angle holds a parameter."""
    return isinstance(value, ParameterExpression) and bool(value.parameters)


def angle_text(value: Any) -> str:
    """A Qiskit angle in OpenQASM: no whole number is divided, and no digit is lost."""
    if not is_symbolic(value):
        return _float_text(float(value) + 0.0)
    text = str(value)
    if text.isidentifier():
        return text
    text = re.sub(r"^\((-[\d.]+)\)\*", r"\1*", text)
    text = re.sub(r"\b([A-Za-z_]\w*)\*\*(\d+)\b", _repeated, text)
    if "**" in text:
        raise NotExpressible(f"OpenQASM cannot say the angle `{text}`", "give it in `values`")
    # a number without a point would be divided as whole numbers are
    text = re.sub(r"(?<![\w.])(\d+)(?![\w.])", r"\1.0", text)
    text = re.sub(r"^-?0\.0 \+ ", "", text)
    return re.sub(
        r"(?<![\w.])\d\.\d{12,}(?![\w.])", lambda m: number_text(_snap(float(m[0]))), text
    )


@lru_cache(maxsize=1024)
def _float_text(number: float) -> str:
    """A number that is not -0, of which circuits hold few."""
    return number_text(_snap(number))


def _snap(number: float) -> float:
    """A number, or the multiple of pi/8 that it is but for rounding."""
    eighths = round(number * 8 / math.pi)
    exact = eighths * math.pi / 8
    return exact if eighths and abs(number - exact) < ROUNDING else number


ROUNDING = 1e-14
"""What may be lost where matrices are taken apart; proofs see differences from 1e-9 on."""


def _repeated(match: re.Match[str]) -> str:
    return "(" + "*".join([match[1]] * int(match[2])) + ")"


def _simple_gates(
    operation: Any, places: list[int], known: frozenset[str]
) -> Iterator[tuple[str, Sequence[Any], list[int]]]:
    """(name, angles, places) of the named gates that `operation` is made of."""
    if operation.name in known or _standard(operation):
        yield operation.name, operation.params, places
        return
    definition = operation.definition
    if definition is None:
        raise NotExpressible(f"OpenQASM has no `{operation.name}`")
    if is_symbolic(definition.global_phase) or definition.global_phase:
        yield PHASE, [definition.global_phase], []
    for item in definition.data:
        inner = [places[definition.find_bit(q).index] for q in item.qubits]
        yield from _simple_gates(item.operation, inner, known)


def _standard(operation: Any) -> bool:
    gate = qiskit_gate(operation.name)
    return gate is not None and operation.base_class is gate


def _slot_names(name: str) -> list[str]:
    """What the angles of the gate `name` are called in its definition.

    Qiskit's reader takes the angles of a definition in alphabetical order, whatever the text says,
    so their names must be in that order.
    """
    return [f"angle{i}" for i in range(len(get_standard_gate_name_mapping()[name].params))]


@cache
def _definition(name: str) -> QuantumCircuit:
    """The gate `name` in smaller gates, exactly, over parameters called as in `_slot_names`."""
    angles = [qiskit_parameter(a) for a in _slot_names(name)]
    row = GATES.get(name)
    if isinstance(row, Composite):
        result = QuantumCircuit(row.qubits)
        scalars: ScalarNames = {Symbol(a.name): a.name for a in angles}
        symbols = tuple(Polynomial.symbol(a.name) for a in angles)
        for step in expand_composite(Instruction(name, tuple(range(row.qubits)), symbols)):
            append_instruction(result, step, scalars)
        return result
    if isinstance(row, Rotation):
        result = QuantumCircuit(row.qubits)
        append_ladder(result, row.pauli, angles[0], "", list(range(row.qubits)))
        return result
    definition: QuantumCircuit = qiskit_gate(name)(*angles).definition
    return definition
