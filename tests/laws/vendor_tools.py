"""What the vendors' own tools make of a text of OpenQASM: states, and chances of the bits.

Each reader takes a text and numbers for its inputs, and yields steps: gates as matrices, what is
measured and reset, and on which bits a step depends. They come from the tool's own parser and its
own matrices, so that a state or a chance is exact wherever the tool can be read so.
"""

import re
from dataclasses import dataclass

import numpy as np
from qasm_oracles import project

from qmlc.ops.matrices import embed


@dataclass(frozen=True)
class Step:
    """A matrix on qubits, or a `measure` into a bit, or a `reset`, where `tests` hold."""

    kind: str
    qubits: tuple
    matrix: object = None
    bit: object = None
    tests: tuple = ()


def final_state(steps, size):
    """The state after gates alone, the first qubit the least significant."""
    ((state, _),) = run_steps(steps, size)
    return state


def outcome_chances(steps, size, bits):
    """The probabilities of the values of `bits`, in this order; what is never written is 0."""
    table = {}
    for state, values in run_steps(steps, size):
        key = tuple(values.get(bit, 0) for bit in bits)
        table[key] = table.get(key, 0.0) + np.vdot(state, state).real
    return table


def run_steps(steps, size):
    """(unnormalised state, bits) of every branch."""
    start = np.zeros(2**size, dtype=complex)
    start[0] = 1
    branches = [(start, {})]
    for step in steps:
        branches = [new for branch in branches for new in _step(step, size, *branch)]
    return branches


def _step(step, size, state, bits):
    if any(bits.get(bit, 0) != value for bit, value in step.tests):
        return [(state, bits)]
    if step.kind == "gate":
        return [(embed(step.matrix, list(step.qubits), size) @ state, bits)]
    found = []
    for outcome in (0, 1):
        new = project(state, step.qubits[0], outcome, step.kind == "reset")
        if np.vdot(new, new).real > 1e-14:
            written = {step.bit: outcome} if step.kind == "measure" else {}
            found.append((new, bits | written))
    return found


def swapped(matrix):
    """A matrix whose first qubit was the most significant, with the least significant first."""
    size = len(matrix).bit_length() - 1
    tensor = np.asarray(matrix).reshape([2] * (2 * size))
    order = [*reversed(range(size)), *reversed(range(size, 2 * size))]
    return tensor.transpose(order).reshape(len(matrix), len(matrix))


def cirq_steps(text, values, qubits):
    """The steps of a text that Cirq reads; `qubits` are the names in order, as `q[0]`."""
    import cirq
    from cirq.contrib.qasm_import import circuit_from_qasm

    circuit = cirq.resolve_parameters(circuit_from_qasm(text), values)
    place = {_flat(name): i for i, name in enumerate(qubits)}
    for operation in circuit.all_operations():
        bare = operation.without_classical_controls()
        tests = tuple(
            (str(test.expr.lhs), int(test.expr.rhs)) for test in operation.classical_controls
        )
        targets = tuple(place[str(q)] for q in bare.qubits)
        if isinstance(bare.gate, cirq.MeasurementGate):
            yield Step("measure", targets, bit=cirq.measurement_key_name(bare), tests=tests)
        elif isinstance(bare.gate, cirq.ResetChannel):
            yield Step("reset", targets, tests=tests)
        else:
            yield Step("gate", targets, swapped(cirq.unitary(bare)), tests=tests)


def _flat(name):
    """`q_0` for `q[0]`, as Cirq has it."""
    return name.replace("[", "_").rstrip("]")


def pytket_steps(text, qubits):
    """The steps of an OpenQASM 2 text that pytket reads."""
    from pytket import OpType
    from pytket.passes import DecomposeBoxes
    from pytket.qasm import circuit_from_qasm_str

    circuit = circuit_from_qasm_str(text)
    DecomposeBoxes().apply(circuit)
    place = {name: i for i, name in enumerate(qubits)}
    for command in circuit.get_commands():
        operation, tests = command.op, ()
        if operation.type == OpType.Conditional:
            asked = command.args[: operation.width]
            tests = tuple((str(b), operation.value >> i & 1) for i, b in enumerate(asked))
            operation = operation.op
        targets = tuple(place[str(q)] for q in command.qubits)
        if operation.type == OpType.Measure:
            yield Step("measure", targets, bit=str(command.args[-1]), tests=tests)
        elif operation.type == OpType.Reset:
            yield Step("reset", targets, tests=tests)
        elif operation.type != OpType.Barrier:
            yield Step("gate", targets, swapped(operation.get_unitary()), tests=tests)


def braket_state(text, values, qubits):
    """The state that Braket's local simulator computes; qubits without a gate are in |0>."""
    used = [i for i, name in enumerate(qubits) if re.search(rf" {re.escape(name)}[,;]", text)]
    state = np.ones(1)
    if used:
        result = _braket(text + "#pragma braket result state_vector\n", values, 0)
        state = np.asarray(result.resultTypes[0].value)
    if len(state) == 2 ** len(qubits):
        used = range(len(qubits))
    whole = np.zeros(2 ** len(qubits), dtype=complex)
    for index, amplitude in enumerate(state):
        digits = f"{index:0{len(used)}b}" if used else ""
        whole[sum(int(d) << q for d, q in zip(digits, used, strict=True))] = amplitude
    return whole


def braket_chances(text, values, shots):
    """How often, of 1, Braket's local simulator yields each outcome of the written bits."""
    result = _braket(text, values, shots)
    found = [tuple(map(int, row)) for row in result.measurements]
    return {row: found.count(row) / shots for row in set(found)}


def _braket(text, values, shots):
    from braket.default_simulator import StateVectorSimulator
    from braket.ir.openqasm import Program

    program = Program(source=text, inputs=dict(values))
    return StateVectorSimulator().run_openqasm(program, shots=shots)
