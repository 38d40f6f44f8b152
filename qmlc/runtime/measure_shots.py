"""Results as the means of so many measurements, drawn from the exact probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from qmlc.runtime.plan_shots import ShotPlan, ShotReading
from qmlc.runtime.run_plan import run_plan


def measure_shots(
    plan: ShotPlan, exact: Sequence[Tensor], inputs: Tensor, parameters: Tensor
) -> list[Tensor]:
    """Each result `[batch, *shape]` as it is measured, by torch's random numbers.

    Its gradient is that of the `exact` result. `plan` must be placed as in `run_plan`.
    """
    with torch.no_grad():
        outcomes = [run_plan(group, inputs, parameters)[0] for group in plan.groups]
        found = [_frequencies(table, plan.shots, inputs.shape[1]) for table in outcomes]
    results = []
    for value, reading in zip(exact, plan.readings, strict=True):
        if reading is not None:
            value = value + (_read(reading, found) - value).detach()
        results.append(value)
    return results


def _frequencies(probabilities: Tensor, shots: int, samples: int) -> Tensor:
    """How often each outcome is found, as a fraction, `[outcomes, samples]`."""
    weights = probabilities.clamp_min(0).expand(samples, -1)
    drawn = torch.multinomial(weights, shots, replacement=True)
    found = torch.zeros_like(weights).scatter_add(
        1, drawn, torch.ones_like(drawn, dtype=weights.dtype)
    )
    return found.T / shots


def _read(reading: ShotReading, found: Sequence[Tensor]) -> Tensor:
    offset: Tensor = reading.offset
    values = offset[:, None]
    for group, matrix in reading.sums:
        values = values + matrix @ found[group]
    if reading.kind == "variance":
        means, squares = values.chunk(2)
        values = squares - means * means
    return values.T.reshape(values.shape[1], *reading.shape)
