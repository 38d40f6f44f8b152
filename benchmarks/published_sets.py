"""The data sets of "Better than classical?", drawn anew: the very rows that were published.

Bowles, Ahmed and Schuld, arXiv:2403.07059 (2024), section 5. Their random numbers are numpy's
`RandomState` with the seeds 3, 1 and 42, drawn in the order that is kept here: scikit-learn's `SVC`
scores on all 57 sets of points what they published of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

Array = NDArray[np.float64]

ROWS = 300
"""Of the sets that are points, a fifth for the test."""
IMAGES = (1000, 200)
"""How many images are for training and for the test."""


class Points(NamedTuple):
    """Inputs `[rows, ...]`, and for each row its class, 0 or 1."""

    inputs: Array
    label: NDArray[np.int64]


class Split(NamedTuple):
    """A data set as it was published."""

    train: Points
    test: Points


def two_curves(most: int = 20) -> Iterator[tuple[str, Split]]:
    """Two curves of Fourier series of degree 5, 0.1 apart, in 2 to `most` dimensions."""
    random = RandomState(3)
    for features in range(2, most + 1):
        yield f"{features}d", _split(draw_curves(random, features, 5, 0.1), random)


def hidden_manifold(most: int = 20) -> Iterator[tuple[str, Split]]:
    """A manifold of 6 dimensions, which decide the class, in 2 to `most` dimensions."""
    random = RandomState(3)
    for features in range(2, most + 1):
        yield f"{features}d", _split(draw_manifold(random, features, 6), random)


def hyperplanes(most: int = 20) -> Iterator[tuple[str, Split]]:
    """Whether a point is above an even number of 2 to `most` planes, in 10 dimensions."""
    random = RandomState(1)
    for planes in range(2, most + 1):
        yield f"{planes}n", _split(draw_hyperplanes(random, planes, 10, 3), random)


def bars_and_stripes(sizes: tuple[int, ...] = (4, 8, 16)) -> Iterator[tuple[str, Split]]:
    """Images of bars (0) and of stripes (1) in noise, of these widths."""
    for size in sizes:
        random = RandomState(42)
        yield f"{size}x{size}", Split(*(draw_stripes(random, rows, size) for rows in IMAGES))


def draw_curves(random: RandomState, features: int, degree: int, offset: float) -> Points:
    """Points of two curves: each coordinate is a Fourier series of one number; noise of 0.01."""
    weights = random.uniform(size=(features, degree + 1, 2))
    weights /= np.linalg.norm(weights)
    frequencies = np.arange(1, degree + 1) * np.pi

    def curve() -> Array:
        points = []
        for _ in range(ROWS // 2):
            angles = frequencies * random.rand()
            waves = weights[:, 1:, 0] @ np.cos(angles) + weights[:, 1:, 1] @ np.sin(angles)
            points.append(weights[:, 0].sum(1) + waves + random.normal(scale=0.01, size=features))
        return np.array(points)

    inputs = np.concatenate([curve(), curve() + offset])
    return Points(StandardScaler().fit_transform(inputs), _halves())


def draw_manifold(random: RandomState, features: int, hidden: int) -> Points:
    """Points `tanh(c F / sqrt(hidden) - b)` whose class a network of one layer reads from `c`."""
    embedding = random.normal(size=(hidden, features))
    inner = random.normal(size=(ROWS, hidden))
    biases = 2 * random.uniform(size=features) - 1
    inputs = np.tanh(inner @ embedding / np.sqrt(hidden) - biases)
    weights, last = random.normal(size=(hidden, hidden)), random.normal(size=hidden)
    scores = np.tanh(inner @ weights.T) @ last / np.sqrt(hidden)
    return Points(inputs, (scores >= np.median(scores)).astype(np.int64))


def draw_hyperplanes(random: RandomState, planes: int, features: int, hidden: int) -> Points:
    """Points of `hidden` dimensions in `features`, by the parity of the planes they are above.

    As published, points above an even number of planes come first and are of class 0.
    """
    normals, offsets = random.uniform(size=(planes, hidden)), random.uniform(size=planes)
    inner = random.normal(size=(4 * ROWS, hidden))
    odd = (inner @ normals.T + offsets > 0).sum(1) % 2
    inner = np.concatenate([inner[odd == kind][: ROWS // 2] for kind in (0, 1)])
    inputs = inner @ random.uniform(size=(hidden, features))
    return Points(StandardScaler().fit_transform(inputs), _halves())


def draw_stripes(random: RandomState, rows: int, size: int) -> Points:
    """Images `[rows, 1, size, size]` in noise: random columns (0) or rows (1) are 1, others -1."""
    inputs, label = np.empty((rows, 1, size, size)), np.empty(rows, dtype=np.int64)
    for row in range(rows):
        label[row] = random.rand() > 0.5
        lines = np.where(random.rand(size) > 0.5, 1.0, -1.0)
        image = np.broadcast_to(lines[:, None] if label[row] else lines, (size, size))
        inputs[row, 0] = image + random.normal(0, 0.5, size=(size, size))
    return Points(inputs, label)


def _halves() -> NDArray[np.int64]:
    return np.repeat([0, 1], ROWS // 2)


def _split(points: Points, random: RandomState) -> Split:
    parts = train_test_split(*points, test_size=0.2, random_state=random)
    return Split(Points(parts[0], parts[2]), Points(parts[1], parts[3]))
