"""What the scheduler merges, and what it must not."""

from __future__ import annotations

import math

import torch

from qmlc.ir.array import Array
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.operator import Operator
from qmlc.runtime.circuit_module import CircuitModule
from qmlc.runtime.plan import ApplyPermutation, ApplyPhases
from qmlc.runtime.plan_circuit import plan_circuit


def operations(circuit):
    return [type(step.operation) for step in plan_circuit(circuit).steps]


def test_a_phase_on_all_branches_does_not_pass_a_permutation_on_some():
    c = CircuitBuilder("branches")
    q, (b,) = c.qubits("q", 2), c.bits("b")
    c.h(q[0])
    c.measure([q[0]], [b])
    c.h(q[1])
    c.cx(q[0], q[1])
    with c.when([b], [1]):
        c.swap(q[0], q[1])
    c.p(0.7, q[1])
    c.expval(Array.stack([Operator.pauli(p, i) for i in (0, 1) for p in "XY"]))
    got = CircuitModule.from_circuit(c.build()).double()()
    # b = 0: q[1] is |+>; b = 1: the swap leaves |+> on q[0] and |1> on q[1]
    wanted = [0.5, 0.0, 0.5 * math.cos(0.7), 0.5 * math.sin(0.7)]
    torch.testing.assert_close(got, torch.tensor(wanted, dtype=torch.float64))


def test_a_feature_map_is_one_diagonal():
    c = CircuitBuilder("zz")
    x = c.input("x", 3)
    q = c.qubits("q", 3)
    for i in range(3):
        c.h(q[i])
    for i in range(3):
        c.p(x[i], q[i])
    for a, b in ((0, 1), (1, 2), (0, 2)):
        c.cx(q[a], q[b])
        c.p(x[a] * x[b], q[b])
        c.cx(q[a], q[b])
    c.expval(Operator.pauli("X", 0))
    assert operations(c.build()) == [ApplyPhases]


def test_permutations_in_a_row_are_one_gather_or_none():
    c = CircuitBuilder("permutations")
    q = c.qubits("q", 3)
    c.cx(q[0], q[1])
    c.ccx(q[0], q[1], q[2])
    c.swap(q[0], q[2])
    c.probs(q)
    assert operations(c.build()) == [ApplyPermutation]
    c.swap(q[0], q[2])
    c.ccx(q[0], q[1], q[2])
    c.cx(q[0], q[1])
    assert operations(c.build()) == []
