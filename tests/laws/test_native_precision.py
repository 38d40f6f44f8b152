"""What float32 loses: 2e-6 of values and 2e-5 of gradients at most, on 1 to 20 qubits.

That is for observables whose coefficients add up to 1 at most. A sum of many terms has as many
times the error: it is allowed as much as its coefficients add up to.
"""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from run_native import (
    INPUTS,
    PARAMETERS,
    Drawer,
    layouts,
    native,
    random_inputs,
    run_native,
    run_reference,
)

from qmlc.ir.circuit import Result
from qmlc.ir.modify_gates import gate_instruction
from qmlc.ir.operator import Operator
from qmlc.ops.gates import gate_arity

VALUES, GRADIENTS = 2e-6, 2e-5
GATES = "h s t sx rx ry rz p u cx cz crx cry crz cp rxx ryy rzz swap ccx".split()
SPECIAL = [0.0, -0.0, math.pi, 2 * math.pi, -math.pi / 2, 1e-30, 1e10, 40 * math.pi]
"""Angles whose tangents are 0 or infinite, and those that a sum of reals would lose."""


def energy(drawer, terms):
    """A sum of Pauli strings on one to three qubits, with what its coefficients add up to."""
    found, size = Operator(()), 0.0
    for _ in range(terms):
        coefficient = float(drawer.rng.normal())
        string = Operator((((), coefficient),))
        width = int(drawer.rng.integers(1, min(3, drawer.num_qubits) + 1))
        for qubit in drawer.rng.permutation(drawer.num_qubits)[:width]:
            string = string * Operator.pauli(drawer.pick("XYZ"), int(qubit))
        found, size = found + string, size + abs(coefficient)
    return found, size


def circuit_with_energies(seed, qubits, gates):
    """A circuit that begins with a turn of each qubit, and the size of each of its observables."""
    drawer = Drawer(seed, qubits)
    symbols = [*drawer.x, *drawer.w]
    names = [name for name in GATES if gate_arity(name)[1] <= qubits]
    for step in range(qubits + gates):
        name = "ry" if step < qubits else drawer.pick(names)
        angles, width = gate_arity(name)
        places = [step] if step < qubits else [int(q) for q in drawer.rng.permutation(qubits)]
        given_angles = [drawer.pick(symbols) * drawer.pick((1, -0.5)) for _ in range(angles)]
        drawer.builder.append(gate_instruction(name, tuple(places[:width]), given_angles))
    found = [energy(drawer, terms) for terms in (1, 5, 20)]
    operators = (*(operator for operator, _ in found), Operator.pauli("Z", 0))
    drawer.builder.result(Result("expval", operators, (4,), name="v"))
    return drawer.builder.build(), torch.tensor([*(max(1, size) for _, size in found), 1.0])


def check(seed, qubits, gates, x, w):
    """In each layout, for the gradients of each observable alone."""
    circuit, sizes = circuit_with_energies(seed, qubits, gates)
    which = seed % len(sizes)
    d_values = torch.zeros(len(x), len(sizes))
    d_values[:, which] = 1
    values, _, *gradients = run_reference(circuit, x, w, d_values)
    for samples in layouts(qubits, torch.float32):
        if samples and qubits > 12:
            continue
        got, _, *found = run_native(native(circuit, torch.float32, samples), x, w, d_values)
        assert ((got - values).abs() / sizes).max() < VALUES
        for one, other in zip(found, gradients, strict=True):
            assert ((one - other).abs() / other.abs().clamp(min=sizes[which])).max() < GRADIENTS


SEEDS = st.integers(0, 10**6)
TIMES = 4 * settings.default.max_examples
"""Thousands of circuits where pytest runs --deep."""


@settings(max_examples=TIMES)
@given(SEEDS, st.integers(1, 12), st.integers(0, 60), st.sampled_from([1, 3]))
def test_float32_is_as_precise_as_promised(seed, qubits, gates, batch):
    check(seed, qubits, gates, *random_inputs(batch, torch.float32, seed))


@settings(max_examples=TIMES)
@given(
    SEEDS, st.integers(1, 8), st.integers(0, 40),
    st.lists(st.sampled_from(SPECIAL), min_size=INPUTS + PARAMETERS, max_size=INPUTS + PARAMETERS),
)  # fmt: skip
def test_no_angle_is_special(seed, qubits, gates, angles):
    numbers = torch.tensor(angles)
    check(seed, qubits, gates, numbers[:INPUTS][None], numbers[INPUTS:])


@pytest.mark.parametrize("qubits", range(13, 21))
def test_wide_circuits_are_as_precise(qubits):
    check(qubits, qubits, 15 if qubits < 19 else 3, *random_inputs(1, torch.float32, qubits))
