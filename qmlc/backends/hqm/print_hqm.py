"""A circuit as a program: registers by name, loops for what repeats, gates that it defines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from qmlc.backends.hqm.errors import NotPrintable
from qmlc.backends.hqm.name_things import Names
from qmlc.backends.hqm.print_condition import implies, opposite, print_condition, remaining
from qmlc.backends.hqm.print_number import plain_number
from qmlc.backends.hqm.print_operation import PrintedGate, Scope
from qmlc.backends.hqm.print_results import print_results
from qmlc.backends.hqm.print_runs import print_runs
from qmlc.backends.mark_places import marked_line, slice_text
from qmlc.backends.roll_loops import Block, Item, nesting, roll_loops, write_items
from qmlc.ir.circuit import Circuit, Condition, Instruction, Variable
from qmlc.ir.definition import Definition
from qmlc.source.span import Source
from qmlc.syntax.format_text import format_text

SHORTEST = 3
"""So many numbered qubits of a gate are a register."""


def print_hqm(
    circuit: Circuit, definitions: Sequence[Definition] = (), doc: Sequence[str] = ()
) -> str:
    """A program with one circuit, in the canonical layout.

    Instructions named as one of `definitions`, each of which stands after those that it uses, apply
    that gate. `doc` is said of the circuit. NotPrintable for what the language has no words for.
    """
    if not circuit.num_qubits:
        raise NotPrintable("a circuit without qubits", "declare one")
    names = Names()
    gates = {
        d.call: PrintedGate(names.gate(d.name), _registers(d.qubits, Names())) for d in definitions
    }
    name = names.new(circuit.name)
    lines = [line for d in definitions for line in [*_print_gate(d, gates), ""]]
    lines += [f"## {line}".rstrip() for line in (*doc, *circuit.doc.splitlines())]
    lines += _print_circuit(circuit, name, names, gates)
    return format_text(Source(f"{name}.hqm", "".join(f"{line}\n" for line in lines)))


def _registers(qubits: Sequence[str], names: Names) -> tuple[tuple[str, int], ...]:
    """The registers of a gate: `q0`, `q1`, `q2` are one."""
    family = re.match(r"(\w*?)_?0$", qubits[0]) if len(qubits) >= SHORTEST else None
    if family and all(re.fullmatch(f"{family[1]}_?{i}", q) for i, q in enumerate(qubits)):
        return ((names.new(family[1].removeprefix("_gate_") or "q"), len(qubits)),)
    return tuple((names.new(name), 1) for name in qubits)


def _print_gate(definition: Definition, gates: Mapping[str, PrintedGate]) -> Iterator[str]:
    gate, names = gates[definition.call], Names()
    for name, _ in gate.registers:
        names.new(name)
    angles = {name: names.new(name) for name in definition.angles}
    scope = Scope(names, {n: (a, ()) for n, a in angles.items()}, gate.registers, gates)
    arguments = ", ".join(f"{a}: real" for a in angles.values())
    yield f"gate {gate.name}({arguments}) {_sized(gate.registers)} {{"
    yield from _print_body(scope, definition.instructions, ())
    yield "}"


def _sized(registers: Sequence[tuple[str, int]]) -> str:
    return ", ".join(name if size == 1 else f"{name}[{size}]" for name, size in registers)


def _print_circuit(
    circuit: Circuit, name: str, names: Names, gates: Mapping[str, PrintedGate]
) -> Iterator[str]:
    variables = {
        v.name: (names.new(v.name), v.shape) for v in (*circuit.inputs, *circuit.parameters)
    }
    registers = [(names.new(register), size) for register, size in circuit.registers]
    scope = Scope(names, variables, registers, gates)
    inputs = ", ".join(_typed(v, variables[v.name][0]) + _default(v) for v in circuit.inputs)
    kind, result = print_results(circuit.results, scope)
    yield f"circuit {name}({inputs}) -> {kind} {{"
    for variable in circuit.parameters:
        yield f"    param {_typed(variable, variables[variable.name][0])} ~ {_start(variable)}"
    yield f"    qubit {_sized(registers)}"
    yield from _print_body(scope, circuit.instructions, circuit.bit_registers)
    yield f"    return {result}"
    yield "}"


def _typed(variable: Variable, name: str) -> str:
    shape = f"[{', '.join(map(str, variable.shape))}]" if variable.shape else ""
    return f"{name}: {variable.dtype}{shape}"


def _default(variable: Variable) -> str:
    if variable.default is None:
        return ""
    if isinstance(variable.default, tuple):
        return f" = [{', '.join(map(plain_number, variable.default))}]"
    return f" = {plain_number(variable.default)}"


def _start(variable: Variable) -> str:
    start = variable.distribution
    assert start is not None
    arguments = ", ".join(map(plain_number, start.arguments))
    return f"{start.name}({arguments})" if arguments else start.name


def _print_body(
    scope: Scope, instructions: Sequence[Instruction], bit_registers: Sequence[tuple[str, int]]
) -> Iterator[str]:
    body = _Body(scope, bit_registers)
    items = roll_loops(body.items(instructions, None))
    loops = [scope.names.new("ijklmn"[depth % 6]) for depth in range(nesting(items))]
    return ("    " + line for line in write_items(items, loops, braces=True))


class _Body:
    """The statements of a circuit, and the names of what it has measured so far."""

    def __init__(self, scope: Scope, bit_registers: Sequence[tuple[str, int]]) -> None:
        self.scope = scope
        self.bits: dict[int, str] = {}
        """Names of bits; "" for those whose block has ended."""
        self.registers: dict[tuple[int, ...], str] = {}
        self._bit_names: list[str] = []
        self._bit_registers: dict[tuple[int, ...], str] = {}
        for name, size in bit_registers:
            first = len(self._bit_names)
            self._bit_registers[tuple(range(first, first + size))] = name
            self._bit_names += [name] if size == 1 else [f"{name}{i}" for i in range(size)]

    def items(self, instructions: Sequence[Instruction], outer: Condition | None) -> list[Item]:
        """The statements of `instructions`, all of which run only where `outer` holds."""
        found: list[Item] = []
        start = 0
        before: Condition | None = None
        while start < len(instructions):
            condition = instructions[start].condition
            stop = self._block_end(instructions, start, outer)
            block = instructions[start:stop]
            if condition == outer or condition is None:
                found += map(marked_line, self._statements(block))
                before = None
            else:
                asked = remaining(condition, outer)
                follows = before is not None and opposite(before, asked)
                test = self._test(asked)
                if test:
                    header = "else {" if follows else f"if {test} {{"
                    found.append(Block(marked_line(header), tuple(self._inside(block))))
                before = None if follows or not test else asked
            start = stop
        return found

    def _block_end(
        self, instructions: Sequence[Instruction], start: int, outer: Condition | None
    ) -> int:
        """The place after what stands in one block with the instruction at `start`."""
        condition = instructions[start].condition
        stop = start
        while stop < len(instructions):
            here = instructions[stop].condition
            if condition == outer and here != condition:
                break
            if not implies(here, condition):
                break
            stop += 1
            if condition is not None and set(instructions[stop - 1].bits) & set(condition.bits):
                break
        return stop

    def _inside(self, block: Sequence[Instruction]) -> list[Item]:
        bits, registers = dict(self.bits), dict(self.registers)
        items = self.items(block, block[0].condition)
        measured = {bit for i in block for bit in i.bits}
        self.bits = {**bits, **dict.fromkeys(measured, "")}
        self.registers = {k: v for k, v in registers.items() if not measured & set(k)}
        return items

    def _test(self, condition: Condition) -> str:
        if any(self.bits.get(bit) == "" for bit in condition.bits):
            what = "a bit that is measured in a branch is used after it"
            raise NotPrintable(what, "measure outside of the branch")
        return print_condition(condition, self.bits, self.registers)

    def _statements(self, instructions: Sequence[Instruction]) -> Iterator[str]:
        start = 0
        while start < len(instructions):
            if instructions[start].name == "measure":
                stop = start
                while stop < len(instructions) and instructions[stop].name == "measure":
                    stop += 1
                yield from self._measure(instructions[start:stop])
            else:
                stop, text = print_runs(self.scope, instructions, start)
                yield text
            start = stop

    def _measure(self, instructions: Sequence[Instruction]) -> Iterator[str]:
        """Measurements in a row: of a whole register of bits as one."""
        start = 0
        while start < len(instructions):
            first = instructions[start].bits[0]
            whole = next((r for r in self._bit_registers if r[0] == first and len(r) > 1), ())
            run = instructions[start : start + len(whole)]
            register = slice_text([i.qubits[0] for i in run], self.scope.registers)
            if whole and register and tuple(i.bits[0] for i in run) == whole:
                name = self.scope.names.new(self._bit_registers[whole])
                self._forget(whole)
                self.bits |= {bit: f"{name}[{i}]" for i, bit in enumerate(whole)}
                self.registers[whole] = name
                yield f"let {name} = measure {register}"
                start += len(whole)
                continue
            name = self.scope.names.new(self._bit_names[first])
            self._forget((first,))
            self.bits[first] = name
            yield f"let {name} = measure {self.scope.qubits[instructions[start].qubits[0]]}"
            start += 1

    def _forget(self, bits: Sequence[int]) -> None:
        self.registers = {k: v for k, v in self.registers.items() if not set(k) & set(bits)}
