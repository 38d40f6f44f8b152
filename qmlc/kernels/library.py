"""The entries of the library of kernels."""

from __future__ import annotations

from qmlc.kernels.language import Int, Real, Vectors, entry


@entry
def scale(rows: Vectors, count: Int, factor: Real) -> None:
    """Multiply vectors by a number."""
    for row in range(count):
        rows[row] = rows[row] * factor


ENTRIES = (scale,)
"""What Python calls."""
