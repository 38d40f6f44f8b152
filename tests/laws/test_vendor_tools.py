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
    measured_circuits,
    qiskit_outcomes,
    unitary_circuits,
)
from qiskit import QuantumCircuit
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
from qmlc.backends.qasm.emit_openqasm import device_text, emit_openqasm, scalar_values
from qmlc.backends.qasm.print_openqasm import bit_names
from qmlc.backends.qasm.transpile_circuit import transpile_circuit
from qmlc.ir.circuit import Instruction
from qmlc.ir.dense import instructions_matrix
from qmlc.targets.read_dialect import read_dialect
from qmlc.targets.read_target import read_target
from qmlc.testing.oracle import branches

few = settings(
    max_examples=settings().max_examples * 3 // 5,
    phases=[p for p in Phase if p.name not in ("shrink", "explain")],
)
fewer = settings(few, max_examples=max(5, settings().max_examples // 4))
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


def with_module(modules):
    """The keys, to be skipped where the module that reads for them is not installed."""
    return [
        pytest.param(k, marks=pytest.mark.skipif(not installed(m), reason=f"{m} is not installed"))
        for k, m in modules.items()
    ]


with_tool = pytest.mark.parametrize("dialect", with_module(TOOLS))


@st.composite
def stirred(draw, circuits, twice=False):
    """A circuit whose qubits first turn each another way, so that no later slip is hidden.

    With `twice`, they turn so at the end again: then phases show in the outcomes.
    """
    circuit = draw(circuits)
    first, last = (
        tuple(
            Instruction("u", (q,), tuple(draw(NUMBERS) for _ in range(3)))
            for q in range(circuit.num_qubits)
        )
        for _ in range(2)
    )
    instructions = (*first, *circuit.instructions, *(last if twice else ()))
    return replace(circuit, instructions=instructions)


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
    numbers = declared(text, scalar_values(circuit, values))
    plain = to_qiskit(circuit, values)
    names = bit_names(plain, read_dialect(dialect))
    return text, numbers, [names[q] for q in plain.qubits], [names[b] for b in plain.clbits]


def declared(text, numbers):
    """Those of `numbers` that the text has inputs for."""
    return {name: value for name, value in numbers.items() if f"input float[64] {name};" in text}


def state_of(dialect, text, numbers, qubits):
    """The state that the dialect's tool makes of a text without measurements."""
    match dialect:
        case "azure":
            ((state, _),) = run_qir(qir_text(text), len(qubits))
            return state
        case "braket" | "verbatim":
            return braket_state(text, numbers, qubits)
        case "cirq":
            return final_state(cirq_steps(text, numbers, qubits), len(qubits))
        case "openqasm3":
            return Statevector(bound_in_qiskit(qiskit.qasm3.loads(text), numbers)).data
        case "native":
            loaded = bound_in_qiskit(qiskit.qasm3.loads(text), numbers)
            whole = QuantumCircuit(len(qubits))
            for item in loaded.data:
                places = [qubits.index(f"${loaded.find_bit(q).index}") for q in item.qubits]
                whole.append(item.operation, places)
            return Statevector(whole).data
    return final_state(pytket_steps(text, qubits), len(qubits))


def bound_in_qiskit(loaded, numbers):
    return loaded.assign_parameters({p: numbers[p.name] for p in loaded.parameters})


def chances_of(dialect, text, numbers, qubits, bits):
    """Probabilities of all bits by the tool, and the places of the bits that it tells of."""
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
            loaded = bound_in_qiskit(qiskit.qasm3.loads(text), numbers)
            return qiskit_outcomes(loaded), range(len(bits))
    return outcome_chances(pytket_steps(text, qubits), len(qubits), bits), range(len(bits))


def line_of(text, bit):
    name, _, _ = bit.partition("[")
    return next(line for line in text.splitlines() if line.endswith(f"] {name};"))


def chances(circuit, values, places):
    table = {}
    for state, bits in branches(bind_circuit(circuit, values)):
        key = tuple(bits[i] for i in places)
        table[key] = table.get(key, 0.0) + np.vdot(state, state).real
    return table


@with_tool
@few
@given(stirred(unitary_circuits()), VALUES)
def test_states_are_equal_up_to_phase(dialect, circuit, values):
    bound = bind_circuit(circuit, values)
    wanted = instructions_matrix(bound.instructions, range(circuit.num_qubits))[:, 0]
    text, numbers, qubits, _ = written(circuit, dialect, values)
    found = state_of(dialect, text, numbers, qubits)
    assert abs(abs(np.vdot(wanted, found)) - 1) < 1e-8
    if read_dialect(dialect).phase:
        assert np.allclose(wanted, found, atol=1e-8)


@with_tool
@few
@given(st.data(), VALUES)
def test_measured_bits_are_as_likely(dialect, data, values):
    profile = read_dialect(dialect)
    resets = "reset" in profile.statements and "reset" in profile.conditional
    circuits = measured_circuits(profile.conditions == "bits", resets)
    circuit = measure_all(data.draw(stirred(circuits)))
    found, places = chances_of(dialect, *written(circuit, dialect, values))
    wanted = chances(circuit, values, places)
    for key in {*found, *wanted}:
        p = wanted.get(key, 0)
        # only Braket's simulator cannot be read exactly: six standard deviations, and a rare event
        error = 6 * np.sqrt(p * (1 - p) / SHOTS) + 3 / SHOTS if dialect == "braket" else 1e-6
        assert abs(found.get(key, 0) - p) < error


DEVICES = {
    "azure:rigetti_ankaa_3": "qdk",
    "braket:sv1": "braket.default_simulator",
    "google:willow": "cirq",
    "ibm:torino": "qiskit",
    "ionq:aria": "braket.default_simulator",
    "ionq:forte": "braket.default_simulator",
    "iqm:garnet": "braket.default_simulator",
    "quantinuum:h2": "pytket",
    "rigetti:ankaa_3": "braket.default_simulator",
}
"""One device for each of a vendor's gate sets, and what reads its files."""


@pytest.mark.parametrize("name", with_module(DEVICES))
@fewer
@given(stirred(unitary_circuits(), twice=True), VALUES)
def test_device_files_have_the_same_outcomes(name, circuit, values):
    target = read_target(name)
    dialect = read_dialect(target.dialect)
    inputs = dialect.inputs and name.partition(":")[0] != "azure"
    (device,) = transpile_circuit(
        circuit, target, None if inputs else values, measure=False, level=1, tries=1
    )
    text = device_text(circuit, device, None, ())
    names = bit_names(device.circuit, dialect, target.labels)
    used = {q for item in device.circuit.data for q in item.qubits}
    places = sorted({device.circuit.find_bit(q).index for q in used} | set(device.final_layout))
    qubits = [names[device.circuit.qubits[place]] for place in places]
    numbers = declared(text, scalar_values(circuit, values))
    state = state_of(dialect.name, text, numbers, qubits)
    found = np.zeros(2**circuit.num_qubits)
    ends = [places.index(place) for place in device.final_layout]
    for index, p in enumerate(np.abs(state) ** 2):
        found[sum((index >> end & 1) << q for q, end in enumerate(ends))] += p
    bound = bind_circuit(circuit, values)
    wanted = instructions_matrix(bound.instructions, range(circuit.num_qubits))[:, 0]
    # Qiskit's synthesis of two-qubit blocks leaves out rotations by less than about 1e-5
    assert np.allclose(found, np.abs(wanted) ** 2, atol=1e-4)


@pytest.mark.parametrize(
    "name", with_module({"quantinuum:h2": "pytket", "azure:quantinuum_h2": "qdk"})
)
@fewer
@given(stirred(measured_circuits(single=True)), VALUES)
def test_device_files_feed_forward(name, circuit, values):
    circuit, target = measure_all(circuit), read_target(name)
    (device,) = transpile_circuit(circuit, target, values, measure=False, level=1, tries=1)
    text = device_text(circuit, device, None, ())
    names = bit_names(device.circuit, read_dialect(target.dialect), target.labels)
    qubits = [names[q] for q in device.circuit.qubits]
    bits = [names[b] for b in device.circuit.clbits]
    found, places = chances_of(target.dialect, text, {}, qubits, bits)
    wanted = chances(circuit, values, places)
    # Qiskit's synthesis of two-qubit blocks leaves out rotations by less than about 1e-5
    assert all(abs(found.get(k, 0) - wanted.get(k, 0)) < 1e-4 for k in {*found, *wanted})
