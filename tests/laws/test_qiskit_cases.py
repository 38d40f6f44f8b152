"""The cases that random circuits meet too seldom, one by one."""

from itertools import product

import numpy as np
import pytest
import qiskit.qasm2
import qiskit.qasm3
from qasm_oracles import qiskit_outcomes
from qiskit.quantum_info import Operator

from qmlc.backends.qasm.bind_circuit import bind_circuit
from qmlc.backends.qasm.build_qiskit import to_qiskit
from qmlc.backends.qasm.emit_openqasm import emit_openqasm
from qmlc.backends.qasm.forget_phase import forget_phase
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.dense import instructions_matrix

LOADS = {2: qiskit.qasm2.loads, 3: qiskit.qasm3.loads}


@pytest.mark.parametrize("states", ["", "0", "10"])
@pytest.mark.parametrize("letters", ["".join(p) for n in (1, 2) for p in product("IXYZ", repeat=n)])
def test_every_short_pauli_rotation(letters, states):
    c = CircuitBuilder("rotation")
    q = c.qubits("q", len(letters) + len(states))
    c.rotation(letters, 0.7, *reversed(q), controls=states)
    circuit = c.build()
    wanted = instructions_matrix(circuit.instructions, q)
    assert np.allclose(Operator(to_qiskit(circuit)).data, wanted)


@pytest.mark.parametrize(
    ("name", "states"), [("p", ""), ("p", "0"), ("p", "1"), ("gphase", "0"), ("gphase", "01")]
)
def test_symbolic_phases_become_rotations(name, states):
    c = CircuitBuilder("phase")
    q = c.qubits("q", 2)
    c.controlled(states, name, c.input("t"), *q[: len(states) + (name == "p")])
    circuit, quiet = c.build(), forget_phase(c.build())
    assert {i.name for i in quiet.instructions} == {"rotation"}
    matrices = [
        instructions_matrix(bind_circuit(x, {"t": 0.7}).instructions, q) for x in (circuit, quiet)
    ]
    assert abs(abs(np.vdot(*matrices)) - 4) < 1e-9


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("values", range(16))
def test_every_truth_table_of_two_bits(values, version):
    holds = [k for k in range(4) if values >> k & 1]
    for outcome in range(4):
        c = CircuitBuilder("table")
        q, m, end = c.qubits("q", 3), c.bits("m", 2), c.bits("end")
        for i in range(2):
            if outcome >> i & 1:
                c.x(q[i])
        c.measure(q[:2], m)
        with c.when(m, holds):
            c.x(q[2])
        c.measure(q[2:], end)
        loaded = LOADS[version](emit_openqasm(c.build(), f"openqasm{version}"))
        bits = (outcome & 1, outcome >> 1, int(outcome in holds))
        assert qiskit_outcomes(loaded) == {bits: pytest.approx(1)}


def test_each_instruction_asks_its_own_condition():
    c = CircuitBuilder("changing")
    q, m = c.qubits("q", 2), c.bits("m")
    end = c.bits("end")
    c.x(q[0])
    with c.when(m, (0,)):
        c.measure(q[:1], m)
        c.x(q[1])
    c.measure(q[1:], end)
    loaded = qiskit.qasm3.loads(emit_openqasm(c.build()))
    assert qiskit_outcomes(loaded) == {(1, 0): pytest.approx(1)}
