"""IonQ's gates are the rotations that they stand for, up to phases that no measurement sees."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator

from qmlc.backends.qasm.convert_angle import qiskit_parameter
from qmlc.backends.qasm.errors import NotExpressible
from qmlc.backends.qasm.lower_to_ions import lower_to_ions
from qmlc.ops.matrices import embed, gate_matrix

ANGLES = st.one_of(
    st.floats(-9, 9), st.integers(-6, 6).map(lambda k: k * math.pi / 4), st.just("symbol")
)


@st.composite
def rotations(draw):
    """A circuit of rotations on two qubits, over a symbol `a`."""
    circuit = QuantumCircuit(2)
    for _ in range(draw(st.integers(1, 12))):
        name = draw(st.sampled_from(["rx", "ry", "rz", "rxx", "rzz"]))
        angle = draw(ANGLES)
        angle = 3 - 2 * qiskit_parameter("a") if angle == "symbol" else angle
        qubits = draw(st.permutations([0, 1]))[: len(name) - 1]
        getattr(circuit, name)(angle, *qubits)
    return circuit


def bound(circuit, value):
    return circuit.assign_parameters({p: value for p in circuit.parameters})


@given(rotations(), st.floats(-4, 4))
def test_ions_turn_as_asked(circuit, value):
    lowered = bound(lower_to_ions(circuit), value)
    found = np.eye(4, dtype=complex)
    for item in lowered.data:
        assert item.name in ("gpi", "gpi2", "ms", "rzz")
        places = [lowered.find_bit(q).index for q in item.qubits]
        matrix = gate_matrix(item.name, [float(x) for x in item.params])
        found = embed(matrix, places, 2) @ found
    ratio = found @ Operator(bound(circuit, value)).data.conj().T
    assert np.allclose(ratio, np.diag(np.diagonal(ratio)), atol=1e-9)


@given(rotations())
def test_no_angle_is_beyond_a_quarter_turn(circuit):
    for item in lower_to_ions(circuit).data:
        angle = item.params[-1]
        if item.name in ("ms", "rzz") and not getattr(angle, "parameters", ()):
            assert abs(angle) <= math.pi / 2 + 1e-9


def test_a_bound_rotation_about_z_costs_nothing():
    circuit = QuantumCircuit(1)
    circuit.rz(0.3, 0)
    circuit.rx(math.pi / 2, 0)
    (pulse,) = lower_to_ions(circuit).data
    assert pulse.name == "gpi2" and pulse.params == [-0.3]


def test_resets_are_refused():
    circuit = QuantumCircuit(1)
    circuit.reset(0)
    with pytest.raises(NotExpressible, match="ions have no `reset`"):
        lower_to_ions(circuit)
