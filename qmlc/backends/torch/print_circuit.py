"""Prints a circuit as the body of a function that rebuilds it through `CircuitBuilder`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

from qmlc.backends.mark_places import (
    mark_elements,
    mark_place,
    marked_line,
    plain_text,
    slice_text,
)
from qmlc.backends.roll_loops import Block, Item, nesting, roll_loops, write_items
from qmlc.backends.torch.identifiers import RESERVED, Identifiers
from qmlc.backends.torch.print_value import (
    any_symbol,
    print_distribution,
    print_operator,
    print_polynomial,
    print_value,
)
from qmlc.ir.circuit import Circuit, Condition, Instruction, Result
from qmlc.ir.operator import Operator
from qmlc.ops.fill_template import write_tuple
from qmlc.ops.gates import controlled_name
from qmlc.types.polynomial import Symbol, Value


def print_circuit(circuit: Circuit) -> list[str]:
    """The lines of a function's body that returns a circuit equal to `circuit`."""
    printer = _Printer(circuit)
    items = roll_loops(list(printer.instructions()))
    loops = [printer.names.new("ijklmn"[depth % 6]) for depth in range(nesting(items))]
    return [
        *printer.declarations(),
        *write_items(items, loops),
        *(plain_text(printer.result(result)) for result in circuit.results),
        f"return {printer.builder}.build()",
    ]


class _Printer:
    """The names of a circuit's variables, and what is printed with them."""

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self.names = Identifiers(RESERVED)
        variables = (*circuit.inputs, *circuit.parameters)
        self.variables = {v.name: (self.names.new(v.name), v.shape) for v in variables}
        self.qubit_places = [(self.names.new(name), size) for name, size in circuit.registers]
        self.bit_places = [(self.names.new(name), size) for name, size in circuit.bit_registers]
        self.builder = self.names.new("c")
        self.qubits = list(mark_elements(self.qubit_places))
        self.bits = list(mark_elements(self.bit_places))

    def declarations(self) -> Iterator[str]:
        """The builder and what is declared with it."""
        c, circuit = self.builder, self.circuit
        doc = f", {circuit.doc!r}" if circuit.doc else ""
        yield f"{c} = CircuitBuilder({circuit.name!r}{doc})"
        for variable in circuit.inputs:
            name = self.variables[variable.name][0]
            arguments = _arguments(repr(variable.name), *variable.shape)
            if variable.default is not None:
                arguments += f", default={print_value(variable.default)}"
            yield f"{name} = {c}.input({arguments})"
        for variable in circuit.parameters:
            name = self.variables[variable.name][0]
            assert variable.distribution is not None
            start = f"start={print_distribution(variable.distribution)}"
            arguments = _arguments(repr(variable.name), *variable.shape, start)
            yield f"{name} = {c}.parameter({arguments})"
        for kind, registers, places in (
            ("qubit", circuit.registers, self.qubit_places),
            ("bit", circuit.bit_registers, self.bit_places),
        ):
            for (name, size), (python, _) in zip(registers, places, strict=True):
                sized = f"{kind}({name!r})" if size == 1 else f"{kind}s({name!r}, {size})"
                yield f"{python} = {c}.{sized}"

    def instructions(self) -> Iterator[Item]:
        """A line an instruction; those under one condition in a block."""
        groups = groupby(self.circuit.instructions, key=lambda i: i.condition)
        for condition, group in groups:
            lines = tuple(marked_line(text) for text in self.calls(list(group)))
            if condition is None:
                yield from lines
            else:
                yield Block(marked_line(self.condition(condition)), lines)

    def calls(self, instructions: Sequence[Instruction]) -> Iterator[str]:
        """The builder's calls; measurements in a row are one call."""
        for measured, group in groupby(instructions, key=lambda i: i.name == "measure"):
            if not measured:
                yield from (f"{self.builder}.{self.call(i)}" for i in group)
                continue
            rows = list(group)
            qubits = [q for i in rows for q in i.qubits]
            bits = [b for i in rows for b in i.bits]
            pair = f"{self.qubits[qubits[0]]}, {self.bits[bits[0]]}"
            if len(rows) > 1:
                pair = f"{self.several(qubits, self.qubits)}, {self.several(bits, self.bits)}"
            yield f"{self.builder}.measure({pair})"

    def condition(self, condition: Condition) -> str:
        """The header of a feed-forward block."""
        bits = self.several(condition.bits, self.bits)
        return f"with {self.builder}.when({bits}, {sorted(condition.values)}):"

    def call(self, instruction: Instruction) -> str:
        """The method of the builder that adds `instruction`."""
        qubits = [self.qubits[q] for q in instruction.qubits]
        angles = [self.angle(a) for a in instruction.angles]
        controls = instruction.controls
        states = [f'controls="{controls}"'] if controls else []
        match instruction.name:
            case "rotation":
                letters = repr(instruction.payload)
                return f"rotation({_arguments(letters, *angles, *qubits, *states)})"
            case "unitary":
                return f"unitary({_arguments(print_value(instruction.payload), *qubits, *states)})"
            case "evolve":
                assert isinstance(instruction.payload, Operator)
                operator = print_operator(instruction.payload, str, self.symbol)
                spread = self.spread(instruction)
                return f"evolve({_arguments(operator, *angles, *spread, *states)})"
            case "prepare":
                return f"prepare({_arguments(self.vector(instruction), *self.spread(instruction))})"
            case "barrier" | "reset" | "delay":
                return f"{instruction.name}({_arguments(*angles, *self.spread(instruction))})"
        return self.gate(instruction.name, controls, [*angles, *qubits])

    def gate(self, name: str, controls: str, operands: list[str]) -> str:
        """A gate by its own name, or by that of its controlled version, or under `controlled`."""
        row = name if not controls else None
        if controls and "0" not in controls:
            row = controlled_name(name, len(controls))
        if row is not None:
            return f"{row}({_arguments(*operands)})"
        return f"controlled({_arguments(repr(controls), repr(name), *operands)})"

    def angle(self, value: Value) -> str:
        """An angle over the variables of the circuit."""
        return print_polynomial(value, self.symbol)

    def symbol(self, symbol: Symbol) -> str:
        """An element of an input or of a parameter."""
        name, shape = self.variables.get(symbol.name, ("", ()))
        if not name or len(shape) != len(symbol.index):
            return any_symbol(symbol)
        if not shape:
            return name
        places = (mark_place(i, size) for i, size in zip(symbol.index, shape, strict=True))
        return f"{name}[{', '.join(places)}]"

    def spread(self, instruction: Instruction) -> list[str]:
        """The qubits as arguments: `*q` where they are a whole register."""
        if len(instruction.qubits) > 2:
            text = self.several(instruction.qubits, self.qubits)
            if not text.startswith("("):
                return [f"*{text}"]
        return [self.qubits[q] for q in instruction.qubits]

    def several(self, numbers: Sequence[int], texts: Sequence[str]) -> str:
        """A tuple of qubits or of bits: a register, a part of one, or one by one."""
        places = self.bit_places if texts is self.bits else self.qubit_places
        if found := slice_text(numbers, places):
            return found
        return write_tuple(texts[i] for i in numbers)

    def vector(self, instruction: Instruction) -> str:
        """The amplitudes of a preparation."""
        for name, (python, shape) in self.variables.items():
            if len(shape) == 1 and shape[0] == len(instruction.angles):
                wanted = tuple(Symbol(name, (i,)) for i in range(shape[0]))
                if tuple(map(_lone_symbol, instruction.angles)) == wanted:
                    return python
        return f"Array.stack([{', '.join(map(self.angle, instruction.angles))}])"

    def result(self, result: Result) -> str:
        """The method of the builder that returns `result`."""
        named = [f"name={result.name!r}"] if result.name else []
        if result.kind in ("expval", "variance") and not result.qubits:
            return f"{self.builder}.{result.kind}({_arguments(self.observables(result), *named)})"
        qubits = self.several(result.qubits, self.qubits)
        if result.kind in ("probs", "state", "purity", "entropy") and not result.operators:
            return f"{self.builder}.{result.kind}({_arguments(qubits, *named)})"
        if result.kind in ("counts", "sample"):
            return f"{self.builder}.{result.kind}({_arguments(qubits, result.shots, *named)})"
        operators = "".join(f"{self.operator(o)}, " for o in result.operators)
        return (
            f"{self.builder}.result(Result({result.kind!r}, ({operators}),"
            f" {result.shape!r}, {qubits}, {result.name!r}))"
        )

    def observables(self, result: Result) -> str:
        """One operator, `Z(q)` for one on each qubit of a register, or a list of them."""
        texts = [self.operator(o) for o in result.operators]
        if not result.shape and len(texts) == 1:
            return texts[0]
        if result.shape != (len(texts),) or math.prod(result.shape) == 0:
            return f"Array({result.shape!r}, ({''.join(text + ', ' for text in texts)}))"
        letters = {_lone_pauli(o) for o in result.operators}
        if len(letters) == 1 and (letter := letters.pop()):
            qubits = [o.qubits[0] for o in result.operators]
            return f"{letter}({self.several(qubits, self.qubits)})"
        return f"[{', '.join(texts)}]"

    def operator(self, operator: Operator) -> str:
        """An operator on the qubits of the circuit."""
        return print_operator(operator, lambda q: self.qubits[q], self.symbol)


def _lone_symbol(value: Value) -> Symbol | None:
    match getattr(value, "terms", ()):
        case ((((Symbol() as symbol, 1),), 1),):
            return symbol
    return None


def _lone_pauli(operator: Operator) -> str:
    match operator.terms:
        case ((((_, letter),), 1),):
            return letter
    return ""


def _arguments(*parts: object) -> str:
    return ", ".join(map(str, parts))
