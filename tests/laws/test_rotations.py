"""Rotations in storage coordinates are the circuit; stages are the rotations."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given
from run_rotations import (
    flat,
    logical_state,
    oracle_state,
    rotations_of,
    run_rotations,
    sample_values,
)

from qmlc.runtime.native.rotations import NotNative
from qmlc.runtime.native.stages import to_stages
from qmlc.testing.strategies import circuits

STATES = circuits(max_qubits=4, max_gates=14, kinds=("state",))


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
