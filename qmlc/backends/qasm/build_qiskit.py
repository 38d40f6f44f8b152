"""A circuit as a Qiskit `QuantumCircuit`, the same unitary with the same global phase."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister

from qmlc.backends.qasm.append_gate import append_instruction, append_phase, expand_unknown
from qmlc.backends.qasm.bind_circuit import bind_circuit
from qmlc.backends.qasm.convert_angle import convert_angle, is_arithmetic, is_expressible
from qmlc.backends.qasm.scalar_names import ScalarNames, name_scalars, scalar_formulas
from qmlc.ir.circuit import Circuit, Condition, Instruction
from qmlc.types.polynomial import Value


def to_qiskit(
    circuit: Circuit,
    values: Any = None,
    measure: bool = False,
    arithmetic_only: bool = False,
) -> QuantumCircuit:
    """`circuit` in Qiskit, with its own registers; what `values` leaves out stays symbolic.

    The scalars are named as `scalar_names` says; `metadata["scalars"]` holds what each stands for,
    in order. `measure` measures every qubit at the end, into a register `meas`. With
    `arithmetic_only`, functions of inputs become scalars of their own, as OpenQASM 3 wants it.
    NotExpressible for an exact evolution without a method and for symbolic amplitudes.
    """
    bound = bind_circuit(circuit, values)
    names = name_scalars(bound, is_arithmetic if arithmetic_only else is_expressible)
    result = build_qiskit(bound, names)
    if measure:
        add_measurement(result, range(circuit.num_qubits))
    return result


def build_qiskit(circuit: Circuit, names: ScalarNames) -> QuantumCircuit:
    """`circuit` in Qiskit, with these names of scalars: its own, or those of what it was made of.

    Else as `to_qiskit` says, whose errors are raised here.
    """
    result = QuantumCircuit(
        *(QuantumRegister(size, name) for name, size in circuit.registers),
        *(ClassicalRegister(size, name) for name, size in circuit.bit_registers),
        name=circuit.name,
    )
    append_all(result, circuit.instructions, names)
    used = {parameter.name for parameter in result.parameters}
    result.metadata = {
        "scalars": {n: str(formula) for n, formula in scalar_formulas(names).items() if n in used}
    }
    return result


def add_measurement(circuit: QuantumCircuit, qubits: Sequence[int]) -> ClassicalRegister:
    """The new register into which `qubits` are measured, bit by bit: `meas`, unless taken."""
    taken = {register.name for register in (*circuit.qregs, *circuit.cregs)}
    name = "meas"
    while name in taken:
        name += "_"
    register = ClassicalRegister(len(qubits), name)
    circuit.add_register(register)
    circuit.measure(list(qubits), list(register))
    return register


def append_all(
    circuit: QuantumCircuit, instructions: Sequence[Instruction], names: ScalarNames
) -> None:
    """Add `instructions` to `circuit`, a run under one condition as one branch."""
    for run in _runs(instructions):
        condition = run[0].condition
        bare = run if condition is None else [replace(i, condition=None) for i in run]
        plain = [j for i in bare for j in expand_unknown(i)]
        body = _body(circuit, plain, names)
        if condition is None:
            body()
        else:
            _branch(circuit, condition, body)


def _body(
    circuit: QuantumCircuit, run: Sequence[Instruction], names: ScalarNames
) -> Callable[[], None]:
    def body() -> None:
        phase: Value = 0
        for instruction in run:
            if instruction.name == "gphase" and not instruction.controls:
                phase = phase + instruction.angles[0]
            else:
                append_instruction(circuit, instruction, names)
        # added up here: Qiskit takes minutes to add some sums of symbols to each other
        append_phase(circuit, convert_angle(phase, names), "", [])

    return body


def _runs(instructions: Sequence[Instruction]) -> Iterator[list[Instruction]]:
    run: list[Instruction] = []
    for instruction in instructions:
        if run and (instruction.condition != run[0].condition or _writes(run[-1])):
            yield run
            run = []
        run.append(instruction)
    if run:
        yield run


def _writes(instruction: Instruction) -> bool:
    condition = instruction.condition
    return condition is not None and bool(set(instruction.bits) & set(condition.bits))


def _branch(circuit: QuantumCircuit, condition: Condition, body: Callable[[], None]) -> None:
    """`body` where `condition` holds, asked bit by bit: not all readers compare registers alike."""
    if not condition.values:
        return
    if len(condition.values) == 1 << len(condition.bits):
        body()
        return
    bit, rest = circuit.clbits[condition.bits[0]], condition.bits[1:]
    low, high = (
        Condition(rest, frozenset(v >> 1 for v in condition.values if v & 1 == wanted))
        for wanted in (0, 1)
    )
    if low == high:
        _branch(circuit, low, body)
    elif not high.values:
        with circuit.if_test((bit, 0)):
            _branch(circuit, low, body)
    else:
        with circuit.if_test((bit, 1)) as otherwise:
            _branch(circuit, high, body)
        if low.values:
            with otherwise:
                _branch(circuit, low, body)
