"""What no measurement sees is not done on a device."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qasm_oracles import VALUES, measured_circuits, qiskit_outcomes
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from qmlc.backends.qasm.build_qiskit import to_qiskit
from qmlc.backends.qasm.drop_unseen import drop_unseen
from qmlc.backends.qasm.transpile_circuit import transpile_circuit
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.operator import Operator
from qmlc.targets.read_target import read_target

A = Parameter("a")


def names_left(results_only, *items):
    """The names of what is left of (name, arguments)."""
    circuit = QuantumCircuit(3, 3)
    for name, *arguments in items:
        getattr(circuit, name)(*arguments)
    return [item.name for item in drop_unseen(circuit, results_only).data]


CASES = [
    ([("h", 0), ("rz", A, 0), ("measure", 0, 0)], ["h", "measure"], ["h", "measure"]),
    ([("h", 0), ("measure", 0, 0), ("h", 0)], ["h", "measure"], ["h", "measure", "h"]),
    ([("cz", 0, 1), ("measure", 0, 0), ("measure", 1, 1)], ["measure"] * 2, ["measure"] * 2),
    ([("cz", 0, 1), ("measure", 0, 0)], ["measure"], ["cz", "measure"]),
    ([("cx", 0, 1), ("measure", 0, 0)], ["cx", "measure"], ["cx", "measure"]),
    ([("h", 1), ("s", 1), ("reset", 1), ("measure", 0, 0)], ["reset", "measure"], None),
    ([("rz", A, 0), ("h", 0), ("measure", 0, 0)], ["rz", "h", "measure"], None),
    ([("t", 0), ("measure", 0, 0), ("cx", 0, 1), ("measure", 1, 1)], None, None),
]


@pytest.mark.parametrize(("items", "results", "states"), CASES)
def test_what_is_left(items, results, states):
    wanted = ["measure", "cx", "measure"] if results is None else results
    assert names_left(True, *items) == wanted
    if states is not None:
        assert names_left(False, *items) == states


@settings(max_examples=15)
@given(measured_circuits(), VALUES, st.booleans())
def test_the_bits_are_as_likely(circuit, values, results_only):
    before = to_qiskit(circuit, values)
    after = drop_unseen(before, results_only)
    left, right = qiskit_outcomes(before), qiskit_outcomes(after)
    for bits in {*left, *right}:
        assert abs(left.get(bits, 0) - right.get(bits, 0)) < 1e-9


def test_inputs_that_nobody_sees_are_no_inputs():
    c = CircuitBuilder("turned")
    x = c.input("x", 2)
    q = c.qubits("q", 2)
    c.ry(x[0], q[0])
    c.cx(*q)
    c.rz(x[1], q[0])
    c.expval(Operator.pauli("Z", 0) * Operator.pauli("Z", 1))
    (device,) = transpile_circuit(c.build(), read_target("ibm:torino"), level=2)
    assert [p.name for p in device.circuit.parameters] == ["x_0"]
    assert device.circuit.metadata["scalars"] == {"x_0": "x[0]"}
    assert device.circuit.data[-1].name == "measure"


@pytest.mark.parametrize("results_only", [True, False])
def test_branches_that_do_nothing_are_left_out(results_only):
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.global_phase += 0.5
    assert len(circuit.data) == 2 and not circuit.data[1].qubits
    assert [item.name for item in drop_unseen(circuit, results_only).data] == ["measure"]
