"""How few sweeps over a large state a circuit takes."""

from __future__ import annotations

from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.circuit import Distribution
from qmlc.runtime.native.segments import to_segments
from qmlc.runtime.native.stages import to_stages
from qmlc.runtime.native.to_rotations import to_rotations
from qmlc.runtime.normalise import normalise

LANES = 4


def hardware_efficient_stages(qubits, layers):
    c = CircuitBuilder("layers")
    q = c.qubits("q", qubits)
    w = c.parameter("w", layers, qubits, 2, start=Distribution("uniform", (-2.0, 2.0)))
    for layer in range(layers):
        for i in range(qubits):
            c.ry(w[layer, i, 0], q[i])
            c.rz(w[layer, i, 1], q[i])
        for i in range(qubits):
            c.cx(q[i], q[(i + 1) % qubits])
    instructions = c.build().instructions
    actions = [(a, i.condition) for i in instructions for a in normalise(i)]
    return to_stages(to_rotations(actions, qubits).items, diagonal_results=True)


def test_four_layers_on_twenty_qubits_are_few_sweeps():
    stages = hardware_efficient_stages(20, 4)
    assert [len(stage.turns) for stage in stages] == [20] * 4
    items = [item for stage in stages[1:] for item in stage.items]
    assert len(to_segments(items, 20, LANES, 7)) <= 5
    assert len(to_segments(items, 20, LANES, 11)) <= 3
