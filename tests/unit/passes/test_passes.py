"""Each pass keeps the unitary, the global phase included, and never adds a gate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qasm_oracles import VALUES, measured_circuits, unitary_circuits

from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.dense import instructions_matrix
from qmlc.ir.program import Program, Unit
from qmlc.ops.gates import gate_arity
from qmlc.passes.drop_identities import drop_identities
from qmlc.passes.library_rules import library_rules
from qmlc.passes.merge_rotations import merge_rotations
from qmlc.passes.pipeline import optimise
from qmlc.passes.rewrite_gates import rewrite_gates
from qmlc.testing.oracle import bind, simulate, symbol_values
from qmlc.types.tensors import TensorType

POOL = ("h", "x", "s", "sdg", "id", "rz", "p", "rzx", "rzz", "swap", "ecr", "sx", "sxdg")


def apply_library(instructions):
    return rewrite_gates(
        tuple(r for m in ("cancel", "simplify", "conjugate") for r in library_rules(m)),
        instructions,
    )


def cancel_gates(instructions):
    return rewrite_gates(library_rules("cancel"), instructions)


REWRITES = [cancel_gates, apply_library, drop_identities, merge_rotations]


def matrix(instructions, numbers, width):
    return instructions_matrix([bind(i, numbers) for i in instructions], range(width))


def unit(circuit):
    return Unit(circuit.name, "C", "circuit", (), TensorType("real"), circuit=circuit)


def optimised(circuit, level):
    program = optimise(Program("p", units=(unit(circuit),)), level)
    return program.units[0].circuit


@st.composite
def repetitive_circuits(draw):
    """Circuits in which equal and opposite gates often meet, with qubits and controls changed."""
    c = CircuitBuilder("repetitive")
    scalars = [*c.input("x", 2), *c.parameter("w", 1, 2).items, c.input("t"), 0.0, 0.5]
    q = c.qubits("q", 3)
    pool = draw(st.lists(st.sampled_from(POOL), min_size=1, max_size=2))
    angle = draw(st.sampled_from(scalars))
    for _ in range(draw(st.integers(2, 8))):
        name = draw(st.sampled_from(pool))
        count, width = gate_arity(name)
        angles = [draw(st.sampled_from((1, -1))) * angle] * count
        place = draw(st.sampled_from([(0, 1), (1, 0)]))[:width]
        controls = draw(st.sampled_from(["", "1", "0"]))
        c.controlled(controls, name, *angles, *[q[2]][: len(controls)], *(q[i] for i in place))
    return c.build()


@pytest.mark.parametrize("rewrite", REWRITES, ids=lambda r: r.__name__)
@given(circuit=unitary_circuits() | repetitive_circuits(), values=VALUES)
def test_each_pass_keeps_the_unitary(rewrite, circuit, values):
    numbers = symbol_values((*circuit.inputs, *circuit.parameters), values)
    shorter = rewrite(circuit.instructions)
    assert len(shorter) <= len(circuit.instructions)
    before = matrix(circuit.instructions, numbers, circuit.num_qubits)
    after = matrix(shorter, numbers, circuit.num_qubits)
    np.testing.assert_allclose(after, before, atol=1e-10)


@given(circuit=measured_circuits(), values=VALUES)
def test_all_levels_keep_the_results_of_circuits_that_measure(circuit, values):
    wanted = simulate(circuit, values)
    for level in range(4):
        found = simulate(optimised(circuit, level), values)
        for a, b in zip(found, wanted, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-10)


@given(circuit=repetitive_circuits())
def test_optimising_twice_changes_little(circuit):
    once = optimised(circuit, 2)
    again = optimised(once, 2)
    assert len(again.instructions) <= len(once.instructions) <= len(circuit.instructions)
    assert optimised(circuit, 0) == circuit


def test_the_passes_find_something():
    c = CircuitBuilder("c")
    x = c.input("x")
    q = c.qubits("q", 2)
    c.h(q[0])
    c.h(q[0])
    c.rz(x, q[1])
    c.rz(-1 * x, q[1])
    c.cx(q[0], q[1])
    c.cx(q[0], q[1])
    c.rx(0, q[0])
    assert optimised(c.build(), 1).instructions == ()


@pytest.mark.parametrize("rewrite", REWRITES, ids=lambda r: r.__name__)
def test_gates_apart_stay_apart(rewrite):
    c = CircuitBuilder("c")
    q, m = c.qubits("q", 2), c.bits("m", 1)
    c.h(q[0])
    c.measure([q[0]], m)
    c.h(q[0])
    c.rz(0.5, q[1])
    with c.when(m, [1]):
        c.rz(0.5, q[1])
    circuit = c.build()
    assert rewrite(circuit.instructions) == circuit.instructions
    assert replace(circuit, instructions=rewrite(circuit.instructions)) == circuit
