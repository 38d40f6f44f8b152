"""What is computed of the states, for systems whose own measurements are slow or missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.circuits import Case, measurement_tables

WIDE = 16
"""From so many qubits on, one long float32 product loses digits that a sum by pairs keeps."""


def measure_states(case: Case, library: Any, asarray: Callable[[np.ndarray], Any]) -> Any:
    """A function of states `[..., 2**n]`; `library` is torch or jax.numpy."""
    if case.kind == "overlaps":
        return overlaps
    tables = measurement_tables(case)
    parts = [(axes(case, flip), to_single(table, asarray)) for flip, table in tables.items()]
    single = len(case.observables) == 1 and case.num_qubits >= WIDE

    def measure(states: Any) -> Any:
        total = 0.0
        for flipped, table in parts:
            simple = "complex" not in str(table.dtype) and not single
            other = states
            if flipped:
                cube = states.reshape(*states.shape[:-1], *[2] * case.num_qubits)
                other = library.flip(cube, flipped).reshape(states.shape)
            product = states.conj() * other
            if len(table) == 1:
                values = product.real.sum(-1)[..., None] * table[0]
            elif simple:
                values = product.real @ table
            else:
                values = (product[..., None] * table).sum(-2).real
            total = total + values
        return total

    return measure


def overlaps(states: Any) -> Any:
    """abs(<a|b>)**2 of all pairs."""
    products = states.conj() @ states.T
    return products.real**2 + products.imag**2


def axes(case: Case, flip: int) -> tuple[int, ...]:
    """The axes, from the last, of the qubits in a mask."""
    return tuple(-1 - bit for bit in range(case.num_qubits) if flip >> bit & 1)


def to_single(table: np.ndarray, asarray: Callable[[np.ndarray], Any]) -> Any:
    """The table in single precision, real where it can be."""
    real = not table.imag.any()
    return asarray(table.real.astype(np.float32) if real else table.astype(np.complex64))
