"""Stabilisers say of Clifford circuits what statevectors say, and prove large ones."""

import math
import re
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmlc.backends.qasm.emit_openqasm import emit_device_program, emit_openqasm
from qmlc.ir.array import Array
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.operator import Operator
from qmlc.ops.matrices import pauli_matrix
from qmlc.targets.read_target import read_target
from qmlc.verify.by_stabilisers import equal_stabilisers, run_stabilisers
from qmlc.verify.certify import certify_program, certify_text
from qmlc.verify.compare_texts import compare_texts
from qmlc.verify.lower_calls import lower_row
from qmlc.verify.run_steps import run_steps, zero_state
from qmlc.verify.sides import Side, find_equality
from qmlc.verify.stabiliser_state import pauli_bits
from qmlc.verify.steps import Rotation
from qmlc.verify.verdict import Certificate, Difference

WIDTH = 3
NAMES = ["h", "s", "sdg", "x", "y", "z", "sx", "cx", "cz", "cy", "swap", "iswap", "ecr"]


@st.composite
def clifford_steps(draw, size=12):
    steps = []
    for _ in range(draw(st.integers(0, size))):
        order = tuple(draw(st.permutations(range(WIDTH))))
        if draw(st.booleans()):
            letters = draw(st.text("IXYZ", min_size=1, max_size=WIDTH))
            quarters = draw(st.integers(-4, 8))
            steps.append(Rotation(order[: len(letters)], letters, quarters * math.pi / 2))
        else:
            name = draw(st.sampled_from(NAMES))
            width = 1 if len(name) < 2 or name in ("sdg", "sx") else 2
            steps += lower_row(name, (), order[:width])
    return tuple(steps)


def side(steps):
    every = tuple(range(WIDTH))
    return Side(steps, WIDTH, 0, every, every, ())


@given(clifford_steps())
def test_mean_values_are_those_of_the_state(steps):
    (found,) = run_steps(steps, zero_state(WIDTH), 0)[()]
    vector = found.reshape(-1)
    state = run_stabilisers(side(steps))
    for letters in product("IXYZ", repeat=WIDTH):
        mean = state.mean(*pauli_bits(enumerate(letters), WIDTH))
        assert abs(mean - np.vdot(vector, pauli_matrix("".join(letters)) @ vector).real) < 1e-9


@given(clifford_steps(size=3), clifford_steps(size=3), clifford_steps())
def test_equal_is_what_is_equal_to_statevectors(first, second, common):
    pair = side(common + first), side(common + second)
    expected, _, _ = find_equality([pair], np.random.default_rng(0))
    assert equal_stabilisers(pair) == expected


def large_circuit(size):
    c = CircuitBuilder("large")
    x, w, q = c.input("x", size), c.parameter("w", 2, size), c.qubits("q", size)
    for layer in range(2):
        for i in range(size):
            c.ry(x[i], q[i])
            c.rz(w[layer, i], q[i])
        for i in range(size - 1):
            c.cx(q[i], q[i + 1])
    strings = [Operator.pauli("Z", i) * Operator.pauli("X", i + 1) for i in range(size - 1)]
    c.expval(Array.stack([*strings, Operator.pauli("Y", 0)]))
    c.probs(tuple(q[:3]), "first")
    return c.build()


def test_large_texts():
    circuit = large_circuit(40)
    text = emit_openqasm(circuit)
    verdict = certify_text(circuit, circuit, {}, text)
    assert isinstance(verdict, Certificate), verdict
    assert (verdict.equal, verdict.method) == ("unitary", "stabilisers")
    for old, new in (("cx q[7], q[8];\n", ""), ("rz(w_1_5)", "rz(-w_1_5)"), ("ry(x_3)", "ry(x_4)")):
        assert old in text
        mutant = text.replace(old, new, 1)
        assert not isinstance(certify_text(circuit, circuit, {}, mutant), Certificate), old
        assert isinstance(compare_texts(text, mutant), Difference), old
    assert isinstance(
        compare_texts(text, text.replace("cx q[7], q[8];", "h q[8]; cz q[8], q[7]; h q[8];")),
        Certificate,
    )


@pytest.mark.parametrize("name", ["ibm:torino", "quantinuum:h2"])
def test_large_programs_for_devices(name):
    circuit = large_circuit(26)
    target = read_target(name)
    free = name == "ibm:torino"
    values = (
        {}
        if free
        else {v.name: np.full(v.shape, math.pi / 2) for v in (*circuit.inputs, *circuit.parameters)}
    )
    program = emit_device_program(circuit, target, values, level=1, tries=1)
    verdict = certify_program(circuit, circuit, values, program, program.texts)
    assert isinstance(verdict, Certificate), verdict
    assert (verdict.equal, verdict.method) == ("results", "stabilisers")
    mutants = [re.sub(r"\n(cz|RZZ).*;", "", text, count=1) for text in program.texts]
    verdict = certify_program(circuit, circuit, values, program, mutants)
    assert not isinstance(verdict, Certificate), verdict
