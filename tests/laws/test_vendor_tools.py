"""Every dialect means the same in the vendor's own tool as in complex128."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest
import qiskit.qasm3
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from qasm_oracles import (
    NUMBERS,
    VALUES,
    branch_states,
    measured_circuits,
    qiskit_outcomes,
    unitary_circuits,
)
from qiskit.quantum_info import Statevector
from run_qir import qir_text, run_qir
from vendor_tools import (
    braket_chances,
    braket_state,
    cirq_steps,
    final_state,
    outcome_chances,
    pytket_steps,
)

from qmlc.backends.qasm.bind_circuit import bind_circuit
from qmlc.backends.qasm.build_qiskit import to_qiskit
from qmlc.backends.qasm.emit_openqasm import emit_openqasm, scalar_values
from qmlc.backends.qasm.errors import NotExpressible
from qmlc.backends.qasm.print_openqasm import bit_names
from qmlc.ir.circuit import Instruction
from qmlc.ir.dense import instructions_matrix
from qmlc.targets.read_dialect import read_dialect

few = settings(phases=[p for p in Phase if p.name not in ("shrink", "explain")])
SHOTS = 400
TOOLS = {
    "azure": "qdk",
    "braket": "braket.default_simulator",
    "cirq": "cirq",
    "openqasm2": "pytket",
    "openqasm3": "qiskit",
    "quantinuum": "pytket",
}


def installed(module):
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


with_tool = pytest.mark.parametrize(
    "dialect",
    [
        pytest.param(d, marks=pytest.mark.skipif(not installed(m), reason=f"{m} is not installed"))
        for d, m in TOOLS.items()
    ],
)


@st.composite
def stirred(draw, circuits):
    """A circuit whose qubits first turn each another way, so that no later slip is hidden."""
    circuit = draw(circuits)
    turns = tuple(
        Instruction("u", (q,), tuple(draw(NUMBERS) for _ in range(3)))
        for q in range(circuit.num_qubits)
    )
    return replace(circuit, instructions=(*turns, *circuit.instructions))


def measure_all(circuit):
    """`circuit` with a last register `last`, into which all qubits are measured."""
    size, first = circuit.num_qubits, circuit.num_bits
    last = (Instruction("measure", (q,), bits=(first + q,)) for q in range(size))
    return replace(
        circuit,
        instructions=(*circuit.instructions, *last),
        bit_registers=(*circuit.bit_registers, ("last", size)),
    )


def written(circuit, dialect, values):
    """The text, numbers for its inputs, and the names of qubits and bits in it."""
    inputs = read_dialect(dialect).inputs and dialect != "azure"  # QIR has no inputs
    text = emit_openqasm(circuit, dialect, None if inputs else values)
    numbers = scalar_values(circuit, values)
    numbers = {k: v for k, v in numbers.items() if f"input float[64] {k};" in text}
    plain = to_qiskit(circuit, values)
    names = bit_names(plain, read_dialect(dialect))
    return text, numbers, [names[q] for q in plain.qubits], [names[b] for b in plain.clbits]


def tool_state(circuit, dialect, values):
    text, numbers, qubits, _ = written(circuit, dialect, values)
    match dialect:
        case "azure":
            ((state, _),) = run_qir(qir_text(text), len(qubits))
            return state
        case "braket":
            return braket_state(text, numbers, qubits)
        case "cirq":
            return final_state(cirq_steps(text, numbers, qubits), len(qubits))
        case "openqasm3":
            loaded = qiskit.qasm3.loads(text)
            bound = loaded.assign_parameters({p: numbers[p.name] for p in loaded.parameters})
            return Statevector(bound).data
    return final_state(pytket_steps(text, qubits), len(qubits))


def tool_chances(circuit, dialect, values):
    """Probabilities of all bits by the tool, and the places of the bits that it tells of."""
    text, numbers, qubits, bits = written(circuit, dialect, values)
    match dialect:
        case "azure":
            places = [i for i, bit in enumerate(bits) if "output bit[" in line_of(text, bit)]
            table = {}
            for state, output in run_qir(qir_text(text, adaptive=True), len(qubits)):
                table[output] = table.get(output, 0) + np.vdot(state, state).real
            return table, places
        case "braket":
            places = [i for i, bit in enumerate(bits) if f"{bit} = measure" in text]
            return braket_chances(text, numbers, SHOTS), places
        case "cirq":
            keys = [bit.replace("[", "_").rstrip("]") for bit in bits]
            steps = cirq_steps(text, numbers, qubits)
            return outcome_chances(steps, len(qubits), keys), range(len(bits))
        case "openqasm3":
            loaded = qiskit.qasm3.loads(text)
            bound = loaded.assign_parameters({p: numbers[p.name] for p in loaded.parameters})
            return qiskit_outcomes(bound), range(len(bits))
    return outcome_chances(pytket_steps(text, qubits), len(qubits), bits), range(len(bits))


def line_of(text, bit):
    name, _, _ = bit.partition("[")
    return next(line for line in text.splitlines() if line.endswith(f"] {name};"))


def chances(circuit, values, places):
    table = {}
    for state, bits in branch_states(bind_circuit(circuit, values)):
        key = tuple(bits[i] for i in places)
        table[key] = table.get(key, 0.0) + np.vdot(state, state).real
    return table


@with_tool
@few
@given(stirred(unitary_circuits()), VALUES)
def test_states_are_equal_up_to_phase(dialect, circuit, values):
    bound = bind_circuit(circuit, values)
    wanted = instructions_matrix(bound.instructions, range(circuit.num_qubits))[:, 0]
    found = tool_state(circuit, dialect, values)
    assert abs(abs(np.vdot(wanted, found)) - 1) < 1e-8
    if read_dialect(dialect).phase:
        assert np.allclose(wanted, found, atol=1e-8)


@with_tool
@few
@given(st.data(), VALUES)
def test_measured_bits_are_as_likely(dialect, data, values):
    single = read_dialect(dialect).conditions == "bits"
    circuit = measure_all(data.draw(stirred(measured_circuits(single))))
    try:
        found, places = tool_chances(circuit, dialect, values)
    except NotExpressible as error:
        assert dialect == "cirq" and "no `reset` on a condition" in str(error)
        return
    wanted = chances(circuit, values, places)
    for key in {*found, *wanted}:
        p = wanted.get(key, 0)
        # only Braket's simulator cannot be read exactly: six standard deviations, and a rare event
        error = 6 * np.sqrt(p * (1 - p) / SHOTS) + 3 / SHOTS if dialect == "braket" else 1e-6
        assert abs(found.get(key, 0) - p) < error
