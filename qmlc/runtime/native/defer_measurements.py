"""Measurements, resets and feed-forward as gates on further qubits, the *records*.

What is measured is copied to a record that no gate acts on any more, so that the circuit is the
same mixture of states for whoever does not look at records (M. A. Nielsen and I. L. Chuang, Quantum
Computation and Quantum Information, section 4.4). Copies and exchanges cost nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from qmlc.ir.circuit import Circuit, Condition, Instruction
from qmlc.runtime.native.rotations import NotNative
from qmlc.runtime.normal_form import Measure, Reset, bits_of
from qmlc.runtime.normalise import normalise
from qmlc.runtime.schedule import silent_measurements

RECORDED = frozenset({"measure", "reset"})

MAX_RECORDS = 10
"""Of how many records a state is simulated: each doubles it."""


def defer_measurements(circuit: Circuit) -> Circuit:
    """The circuit with gates only; its last register are the records, where there are any.

    NotNative where these are too many, or a result is about them.
    """
    if all(i.condition is None and i.name not in RECORDED for i in circuit.instructions):
        return circuit
    deferrer = _Deferrer(circuit.num_qubits)
    silent = _silent(circuit)
    for position, instruction in enumerate(circuit.instructions):
        if position not in silent:
            deferrer.add(instruction)
    records = deferrer.num_qubits - circuit.num_qubits
    if records > MAX_RECORDS:
        raise NotNative(f"it measures or resets qubits more than {MAX_RECORDS} times")
    if records and any(result.kind == "state" for result in circuit.results):
        raise NotNative("it returns the state after a measurement")
    registers = (*circuit.registers, ("records", records)) if records else circuit.registers
    return replace(circuit, instructions=tuple(deferrer.instructions), registers=registers)


def _silent(circuit: Circuit) -> set[int]:
    """The measurements that nothing can tell from none, by the places of their instructions."""
    actions, places = [], []
    for position, instruction in enumerate(circuit.instructions):
        for action in normalise(instruction):
            actions.append((action, instruction.condition))
            places.append(position)
    return {places[i] for i in silent_measurements(actions, circuit.results)}


Held = Sequence[tuple[int, str]]
"""Records, and the state that each must be in."""


@dataclass
class _Deferrer:
    num_qubits: int
    instructions: list[Instruction] = field(default_factory=list)
    moved: set[int] = field(default_factory=set)
    """The qubits that are not known to be in |0>."""
    bits: dict[int, int] = field(default_factory=dict)
    """The record of each bit; a bit without one is 0."""
    copies: dict[int, int] = field(default_factory=dict)
    """The record that holds the same basis state as a qubit."""

    def add(self, instruction: Instruction) -> None:
        """Add what an instruction does."""
        cases = list(self.cases(instruction.condition))
        match instruction.name:
            case "measure":
                self.measure(instruction.qubits[0], instruction.bits[0], cases)
            case "reset":
                for qubit in instruction.qubits:
                    self.reset(qubit, cases)
            case "barrier" | "delay":
                pass
            case _:
                self.add_gate(instruction, cases)

    def cases(self, condition: Condition | None) -> Iterator[Held]:
        """The states of records, one or the other, for which a condition holds."""
        if condition is None:
            yield ()
            return
        for value in sorted(condition.values):
            held: dict[int, str] = {}
            for place, bit in enumerate(condition.bits):
                state = str(value >> place & 1)
                record = self.bits.get(bit)
                if record is None:
                    if state == "1":
                        break
                elif held.setdefault(record, state) != state:
                    break
            else:
                yield tuple(held.items())

    def add_gate(self, gate: Instruction, cases: Sequence[Held]) -> None:
        if gate.name == "prepare" and tuple(cases) != ((),):
            raise NotNative("it prepares amplitudes where a condition holds")
        for held in cases:
            self.emit(gate, held)
        for action in normalise(gate) if cases else ():
            if not isinstance(action, Measure | Reset):
                for qubit in bits_of(action.moved):
                    self.moved.add(qubit)
                    self.copies.pop(qubit, None)

    def measure(self, qubit: int, bit: int, cases: Sequence[Held]) -> None:
        always = tuple(cases) == ((),)
        if always and qubit not in self.moved:
            self.bits.pop(bit, None)
        elif always and qubit in self.copies:
            self.bits[bit] = self.copies[qubit]
        elif cases:
            record, old = self.record(), self.bits.get(bit)
            if old is not None and not always:
                self.copy(old, record, ())
            for held in cases:
                if old is not None and not always:
                    self.copy(old, record, held)
                self.copy(qubit, record, held)
            self.bits[bit] = record
            if always:
                self.copies[qubit] = record

    def reset(self, qubit: int, cases: Sequence[Held]) -> None:
        if qubit not in self.moved or not cases:
            return
        known = self.copies.pop(qubit, None)
        other = self.record() if known is None else known
        for held in cases:
            if known is None:
                self.emit(Instruction("swap", (qubit, other)), held)
            else:
                self.copy(known, qubit, held)
        if tuple(cases) == ((),):
            self.moved.discard(qubit)

    def copy(self, source: int, target: int, held: Held) -> None:
        """Add the basis state of a qubit to that of another."""
        known = dict(held).get(source)
        if known is None:
            self.emit(Instruction("x", (source, target), controls="1"), held)
        elif known == "1":
            self.emit(Instruction("x", (target,)), held)

    def emit(self, gate: Instruction, held: Held) -> None:
        """Add a gate where records are in these states."""
        states = "".join(state for _, state in held)
        qubits = (*(record for record, _ in held), *gate.qubits)
        controls = states + gate.controls
        gate = replace(gate, qubits=qubits, controls=controls, condition=None)
        self.instructions.append(gate)

    def record(self) -> int:
        """One more qubit, in |0>."""
        self.num_qubits += 1
        return self.num_qubits - 1
