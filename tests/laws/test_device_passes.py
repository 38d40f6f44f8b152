"""What is done for devices keeps the meaning of circuits, and never costs more gates."""

from dataclasses import replace

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from qmlc.ir.build_circuit import CircuitBuilder, X, Z
from qmlc.ir.dense import instructions_matrix
from qmlc.ops.gates import gate_arity
from qmlc.passes.optimise_for_device import optimise_for_device
from qmlc.passes.synthesis.collect_blocks import collect_blocks
from qmlc.passes.synthesis.count_entangling_gates import count_entangling_gates
from qmlc.passes.synthesis.push_local_gates import push_local_gates
from qmlc.testing.oracle import bind, simulate, symbol_values
from qmlc.testing.strategies import circuits

VALUES = {"x": [0.37, -1.2], "w": [0.81, 2.3, -0.45]}
KEEP = st.sampled_from(["unitary", "state", "results"])
NATIVE = st.sampled_from([("cx",), ("cz",), ("rzz",), ("rxx",)])

CLIFFORD = "x y z h s sdg sx sxdg cx cx cy cz swap iswap ecr".split()
TURNING = "rx ry rz p t tdg rzz rxx cp crx ch".split()


@st.composite
def entangled(draw, max_qubits=5):
    """Many gates on few qubits, most of them Clifford gates: strings grow long and meet again."""
    c = CircuitBuilder("entangled")
    x, w = c.input("x", 2), c.parameter("w", 3)
    q = c.qubits("q", draw(st.integers(2, max_qubits)))
    for _ in range(draw(st.integers(0, 25))):
        name = draw(st.sampled_from(CLIFFORD if draw(st.integers(0, 2)) else TURNING))
        angles, width = gate_arity(name)
        chosen = [x[0], x[1] * 2 + 0.3, w[0], -x[0], 0.7, np.pi / 2, -np.pi]
        order = draw(st.permutations(q))[:width]
        operands = (*(draw(st.sampled_from(chosen)) for _ in range(angles)), *order)
        if name in ("cx", "cz", "cp"):
            c.controlled(draw(st.sampled_from("01")), name[1:], *operands)
        else:
            getattr(c, name)(*operands)
    match draw(st.sampled_from(["probs", "purity", "one", "several"])):
        case "probs":
            c.probs(tuple(draw(st.permutations(q))[: draw(st.integers(1, len(q)))]))
        case "purity":
            c.purity(q[:1])
        case "one":
            c.expval(Z(q[0]))
        case "several":
            c.expval([Z(q[0]), X(q[1]) * Z(q[0]) + w[2]])
    return c.build()


def matrix(circuit):
    numbers = symbol_values((*circuit.inputs, *circuit.parameters), VALUES)
    bound = [bind(instruction, numbers) for instruction in circuit.instructions]
    return instructions_matrix(bound, range(circuit.num_qubits))


def is_gates(circuit):
    return all(i.name not in ("prepare",) for i in circuit.instructions)


UNITARY = entangled() | circuits(max_gates=8).filter(is_gates)


@given(circuit=UNITARY, native=NATIVE)
def test_the_unitary_stays_with_its_phase_and_costs_no_more(circuit, native):
    before = replace(circuit, results=())
    after = optimise_for_device(before, native)
    np.testing.assert_allclose(matrix(after), matrix(before), atol=1e-9)
    widest = 2 if set(native) & {"rzz", "rxx"} else 1
    cost = count_entangling_gates(before.instructions, widest)
    assert count_entangling_gates(after.instructions, widest) <= cost


@given(circuit=UNITARY, native=NATIVE)
def test_clifford_gates_of_one_qubit_go_through(circuit, native):
    after = replace(circuit, instructions=tuple(push_local_gates(circuit.instructions, native)))
    np.testing.assert_allclose(matrix(after), matrix(circuit), atol=1e-9)


@given(circuit=UNITARY, native=NATIVE)
def test_what_is_made_of_zero_stays_with_its_phase(circuit, native):
    before = replace(circuit, results=())
    after = optimise_for_device(before, native, "state")
    np.testing.assert_allclose(matrix(after)[:, 0], matrix(before)[:, 0], atol=1e-9)


def bell_pair():
    c = CircuitBuilder("bell")
    q = c.qubits("q", 2)
    c.h(q[0])
    c.cx(q[0], q[1])
    c.purity(q[:1])
    return c.build()


@example(circuit=bell_pair(), native=("cx",))
@given(circuit=entangled(4), native=NATIVE)
def test_the_results_stay_where_nothing_else_has_to(circuit, native):
    after = optimise_for_device(circuit, native, "results")
    for a, b in zip(simulate(after, VALUES), simulate(circuit, VALUES), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-9)


@given(
    circuit=circuits(max_qubits=3, measurements=True) | circuits(max_gates=8),
    native=NATIVE,
    keep=KEEP,
)
def test_the_results_stay(circuit, native, keep):
    after = optimise_for_device(circuit, native, keep)
    for a, b in zip(simulate(after, VALUES), simulate(circuit, VALUES), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-9)


@given(circuit=UNITARY, width=st.integers(1, 4), length=st.integers(1, 6))
def test_blocks_are_small_and_mean_the_same(circuit, width, length):
    blocks = collect_blocks(circuit.instructions, width, length)
    for block in blocks:
        assert len(block) <= length
        assert len({q for i in block for q in i.qubits}) <= width or len(block) == 1
    after = replace(circuit, instructions=tuple(i for block in blocks for i in block))
    np.testing.assert_allclose(matrix(after), matrix(circuit), atol=1e-9)
