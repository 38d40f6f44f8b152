"""Rotations in storage coordinates are the circuit; stages are the rotations."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from run_rotations import (
    flat,
    logical_state,
    oracle_state,
    random_basis,
    rotations_of,
    run_rotations,
    sample_values,
)

from qmlc.runtime.native.rotations import Frame, NotNative, flips_over, reads_over
from qmlc.runtime.native.segments import to_segments
from qmlc.runtime.native.span import Span
from qmlc.runtime.native.stages import to_stages
from qmlc.testing.strategies import circuits

STATES = circuits(max_qubits=4, max_gates=14, kinds=("state",))
WIDE = circuits(max_qubits=6, max_gates=30, kinds=("state",))


def rotations_or_skip(circuit):
    try:
        return rotations_of(circuit)
    except NotNative:
        assume(False)


@given(STATES)
def test_rotations_equal_the_circuit(circuit):
    rotated = rotations_or_skip(circuit)
    values = sample_values(circuit)
    got = logical_state(run_rotations(rotated.items, circuit, values), rotated.frames)
    np.testing.assert_allclose(got, oracle_state(circuit, values), atol=1e-12)


@given(STATES)
def test_stages_equal_the_circuit(circuit):
    rotated = rotations_or_skip(circuit)
    values = sample_values(circuit)
    wanted = oracle_state(circuit, values)
    items = flat(to_stages(rotated.items))
    got = logical_state(run_rotations(items, circuit, values), rotated.frames)
    np.testing.assert_allclose(got, wanted, atol=1e-12)
    items = flat(to_stages(rotated.items, diagonal_results=True))
    got = logical_state(run_rotations(items, circuit, values), rotated.frames)
    np.testing.assert_allclose(abs(got), abs(wanted), atol=1e-12)


@given(STATES, st.integers(0, 99))
def test_rotations_may_be_done_over_other_bits(circuit, seed):
    rotated = rotations_or_skip(circuit)
    basis = random_basis(circuit.num_qubits, seed)
    items = [item.over(basis) for item in rotated.items]
    frames = [
        Frame(flips_over(f.flips, basis), reads_over(f.reads, basis), f.offset)
        for f in rotated.frames
    ]
    values = sample_values(circuit)
    got = logical_state(run_rotations(items, circuit, values), frames)
    np.testing.assert_allclose(got, oracle_state(circuit, values), atol=1e-12)


@given(WIDE, st.integers(0, 2), st.integers(0, 3))
def test_segments_with_their_own_stages_equal_the_circuit(circuit, lane_bits, width):
    rotated = rotations_or_skip(circuit)
    size = circuit.num_qubits
    lane_bits = min(lane_bits, size)
    steps = []
    for segment in to_segments(flat(to_stages(rotated.items)), size, lane_bits, width):
        stages = flat(to_stages(segment.items, at_zero=not steps))
        space = Span.of([*segment.directions, *(1 << bit for bit in range(lane_bits))])
        for item in stages:
            assert not any(space.reduce(flips) for flips, _ in item.paulis)
        steps += stages
    values = sample_values(circuit)
    got = logical_state(run_rotations(steps, circuit, values), rotated.frames)
    np.testing.assert_allclose(got, oracle_state(circuit, values), atol=1e-12)
