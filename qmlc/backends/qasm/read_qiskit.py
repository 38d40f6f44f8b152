"""A Qiskit `QuantumCircuit` as a `Circuit`: the same state with the same global phase."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from qiskit.circuit import (
    AnnotatedOperation,
    Barrier,
    BoxOp,
    Clbit,
    Delay,
    ForLoopOp,
    Gate,
    IfElseOp,
    Measure,
    Parameter,
    QuantumCircuit,
    Reset,
    SwitchCaseOp,
)
from qiskit.circuit.controlflow import CASE_DEFAULT
from qiskit.circuit.library import Initialize, StatePreparation
from qiskit.quantum_info import SparsePauliOp

from qmlc.backends.qasm.errors import NotReadable
from qmlc.backends.qasm.merge_branches import merge_branches
from qmlc.backends.qasm.read_condition import choose, otherwise, read_condition, where
from qmlc.backends.qasm.read_expression import Scalars, identifier, plain_number
from qmlc.backends.qasm.read_gate import (
    Reading,
    global_phase,
    read_gate,
    read_operator,
    sparse_operator,
)
from qmlc.ir.build_circuit import conjunction
from qmlc.ir.circuit import Circuit, Condition, Instruction, Result
from qmlc.ir.definition import Definition
from qmlc.ir.operator import Operator

AGAIN = "again"
"""The register of bits that are measured while a branch still depends on what they were."""

SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12}


def read_qiskit(
    circuit: QuantumCircuit,
    inputs: Any = (),
    observables: Any = None,
    kept: Mapping[str, Definition] | None = None,
    matrices: bool = True,
) -> Circuit:
    """`circuit`, which returns the expectation values of `observables`, or nothing.

    Parameters in `inputs` (names, parameters, vectors or all their elements, or one of these) are
    inputs; the others are learned, and start uniformly around the circle. A `ParameterVector` is
    one array. An observable is a
    SparsePauliOp, a Pauli or its label; a list of them returns an array. Gates that are `kept` are
    instructions of their names; without `matrices`, those given by one are made of others.
    NotReadable, with the place, for what ours has not.
    """
    return read_with_bits(circuit, inputs, observables, kept, matrices)[0]


def read_with_bits(
    circuit: QuantumCircuit,
    inputs: Any = (),
    observables: Any = None,
    kept: Mapping[str, Definition] | None = None,
    matrices: bool = True,
) -> tuple[Circuit, tuple[Condition, ...]]:
    """As `read_qiskit`, and for each bit of Qiskit's when it is 1 in the end, in bits of ours."""
    listed = isinstance(observables, list | tuple)
    several = [] if observables is None else observables if listed else [observables]
    sparse = [sparse_operator(o) for o in several]
    scalars = Scalars([*circuit.parameters, *_parameters(sparse)])
    given, learned = scalars.divide(inputs)
    reader = _Reader(circuit, Reading(scalars.read, kept or {}, matrices))
    reader.read(circuit, range(circuit.num_qubits), circuit.clbits)
    taken = {v.name for v in (*given, *learned)}
    registers = tuple(_registers(circuit.qubits, circuit.qregs, "q", taken))
    bits = list(_registers(circuit.clbits, circuit.cregs, "c", taken))
    if reader.fresh > circuit.num_clbits:
        bits.append((identifier(AGAIN, taken), reader.fresh - circuit.num_clbits))
    results: tuple[Result, ...] = ()
    if observables is not None:
        operators = tuple(_observable(o, circuit, scalars) for o in sparse)
        shape = (len(sparse),) if listed else ()
        results = (Result("expval", operators, shape),)
    name, found = identifier(circuit.name, set()), merge_branches(reader.found)
    read = Circuit(name, given, learned, registers, tuple(bits), tuple(found), results)
    return read, tuple(reader.truths.values())


def _parameters(observables: Sequence[SparsePauliOp]) -> Iterator[Parameter]:
    """The parameters in the coefficients of observables."""
    for observable in observables:
        for number in observable.coeffs:
            yield from getattr(number, "parameters", ())


def _observable(sparse: SparsePauliOp, circuit: QuantumCircuit, scalars: Scalars) -> Operator:
    if sparse.num_qubits != circuit.num_qubits:
        what = f"an observable of {sparse.num_qubits} qubits for a circuit of {circuit.num_qubits}"
        raise NotReadable(what, "`apply_layout` or `tensor` extend a SparsePauliOp")
    operator = read_operator(sparse, scalars.read)
    if not operator.hermitian:
        raise NotReadable(f"the observable `{operator}` is not Hermitian")
    return operator


def _registers(
    wires: Sequence[Any], registers: Sequence[Any], loose: str, taken: set[str]
) -> Iterator[tuple[str, int]]:
    """(name, size) of registers that lie in a row, and of the wires between them."""
    start = place = 0
    while place < len(wires):
        found = next(
            (r for r in registers if len(r) and wires[place : place + len(r)] == list(r)), None
        )
        if found is not None:
            if start < place:
                yield identifier(loose, taken), place - start
            yield identifier(found.name, taken), len(found)
            start = place = place + len(found)
        else:
            place += 1
    if start < place:
        yield identifier(loose, taken), place - start


def _wire_names(circuit: QuantumCircuit) -> Iterator[str]:
    for number, qubit in enumerate(circuit.qubits):
        places = circuit.find_bit(qubit).registers
        yield f"{places[0][0].name}[{places[0][1]}]" if places else f"qubit {number}"


class _Reader:
    """Goes through a circuit; `found` grows by what it reads."""

    def __init__(self, circuit: QuantumCircuit, reading: Reading) -> None:
        self.found: list[Instruction] = []
        self.fresh = circuit.num_clbits
        """The number of the next bit."""
        self._reading, self._angle = reading, reading.angle
        self._names = list(_wire_names(circuit))
        self.truths = {bit: Condition((i,), frozenset({1})) for i, bit in enumerate(circuit.clbits)}
        """When each bit is 1, in bits of the result."""
        self._numbers = {bit: i for i, bit in enumerate(circuit.clbits)}
        self._used: set[int] = set()
        self._condition: Condition | None = None
        self._held: frozenset[int] = frozenset()
        """The bits on which the branches around depend."""

    def read(self, circuit: QuantumCircuit, qubits: Sequence[int], clbits: Sequence[Clbit]) -> None:
        """Read a circuit, a block or a definition that lies on `qubits` and `clbits`."""
        self._add(global_phase(self._angle(circuit.global_phase)))
        for number, item in enumerate(circuit.data):
            places = tuple(qubits[circuit.find_bit(q).index] for q in item.qubits)
            bits = [clbits[circuit.find_bit(c).index] for c in item.clbits]
            try:
                self._read(item.operation, places, bits)
            except NotReadable as error:
                on = ", ".join(self._names[q] for q in places)
                place = f"instruction {number} of `{circuit.name}`, `{item.operation.name}` on {on}"
                raise NotReadable(f"{place}: {error.message}", error.proposal) from None

    def _read(self, operation: Any, qubits: tuple[int, ...], clbits: list[Clbit]) -> None:
        for kind, reader in _READERS.items():
            if isinstance(operation, kind):
                reader(self, operation, qubits, clbits)
                return
        if isinstance(operation, Gate | AnnotatedOperation):
            self._add(read_gate(operation, qubits, self._reading))
        elif operation.definition is not None:
            self.read(operation.definition, qubits, clbits)
        else:
            raise NotReadable("there is nothing like it here")

    def _add(self, instructions: Iterable[Instruction]) -> None:
        condition = self._condition
        for instruction in instructions:
            self.found.append(replace(instruction, condition=condition))
            self._used.update(instruction.qubits)

    def _measure(self, operation: Any, qubits: tuple[int, ...], clbits: list[Clbit]) -> None:
        (clbit,) = clbits
        bit = self._numbers[clbit]
        others = (b for c, truth in self.truths.items() if c != clbit for b in truth.bits)
        if bit in self._held.union(others):
            bit, self.fresh = self.fresh, self.fresh + 1
        self._add([Instruction("measure", qubits, bits=(bit,))])
        truth = Condition((bit,), frozenset({1}))
        if self._condition is not None and self.truths[clbit] != truth:
            truth = choose(self._condition, truth, self.truths[clbit])
        self.truths[clbit] = truth

    def _delay(self, operation: Any, qubits: tuple[int, ...], clbits: list[Clbit]) -> None:
        if operation.unit not in SECONDS:
            raise NotReadable(f"the length of its `{operation.unit}` is not known", "give seconds")
        seconds = self._angle(operation.duration) * SECONDS[operation.unit]
        self._add([Instruction("delay", qubits, (seconds,))])

    def _prepare(self, operation: Any, qubits: tuple[int, ...], clbits: list[Clbit]) -> None:
        labelled = any(isinstance(p, str) for p in operation.params)
        if self._used & set(qubits) or labelled or len(operation.params) != 2 ** len(qubits):
            self.read(operation.definition, qubits, clbits)
            return
        amplitudes = tuple(plain_number(p) for p in operation.params)
        self._add([Instruction("prepare", qubits, amplitudes)])

    def _if_else(self, operation: Any, qubits: tuple[int, ...], clbits: list[Clbit]) -> None:
        condition = read_condition(operation.condition, self.truths)
        branches = [(condition, operation.blocks[0])]
        if len(operation.blocks) > 1:
            branches.append((otherwise(condition), operation.blocks[1]))
        self._branch(branches, qubits, clbits)

    def _switch(self, operation: Any, qubits: tuple[int, ...], clbits: list[Clbit]) -> None:
        branches = []
        before: frozenset[int] = frozenset()
        for labels, block in operation.cases_specifier():
            default = CASE_DEFAULT in labels
            wanted = before if default else frozenset(labels) - before
            condition = where(operation.target, wanted.__contains__, self.truths)
            branches.append((otherwise(condition) if default else condition, block))
            before |= wanted
        self._branch(branches, qubits, clbits)

    def _branch(
        self,
        branches: Sequence[tuple[Condition, QuantumCircuit]],
        qubits: tuple[int, ...],
        clbits: list[Clbit],
    ) -> None:
        """Blocks of which one runs at most, as the bits are when the first is reached."""
        outer, held = self._condition, self._held
        self._held = held.union(*(condition.bits for condition, _ in branches))
        for condition, block in branches:
            if not condition.values:
                continue
            always = len(condition.values) == 1 << len(condition.bits)
            if not always:
                self._condition = condition if outer is None else conjunction(outer, condition)
            self.read(block, qubits, clbits)
            self._condition = outer
        self._held = held

    def _for(self, operation: Any, qubits: tuple[int, ...], clbits: list[Clbit]) -> None:
        indices, parameter, body = operation.params
        for value in indices:
            bound = body if parameter is None else body.assign_parameters({parameter: value})
            self.read(bound, qubits, clbits)

    def _box(self, operation: Any, qubits: tuple[int, ...], clbits: list[Clbit]) -> None:
        self.read(operation.blocks[0], qubits, clbits)

    def _barrier(self, operation: Any, qubits: tuple[int, ...], clbits: list[Clbit]) -> None:
        self._add([Instruction("barrier", qubits)])

    def _reset(self, operation: Any, qubits: tuple[int, ...], clbits: list[Clbit]) -> None:
        if self._used & set(qubits):
            self._add([Instruction("reset", qubits)])


_READERS: dict[type, Callable[[_Reader, Any, tuple[int, ...], list[Clbit]], None]] = {
    Measure: _Reader._measure,
    Reset: _Reader._reset,
    Barrier: _Reader._barrier,
    Delay: _Reader._delay,
    Initialize: _Reader._prepare,
    StatePreparation: _Reader._prepare,
    IfElseOp: _Reader._if_else,
    SwitchCaseOp: _Reader._switch,
    ForLoopOp: _Reader._for,
    BoxOp: _Reader._box,
}
"""What is no gate, by Qiskit's classes."""
