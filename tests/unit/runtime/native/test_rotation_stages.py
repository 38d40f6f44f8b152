"""How few rotations and stages circuits become, and what is not native."""

from __future__ import annotations

import pytest

from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.circuit import Distribution
from qmlc.runtime.native.rotations import Gather, Matrix, NotNative, Prepare, Turn
from qmlc.runtime.native.stages import Stage, to_stages
from qmlc.runtime.native.to_rotations import to_rotations
from qmlc.runtime.normalise import normalise


def begin(qubits):
    c = CircuitBuilder("stages")
    return c, c.qubits("q", qubits)


def rotated(c):
    circuit = c.build()
    actions = [(a, i.condition) for i in circuit.instructions for a in normalise(i)]
    return to_rotations(actions, circuit.num_qubits)


def sizes(c):
    stages = to_stages(rotated(c).items, diagonal_results=True)
    return [(len(stage.phases), len(stage.turns)) for stage in stages]


def strongly_entangling(c, q, layers, rotations):
    w = c.parameter("w", layers, len(q), 3, start=Distribution("uniform", (-2.0, 2.0)))
    for layer in range(layers):
        for i in range(len(q)):
            for gate, angle in zip(rotations, w[layer, i], strict=True):
                getattr(c, gate)(angle, q[i])
        for i in range(len(q)):
            c.cx(q[i], q[(i + layer + 1) % len(q)])


def test_gates_that_permute_and_negate_are_nothing():
    c, q = begin(5)
    for i in range(5):
        c.cx(q[i], q[(i + 1) % 5])
    c.swap(q[0], q[3])
    c.x(q[1])
    c.z(q[1])
    c.y(q[2])
    assert sizes(c) == []


def test_h_is_one_turn_and_twice_h_is_none():
    c, q = begin(2)
    c.h(q[0])
    assert sizes(c) == [(0, 1)]
    c.cx(q[1], q[0])
    c.cx(q[1], q[0])
    c.h(q[0])
    assert sizes(c) == []


@pytest.mark.parametrize("encode", ["rx", "ry"])
@pytest.mark.parametrize("rotations", [("rz", "ry", "rz"), ("rx", "rz", "rx")])
def test_strongly_entangling_layers_are_as_many_stages(encode, rotations):
    c, q = begin(4)
    x = c.input("x", 4)
    for i in range(4):
        getattr(c, encode)(x[i], q[i])
    strongly_entangling(c, q, 3, rotations)
    found = sizes(c)
    assert found[0] == (0, 4)
    if rotations[0] == "rz":
        assert [turns for _, turns in found] == [4, 4, 4, 4]


def test_rotations_about_one_axis_add_their_angles():
    c, q = begin(1)
    x, w = c.input("x"), c.parameter("w", start=Distribution("uniform", (-2.0, 2.0)))
    c.rx(x, q[0])
    c.rx(w, q[0])
    c.rz(0.2, q[0])
    assert sizes(c) == [(0, 1)]


def test_a_toffoli_is_two_turns_and_a_table_stays_for_what_is_no_flip():
    c, q = begin(3)
    c.h(q[0])
    c.h(q[1])
    c.ccx(*q)
    assert sizes(c) == [(0, 3), (4, 1)]
    c, q = begin(3)
    images = [0, 1, 2, 4, 5, 3, 6, 7]
    c.unitary([[float(images[j] == i) for j in range(8)] for i in range(8)], *q)
    assert [type(item) for item in rotated(c).items] == [Gather]


def test_a_phase_on_many_controls_is_one_term():
    c, q = begin(8)
    for i in range(8):
        c.h(q[i])
    c.controlled("11111", "z", *q[:6])
    assert not any(stage.held for stage in to_stages(rotated(c).items))
    c.controlled("1111111", "rx", 0.3, *q)
    found = to_stages(rotated(c).items)
    assert sum(len(stage.held) for stage in found) == 1


def test_preparation_comes_first_wherever_its_qubits_are_fresh():
    c, q = begin(2)
    x = c.input("x", 2)
    c.h(q[0])
    c.prepare(x, q[1])
    assert [type(item) for item in rotated(c).items][:2] == [Prepare, Turn]
    c.prepare(x, q[0])
    with pytest.raises(NotNative, match="prepares"):
        rotated(c)


def test_a_dense_gate_lets_pass_what_acts_elsewhere():
    c, q = begin(3)
    half = 0.5
    signs = [[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]
    c.h(q[2])
    c.unitary([[half * s for s in row] for row in signs], q[0], q[1])
    c.ry(0.3, q[2])
    stages = to_stages(rotated(c).items, diagonal_results=True)
    assert [type(stage) for stage in stages] == [Stage, Matrix]


def test_measurements_and_resets_are_not_native():
    c, q = begin(1)
    (bit,) = c.bits("b")
    c.measure([q[0]], [bit])
    with pytest.raises(NotNative, match="measures"):
        rotated(c)
    c, q = begin(1)
    c.reset(q[0])
    with pytest.raises(NotNative, match="resets"):
        rotated(c)
