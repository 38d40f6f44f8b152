"""Circuits mean the same in the IR, in Qiskit, in OpenQASM and on devices."""

import numpy as np
import openqasm3
import qiskit.qasm2
import qiskit.qasm3
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from qasm_oracles import (
    VALUES,
    measured_circuits,
    qiskit_outcomes,
    register_outcomes,
    unitary_circuits,
)
from qiskit.quantum_info import Operator

from qmlc.backends.qasm.bind_circuit import bind_circuit, bind_operator, circuit_numbers
from qmlc.backends.qasm.build_qiskit import to_qiskit
from qmlc.backends.qasm.emit_openqasm import device_text, emit_openqasm, scalar_values
from qmlc.backends.qasm.measurement_circuits import measurement_circuits
from qmlc.backends.qasm.plan_measurement import expectation_from_counts
from qmlc.backends.qasm.transpile_circuit import transpile_circuit
from qmlc.ir.dense import instructions_matrix, operator_matrix
from qmlc.targets.read_target import read_target
from qmlc.testing.oracle import branches

few = settings(
    max_examples=25, deadline=None, phases=[p for p in Phase if p.name not in ("shrink", "explain")]
)


def dense(circuit, values):
    bound = bind_circuit(circuit, values)
    return instructions_matrix(bound.instructions, range(circuit.num_qubits))


def bind(circuit, names):
    return circuit.assign_parameters({p: names[p.name] for p in circuit.parameters})


def exact_results(circuit, values):
    """The results of a circuit, from all of its branches."""
    bound = bind_circuit(circuit, values)
    numbers = circuit_numbers(circuit, values)
    states = [state for state, _ in branches(bound)]

    def mean(operator):
        matrix = operator_matrix(bind_operator(operator, numbers), circuit.num_qubits)
        return sum(np.vdot(s, matrix @ s).real for s in states)

    found = []
    for result in circuit.results:
        if result.kind == "probs":
            table = np.zeros(2 ** len(result.qubits))
            for state in states:
                for index, p in enumerate(np.abs(state) ** 2):
                    table[sum((index >> q & 1) << i for i, q in enumerate(result.qubits))] += p
            found.append(table)
        else:
            means = np.array([mean(o) for o in result.operators])
            if result.kind == "variance":
                means = np.array([mean(o * o) for o in result.operators]) - means**2
            found.append(means.reshape(result.shape))
    return found


def close(left, right, tolerance=1e-9):
    return all(np.allclose(a, b, atol=tolerance) for a, b in zip(left, right, strict=True))


@few
@given(unitary_circuits(), VALUES)
def test_bound_circuit_is_the_dense_matrix(circuit, values):
    built = to_qiskit(circuit, values)
    assert not built.parameters
    assert np.allclose(Operator(built).data, dense(circuit, values), atol=1e-8)


@few
@given(unitary_circuits(), VALUES, st.sampled_from(["x", "w", "t"]))
def test_binding_in_parts_is_binding_at_once(circuit, values, first):
    partly = to_qiskit(circuit, {first: values[first]}, arithmetic_only=True)
    part = bind_circuit(circuit, {first: values[first]})
    whole = bind(partly, scalar_values(part, values))
    assert np.allclose(Operator(whole).data, dense(circuit, values), atol=1e-8)


@few
@given(unitary_circuits(), VALUES)
def test_openqasm3_reads_back_as_the_same_matrix(circuit, values):
    text = emit_openqasm(circuit)
    openqasm3.parse(text)
    loaded = bind(qiskit.qasm3.loads(text), scalar_values(circuit, values))
    assert np.allclose(Operator(loaded).data, dense(circuit, values), atol=1e-8)
    assert emit_openqasm(circuit) == text


@few
@given(unitary_circuits(), VALUES)
def test_openqasm2_reads_back_as_the_same_matrix_up_to_phase(circuit, values):
    loaded = Operator(qiskit.qasm2.loads(emit_openqasm(circuit, "openqasm2", values))).data
    overlap = np.vdot(loaded, dense(circuit, values)) / len(loaded)
    assert abs(abs(overlap) - 1) < 1e-8


@few
@given(measured_circuits(), VALUES, st.booleans())
def test_feedforward_reads_back(circuit, values, second):
    wanted = {}
    for state, bits in branches(bind_circuit(circuit, values)):
        wanted[bits] = wanted.get(bits, 0.0) + np.vdot(state, state).real
    if second:
        loaded = qiskit.qasm2.loads(emit_openqasm(circuit, "openqasm2", values))
    else:
        loaded = bind(qiskit.qasm3.loads(emit_openqasm(circuit)), scalar_values(circuit, values))
    found = qiskit_outcomes(loaded)
    assert all(abs(found.get(k, 0) - wanted.get(k, 0)) < 1e-8 for k in {*found, *wanted})


@few
@given(measured_circuits(), VALUES)
def test_measurement_circuits_recombine_to_exact_results(circuit, values):
    circuits = measurement_circuits(circuit, values)
    outcomes = [register_outcomes(c, "meas") for c in circuits]
    found = expectation_from_counts(circuit, outcomes, values)
    assert close(found, exact_results(circuit, values))


@few
@given(measured_circuits(), VALUES, st.sampled_from(["ibm:torino", "quantinuum:h2"]))
def test_device_circuits_recombine_to_exact_results(circuit, values, name):
    devices = transpile_circuit(circuit, read_target(name), level=2, tries=1)
    names = scalar_values(circuit, values)
    outcomes = [register_outcomes(bind(d.circuit, names), "meas") for d in devices]
    found = expectation_from_counts(circuit, outcomes, values)
    # Qiskit's synthesis of two-qubit blocks leaves out rotations by less than about 1e-5
    assert close(found, exact_results(circuit, values), 1e-4)


@few
@given(unitary_circuits(symbolic=False), st.sampled_from(["ibm:brisbane", "iqm:garnet"]))
def test_device_text_reads_back_with_its_outcomes(circuit, name):
    wanted = np.abs(dense(circuit, None)[:, 0]) ** 2
    target = read_target(name)
    (device,) = transpile_circuit(circuit, target, level=3, tries=2)
    loaded = qiskit.qasm3.loads(device_text(circuit, device, "openqasm3", ()))
    whole = qiskit.QuantumCircuit(target.qubits, 3)
    whole.compose(loaded, range(loaded.num_qubits), inplace=True)
    whole.measure(list(device.final_layout), range(3))
    found = np.zeros(8)
    for bits, p in qiskit_outcomes(whole).items():
        found[sum(b << i for i, b in enumerate(bits))] += p
    assert np.allclose(found, wanted, atol=1e-4)
