"""How the variance of gradients falls as circuits grow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import linregress, t

CONFIDENCE = 0.95
FEWEST = 3
"""Points of a fit."""


@dataclass(frozen=True)
class Decay:
    """A fit of variances by an exponential, and by a power."""

    factor: float
    """By which the variance falls with each further qubit (or whatever the sizes count)."""
    low: float
    high: float
    """The ends of the 95 % interval of the factor, Student's, over the points."""
    exponential: float
    """The share of the variance of the logarithms that the exponential explains (R²)."""
    power: float
    """The share that a power of the size explains."""


def fit_decay(sizes: Sequence[float], variances: Sequence[float]) -> Decay | None:
    """The decay of `variances` with `sizes`; None for fewer than three sizes, or where one is 0.

    A barren plateau is an exponential decay with the number of qubits: McClean et al. (2018).
    """
    if len(set(sizes)) < FEWEST or min(*variances, *sizes) <= 0:
        return None
    logarithms = np.log(variances)
    fit = linregress(sizes, logarithms)
    within = float(t.ppf((1 + CONFIDENCE) / 2, len(sizes) - 2)) * fit.stderr
    factor, low, high = np.exp([-fit.slope, -fit.slope - within, -fit.slope + within]).tolist()
    other = linregress(np.log(sizes), logarithms)
    return Decay(factor, low, high, float(fit.rvalue**2), float(other.rvalue**2))
