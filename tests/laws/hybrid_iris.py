"""Iris, and a small model of it with a circuit, for tests of trainings."""

from __future__ import annotations

from pathlib import Path

from sklearn.datasets import load_iris

HYBRID = """
circuit turns(x: real[4]) -> real[4] {
    param w: real[4] ~ normal(0, 1)
    qubit q[4]
    for i in range(4) { ry(x[i] + w[i]) q[i] }
    for i in range(3) { cx q[i], q[i + 1] }
    return expval(Z(q))
}

model iris(x: real[B, 4]) -> real[B, 3] = x |> turns |> linear(3)

data flowers = csv("iris.csv") {
    x = standardize([a, b, c, d])
    y = category(species)
}
"""
"""A `train` block is to follow."""


def write_iris(folder: Path) -> None:
    """Write the table of the flowers, its columns `a` to `d` and `species`."""
    frame = load_iris(as_frame=True).frame.set_axis([*"abcd", "species"], axis=1)
    frame.to_csv(folder / "iris.csv", index=False)
