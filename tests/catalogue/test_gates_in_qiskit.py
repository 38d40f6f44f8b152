"""Every row of `ops.gates` is the same matrix in Qiskit and in both versions of OpenQASM."""

import numpy as np
import openqasm3
import pytest
import qiskit.qasm2
import qiskit.qasm3
from qiskit.quantum_info import Operator

from qmlc.backends.qasm.build_qiskit import to_qiskit
from qmlc.backends.qasm.emit_openqasm import emit_openqasm
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ops.gates import ALIASES, GATES, gate_arity
from qmlc.ops.matrices import controlled_matrix, gate_matrix

NAMES = [*GATES, *ALIASES]
ANGLES = [0.37, -1.21, 2.9, 0.8]


def gate_circuit(name, states="", symbolic=False):
    angles, qubits = gate_arity(name)
    c = CircuitBuilder("one_gate")
    theta = c.input("theta", angles) if symbolic and angles else ANGLES
    q = c.qubits("q", qubits + len(states))
    operands = [*(theta[i] for i in range(angles)), *q]
    if states:
        c.controlled(states, name, *operands)
    else:
        getattr(c, name)(*operands)
    return c.build(), gate_matrix(name, ANGLES[:angles])


def distance(left, right):
    return np.abs(np.asarray(left) - np.asarray(right)).max()


def distance_up_to_phase(left, right):
    left, right = np.asarray(left), np.asarray(right)
    overlap = np.vdot(left, right)
    return distance(left * overlap / abs(overlap), right)


@pytest.mark.parametrize("name", NAMES)
def test_matrix(name):
    circuit, matrix = gate_circuit(name)
    assert distance(Operator(to_qiskit(circuit)), matrix) < 1e-12


@pytest.mark.parametrize("states", ["0", "10", "011"])
@pytest.mark.parametrize("name", list(GATES))
def test_matrix_under_control(name, states):
    circuit, matrix = gate_circuit(name, states)
    wanted = controlled_matrix(matrix, states)
    assert distance(Operator(to_qiskit(circuit)), wanted) < 1e-9


@pytest.mark.parametrize("states", ["", "01"])
@pytest.mark.parametrize("name", NAMES)
def test_openqasm3(name, states):
    circuit, matrix = gate_circuit(name, states, symbolic=True)
    text = emit_openqasm(circuit)
    assert text.startswith("OPENQASM 3.0;\n") and text.isascii()
    openqasm3.parse(text)
    loaded = qiskit.qasm3.loads(text)
    angles = {f"theta_{i}": a for i, a in enumerate(ANGLES)}
    bound = loaded.assign_parameters({p: angles[p.name] for p in loaded.parameters})
    assert distance(Operator(bound), controlled_matrix(matrix, states)) < 1e-9


@pytest.mark.parametrize("states", ["", "01"])
@pytest.mark.parametrize("name", NAMES)
def test_openqasm2(name, states):
    circuit, matrix = gate_circuit(name, states)
    loaded = qiskit.qasm2.loads(emit_openqasm(circuit, "openqasm2"))
    assert distance_up_to_phase(Operator(loaded), controlled_matrix(matrix, states)) < 1e-9
