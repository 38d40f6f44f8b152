"""The benchmarks' reference is right, and what is timed as ours computes the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.adapters import ours
from benchmarks.reference import compute, run
from benchmarks.workloads import CASES

SMALL = [replace(c, batch=min(c.batch, 3)) for c in CASES.values() if c.num_qubits <= 10]


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.name)
def test_gradients_are_differences(case):
    inputs, weights, cotangent = case.inputs(), case.weights(), case.cotangent()
    random = np.random.default_rng(0)
    d_inputs, d_weights = (random.normal(size=a.shape) for a in (inputs, weights))

    def loss(t):
        values = run(case, inputs + t * d_inputs, weights + t * d_weights, cotangent).values
        return (values * cotangent).sum()

    answer = compute(case)
    slope = (answer.d_inputs * d_inputs).sum() + (answer.d_weights * d_weights).sum()
    assert np.isclose((loss(1e-5) - loss(-1e-5)) / 2e-5, slope, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.name)
def test_compiled_modules_agree_with_the_reference(case):
    side, true = ours.make(case), compute(case)
    side.gradient()
    values, d_inputs, d_weights = side.answer()
    pairs = [(values, true.values), (d_inputs, true.d_inputs), (d_weights, true.d_weights)]
    for found, wanted in pairs:
        if wanted.size:
            assert np.allclose(found, wanted, rtol=1e-4, atol=1e-4 * max(1, np.abs(wanted).max()))
