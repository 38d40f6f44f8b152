"""Qiskit's gates as statements that OpenQASM 2 and 3 share: calls, numbers, gate definitions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterExpression
from qiskit.circuit.library.standard_gates import get_standard_gate_name_mapping

from qmlc.backends.qasm.append_gate import append_instruction, append_ladder, qiskit_gate
from qmlc.backends.qasm.convert_angle import qiskit_parameter
from qmlc.backends.qasm.errors import NotExpressible
from qmlc.backends.qasm.scalar_names import ScalarNames
from qmlc.ir.circuit import Instruction
from qmlc.ir.modify_gates import expand_composite
from qmlc.ops.gates import GATES, Composite, Rotation
from qmlc.types.polynomial import Polynomial, Symbol, number_text

OPERANDS = "abcd"
PHASE = "gphase"


@dataclass
class GatePrinter:
    """Prints gates in a dialect whose include file has `known`; collects `definitions`."""

    known: frozenset[str]
    has_phase: bool
    """Whether the dialect can say a global phase; else it is left out."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """What the dialect calls gates that have another name here."""
    definitions: dict[str, str] = field(default_factory=dict)
    """Texts by gate name, in an order in which each uses only earlier ones."""

    def statements(self, operation: Any, qubits: Sequence[str]) -> Iterator[str]:
        """The statements for a gate on the named qubits, defining what the dialect lacks."""
        for name, angles, places in _simple_gates(operation, list(range(len(qubits))), self.known):
            if name != PHASE:
                self._define(name)
            text = self.call(name, angles, [qubits[i] for i in places])
            if text:
                yield text

    def phase(self, angle: Any) -> Iterator[str]:
        """The statement for a global phase, if it can be said and is not 0."""
        text = self.call(PHASE, [angle], []) if is_symbolic(angle) or angle else ""
        if text:
            yield text

    def call(self, name: str, angles: Sequence[Any], qubits: Sequence[str]) -> str:
        """The statement for a gate that is known or defined; "" for a phase that cannot be said."""
        if name == PHASE and not self.has_phase:
            return ""
        arguments = f"({', '.join(map(angle_text, angles))})" if angles else ""
        name = self.renamed.get(name, name)
        return f"{name}{arguments} {', '.join(qubits)}".rstrip() + ";"

    def _define(self, name: str) -> None:
        if name in self.known or name in self.definitions:
            return
        # Qiskit's reader takes the angles of a definition in alphabetical order, whatever the text
        # says, so their names must be in that order
        angles = [f"angle{i}" for i in range(_angle_count(name))]
        body = _definition(name, [qiskit_parameter(a) for a in angles])
        qubits = list(OPERANDS[: body.num_qubits])
        lines = [
            *self.phase(body.global_phase),
            *(
                line
                for item in body.data
                for line in self.statements(
                    item.operation, [qubits[body.find_bit(q).index] for q in item.qubits]
                )
            ),
        ]
        head = f"{name}({', '.join(angles)})" if angles else name
        inner = "".join(f"  {line}\n" for line in lines)
        self.definitions[name] = f"gate {head} {', '.join(qubits)} {{\n{inner}}}"


def is_symbolic(value: Any) -> bool:
    """Whether a Qiskit angle holds a parameter."""
    return isinstance(value, ParameterExpression) and bool(value.parameters)


def angle_text(value: Any) -> str:
    """A Qiskit angle in OpenQASM: no whole number is divided, and no digit is lost."""
    if not is_symbolic(value):
        number = float(value)
        return number_text(number)
    text = re.sub(r"^\((-[\d.]+)\)\*", r"\1*", str(value))
    text = re.sub(r"\b([A-Za-z_]\w*)\*\*(\d+)\b", _repeated, text)
    if "**" in text:
        raise NotExpressible(f"OpenQASM cannot say the angle `{text}`", "give it in `values`")
    # a number without a point would be divided as whole numbers are
    return re.sub(r"(?<![\w.])(\d+)(?![\w.])", r"\1.0", text)


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


def _angle_count(name: str) -> int:
    return len(get_standard_gate_name_mapping()[name].params)


def _definition(name: str, angles: list[Parameter]) -> QuantumCircuit:
    """The gate `name` in smaller gates, exactly."""
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
