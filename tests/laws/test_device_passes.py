"""What is done for devices keeps the meaning of circuits, and never costs more gates."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qmlc.ir.dense import instructions_matrix
from qmlc.passes.count_entangling_gates import count_entangling_gates
from qmlc.passes.optimise_for_device import optimise_for_device
from qmlc.passes.push_local_gates import push_local_gates
from qmlc.testing.oracle import bind, simulate, symbol_values
from qmlc.testing.strategies import circuits

VALUES = {"x": [0.37, -1.2], "w": [0.81, 2.3, -0.45]}
KEEP = st.sampled_from(["unitary", "state", "results"])
NATIVE = st.sampled_from([("cx",), ("cz",), ("rzz",), ("rxx",)])


def matrix(circuit):
    numbers = symbol_values((*circuit.inputs, *circuit.parameters), VALUES)
    bound = [bind(instruction, numbers) for instruction in circuit.instructions]
    return instructions_matrix(bound, range(circuit.num_qubits))


def is_gates(circuit):
    return all(i.name not in ("prepare",) for i in circuit.instructions)


@given(circuit=circuits(max_gates=8).filter(is_gates), native=NATIVE)
def test_the_unitary_stays_with_its_phase_and_costs_no_more(circuit, native):
    before = replace(circuit, results=())
    after = optimise_for_device(before, native)
    np.testing.assert_allclose(matrix(after), matrix(before), atol=1e-9)
    widest = 2 if set(native) & {"rzz", "rxx"} else 1
    cost = count_entangling_gates(before.instructions, widest)
    assert count_entangling_gates(after.instructions, widest)[0] <= cost[0]


@given(circuit=circuits(max_gates=12).filter(is_gates), native=NATIVE)
def test_clifford_gates_of_one_qubit_go_through(circuit, native):
    after = replace(circuit, instructions=tuple(push_local_gates(circuit.instructions, native)))
    np.testing.assert_allclose(matrix(after), matrix(circuit), atol=1e-9)


@given(circuit=circuits(max_gates=8).filter(is_gates), native=NATIVE)
def test_what_is_made_of_zero_stays_with_its_phase(circuit, native):
    before = replace(circuit, results=())
    after = optimise_for_device(before, native, "state")
    np.testing.assert_allclose(matrix(after)[:, 0], matrix(before)[:, 0], atol=1e-9)


@given(
    circuit=circuits(max_qubits=3, measurements=True) | circuits(max_gates=8),
    native=NATIVE,
    keep=KEEP,
)
def test_the_results_stay(circuit, native, keep):
    after = optimise_for_device(circuit, native, keep)
    for a, b in zip(simulate(after, VALUES), simulate(circuit, VALUES), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-9)
