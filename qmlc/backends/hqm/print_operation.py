"""One instruction as a statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from qmlc.backends.hqm.errors import NotPrintable
from qmlc.backends.hqm.name_things import Names
from qmlc.backends.hqm.print_number import plain_number, print_number
from qmlc.backends.mark_places import mark_elements, mark_place, slice_text
from qmlc.ir.circuit import Instruction
from qmlc.ir.operator import Operator
from qmlc.ops.gates import GATES, Rotation, controlled_name
from qmlc.types.polynomial import Polynomial, Symbol, Value, lift

UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


@dataclass(frozen=True, slots=True)
class PrintedGate:
    """A gate that the program defines, and its registers."""

    name: str
    registers: tuple[tuple[str, int], ...]


class Scope:
    """What names mean where statements stand."""

    def __init__(
        self,
        names: Names,
        variables: Mapping[str, tuple[str, tuple[int, ...]]],
        registers: Sequence[tuple[str, int]],
        gates: Mapping[str, PrintedGate],
    ) -> None:
        """`variables` are names and shapes by the circuit's names, `gates` what was printed."""
        self.names, self.variables, self.registers, self.gates = names, variables, registers, gates
        self.qubits = list(mark_elements(registers))
        """Each qubit, its index marked."""

    @cached_property
    def pair(self) -> tuple[str, str]:
        """Names for two neighbours."""
        return self.names.new("a"), self.names.new("b")

    def symbol(self, symbol: Symbol) -> str:
        """An element of an input or parameter, its indices marked."""
        if symbol.name not in self.variables:
            return symbol.name  # the time of an evolution
        name, shape = self.variables[symbol.name]
        if not shape:
            return name
        places = (mark_place(i, size) for i, size in zip(symbol.index, shape, strict=True))
        return f"{name}[{', '.join(places)}]"

    def number(self, value: Value) -> str:
        """An angle or coefficient."""
        return print_number(value, self.symbol)


def print_operation(scope: Scope, instruction: Instruction) -> str:
    """The statement that is `instruction`, its condition aside; NotPrintable."""
    qubits = [scope.qubits[q] for q in instruction.qubits]
    match instruction.name:
        case "barrier":
            return f"barrier {operands(scope, instruction.qubits or range(len(scope.qubits)))}"
        case "reset":
            return f"reset {qubits[0]}"
        case "delay":
            return f"delay({_seconds(scope, instruction.angles[0])}) {', '.join(qubits)}"
        case "prepare":
            numbers = ", ".join(map(scope.number, instruction.angles))
            return f"prepare([{numbers}]) {operands(scope, instruction.qubits)}"
    head, targets = print_head(scope, instruction)
    on = [*qubits[: len(instruction.controls)], *targets]
    return f"{head} {', '.join(on)}" if on else head


def print_head(scope: Scope, instruction: Instruction) -> tuple[str, list[str]]:
    """A gate with its modifiers and angles, and its targets."""
    name, controls = instruction.name, instruction.controls
    targets = [scope.qubits[q] for q in instruction.targets]
    angles = list(instruction.angles)
    if name == "rotation":
        return _rotation(scope, instruction)
    if name == "evolve":
        assert isinstance(instruction.payload, Operator)
        operator = instruction.payload.place(instruction.targets)
        return _evolution(scope, controls, operator, angles[0]), targets
    if name == "unitary":
        raise NotPrintable("a gate that is given by its matrix", "say which gates it is made of")
    row = name
    if controls and "0" not in controls:
        row = controlled_name(name, len(controls)) or name
    prefix = "" if row != name else modifiers(controls)
    if gate := scope.gates.get(name):
        row, targets = gate.name, _split(scope, gate, instruction.targets)
    return prefix + _call(scope, row, angles), targets


def _split(scope: Scope, gate: PrintedGate, qubits: Sequence[int]) -> list[str]:
    """The qubits of a call as an operand for each register of the gate."""
    texts, start = [], 0
    for _, size in gate.registers:
        texts.append(operands(scope, qubits[start : start + size]))
        start += size
    return texts


def _call(scope: Scope, name: str, angles: Sequence[Value]) -> str:
    return f"{name}({', '.join(map(scope.number, angles))})" if angles else name


def modifiers(controls: str) -> str:
    """`ctrl(2) @ negctrl @ `: each run of controls in one state."""
    found = ""
    for state, run in groupby(controls):
        name, count = "ctrl" if state == "1" else "negctrl", len(list(run))
        found += f"{name} @ " if count == 1 else f"{name}({count}) @ "
    return found


def _rotation(scope: Scope, instruction: Instruction) -> tuple[str, list[str]]:
    letters, angle, controls = instruction.payload, instruction.angles[0], instruction.controls
    assert isinstance(letters, str)
    named = [(p, q) for p, q in zip(letters, instruction.targets, strict=True) if p != "I"]
    if not named:
        return modifiers(controls) + _call(scope, "gphase", [angle * -0.5]), []
    word = "".join(p for p, _ in named)
    targets = [scope.qubits[q] for _, q in named]
    for name, row in GATES.items():
        if isinstance(row, Rotation) and row.pauli == word:
            return modifiers(controls) + _call(scope, name, [angle]), targets
    operator = Operator(((tuple(sorted((q, p) for p, q in named)), 1),))
    return _evolution(scope, controls, operator, angle * 0.5), targets


def _evolution(scope: Scope, controls: str, operator: Operator, time: Value) -> str:
    hamiltonian = print_operator(scope, operator)
    return f"{modifiers(controls)}evolve({hamiltonian}, time={scope.number(time)})"


def print_operator(scope: Scope, operator: Operator) -> str:
    """A sum of products of Pauli matrices."""
    text = ""
    for string, coefficient in operator.terms:
        factors = [f"{letter}({scope.qubits[qubit]})" for qubit, letter in string]
        factors = factors or [f"I({scope.qubits[0]})"]
        number, sign = coefficient, "+"
        if isinstance(number, int | float) and number < 0:
            number, sign = -number, "-"
        if number != 1:
            several = isinstance(number, Polynomial) and len(lift(number).terms) > 1
            factors.insert(0, f"({scope.number(number)})" if several else scope.number(number))
        text += (f" {sign} " if text else sign.replace("+", "")) + "*".join(factors)
    return text or f"0*I({scope.qubits[0]})"


def _seconds(scope: Scope, value: Value) -> str:
    if isinstance(value, int | float):
        for unit, seconds in UNITS.items():
            count = round(value / seconds, 6)
            if count >= 1 and count * seconds == value:
                return f"{plain_number(count)}*{unit}"
    return scope.number(value)


def operands(scope: Scope, qubits: Sequence[int]) -> str:
    """Qubits as one operand: a register, a part of one, or a list."""
    if len(qubits) == 1:
        return scope.qubits[qubits[0]]
    if text := slice_text(qubits, scope.registers):
        return text
    return f"[{', '.join(_parts(scope, qubits))}]"


def _parts(scope: Scope, qubits: Sequence[int]) -> list[str]:
    """The longest slices that the qubits are, one after the other."""
    parts, start = [], 0
    while start < len(qubits):
        stop = len(qubits)
        while stop > start + 1 and not slice_text(qubits[start:stop], scope.registers):
            stop -= 1
        run = qubits[start:stop]
        parts.append(slice_text(run, scope.registers) or scope.qubits[run[0]])
        start = stop
    return parts
