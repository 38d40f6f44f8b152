"""Strategies and oracles for users: what they accept and find, and what failures shrink to."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter
from qiskit.transpiler import CouplingMap

import qmlc
from qmlc.backends.hqm.print_hqm import print_hqm
from qmlc.backends.qasm.build_qiskit import to_qiskit
from qmlc.backends.qasm.emit_openqasm import emit_openqasm
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.operator import Operator
from qmlc.ops.gates import GATES
from qmlc.passes.merge_rotations import merge_rotations
from qmlc.targets.read_target import Target
from qmlc.testing import (
    as_circuit,
    assert_equivalent,
    assert_same_gradients,
    circuits,
    hamiltonians,
    models,
    parameter_values,
    targets,
)

BELL = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nh q[0];\ncx q[0], q[1];\n'


def bell(angle=None):
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    if angle is not None:
        circuit.rz(angle, 1)
    return circuit


def test_what_is_compared():
    program = (
        "circuit bell() -> complex[4] {\n qubit q[2]\n h q[0]\n cx q[0], q[1]\n return state(q)\n}"
    )
    module = qmlc.compile(program).bell()
    for left in (BELL, bell(), module, program, as_circuit(bell())):
        for right in (BELL, bell(), module):
            assert_equivalent(left, right)
    with pytest.raises(AssertionError, match="the amplitudes differ"):
        assert_equivalent(BELL, bell(0.1))
    with pytest.raises(TypeError, match="a `int` is no circuit"):
        assert_equivalent(BELL, 3)


def test_phases_count_unless_told():
    other = bell()
    other.global_phase = 0.4
    assert_equivalent(other, BELL, phase=False)
    with pytest.raises(AssertionError):
        assert_equivalent(other, BELL)


def test_parameters_of_one_name_are_one():
    left = bell(Parameter("w"))
    right = bell()
    right.rz(Parameter("w") / 2, 1)
    right.rz(0.25, 1)
    assert_equivalent(left, right, {"w": 0.5})
    with pytest.raises(AssertionError, match="for w="):
        assert_equivalent(left, right)


def test_a_layout_is_taken_along():
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.cx(0, 2)
    circuit.rz(0.3, 2)
    line = CouplingMap.from_line(5)
    for seed in range(3):
        routed = transpile(
            circuit, coupling_map=line, basis_gates=["rz", "sx", "x", "cx"], seed_transpiler=seed,
            initial_layout=[4, 1, 0], optimization_level=1,
        )  # fmt: skip
        assert_equivalent(circuit, routed)
        with pytest.raises(AssertionError):
            routed.x(2)
            assert_equivalent(circuit, routed)


def test_measured_circuits_are_compared_record_by_record():
    def teleported(fault=False):
        circuit = QuantumCircuit(2, 1)
        circuit.h(0)
        circuit.measure(0, 0)
        with circuit.if_test((0, 0 if fault else 1)):
            circuit.x(1)
        return circuit

    assert_equivalent(teleported(), teleported())
    with pytest.raises(AssertionError, match=r"where the bits are \(0,\)"):
        assert_equivalent(teleported(), teleported(fault=True))


def test_bits_that_their_own_branch_measures_are_compared():
    """Read from Qiskit they are two bits, of which one stays what the branch depends on."""
    right, wrong = QuantumCircuit(2, 1), QuantumCircuit(2, 1)
    for circuit, value in ((right, 1), (wrong, 0)):
        circuit.h([0, 1])
        circuit.measure(0, 0)
        with circuit.if_test((0, value)):
            circuit.measure(1, 0)
    c = CircuitBuilder("c")
    qubits, bits = c.qubits("q", 2), c.bits("c")
    c.h(qubits[0])
    c.h(qubits[1])
    c.measure(qubits[0], bits[0])
    with c.when(bits, [1]):
        c.measure(qubits[1], bits[0])
    assert_equivalent(c.build(), right)
    with pytest.raises(AssertionError, match=r"where the bits are \(0,\)"):
        assert_equivalent(c.build(), wrong)


@given(circuits(max_qubits=3, max_gates=6, symbolic_observables=False))
@settings(max_examples=10)
def test_gradients_of_the_engine(circuit):
    assert_same_gradients(circuit)


def test_gradients_that_differ():
    assert_same_gradients(bell(Parameter("w")), bell(Parameter("w")))
    left, right = QuantumCircuit(1), QuantumCircuit(1)
    left.rx(Parameter("w"), 0)
    right.rx(2 * Parameter("w"), 0)
    with pytest.raises(AssertionError, match="the derivative by w"):
        assert_same_gradients(left, right)


@given(st.data(), circuits(kinds=()))
def test_forms_of_a_circuit_are_equivalent(data, circuit):
    values = data.draw(parameter_values(circuit))
    assert_equivalent(circuit, to_qiskit(circuit, values), values)
    if all(i.name != "prepare" for i in circuit.instructions):
        assert_equivalent(circuit, emit_openqasm(circuit, None, values), values)


@given(models())
@settings(max_examples=8)
def test_models_run_and_learn(text):
    net = qmlc.compile(text).net()
    out = net(torch.rand(4, 3))
    assert out.shape == (4, 2)
    out.sum().backward()


@given(hamiltonians(2, 3), targets(20))
def test_hamiltonians_are_hermitian_and_targets_wide_enough(operator, target):
    assert isinstance(operator, Operator) and operator.hermitian
    assert isinstance(target, Target) and target.qubits >= 20


def breaks(change):
    """The smallest circuit that the strategy finds on which a pass goes wrong."""

    def wrong(circuit):
        after = replace(circuit, instructions=tuple(change(circuit.instructions)))
        try:
            assert_equivalent(circuit, after)
        except AssertionError:
            return True
        return False

    names = ("h", "s", "sdg", "x", "rx", "rz", "cx", "ccx", "rzz")
    drawn = circuits(max_qubits=4, max_gates=12, names=names, kinds=(), preparation=False)
    return find(drawn, wrong, settings=settings(max_examples=2000, deadline=None, derandomize=True))


def forgets_the_sign(instructions):
    """Takes sdg for s."""
    return [replace(i, name="s") if i.name == "sdg" else i for i in instructions]


def merges_too_far(instructions):
    """Brings rotations about Z together across anything but themselves."""
    found = []
    for i in instructions:
        earlier = [n for n, j in enumerate(found) if j.name == "rz" and j.qubits == i.qubits]
        if i.name == "rz" and not i.controls and earlier and not found[earlier[-1]].controls:
            found[earlier[-1]] = replace(i, angles=(found[earlier[-1]].angles[0] + i.angles[0],))
        else:
            found.append(i)
    return found


def swaps_controls(instructions):
    """Takes the first control for the first target."""
    return [
        replace(i, qubits=(*i.qubits[1::-1], *i.qubits[2:])) if i.controls == "0" else i
        for i in instructions
    ]


@pytest.mark.parametrize(
    ("change", "gates"), [(forgets_the_sign, 1), (merges_too_far, 3), (swaps_controls, 1)]
)
def test_a_seeded_bug_shrinks_to_few_gates(change, gates):
    smallest = breaks(change)
    assert len(smallest.instructions) <= gates, print_hqm(smallest)
    assert smallest.num_qubits <= 2


def test_a_right_pass_has_no_counterexample():
    with pytest.raises(NoSuchExample):
        find(
            circuits(max_qubits=2, max_gates=4, kinds=(), preparation=False),
            lambda c: _differs(c, replace(c, instructions=merge_rotations(c.instructions))),
            settings=settings(max_examples=100, deadline=None, derandomize=True),
        )


def _differs(left, right):
    try:
        assert_equivalent(left, right)
    except AssertionError:
        return True
    return False


def test_strategies_say_all_gates():
    names = {"x", "cx", "rzz"}
    found = set()

    @given(circuits(names=tuple(names), preparation=False))
    @settings(max_examples=60, database=None)
    def collect(circuit):
        found.update(i.name for i in circuit.instructions)

    collect()
    assert found == {"x", "rzz"} and names <= {*GATES}
