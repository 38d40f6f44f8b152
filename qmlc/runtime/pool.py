"""The expressions that a plan needs, each once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from qmlc.runtime.normal_form import Array, Permute
from qmlc.runtime.plan import Angles
from qmlc.types.polynomial import Polynomial, Value, lift


@dataclass
class Pool:
    """Collects expressions and numeric tables; equal ones are kept once."""

    inputs: frozenset[str]
    rows: tuple[dict[Polynomial, int], dict[Polynomial, int]] = field(
        default_factory=lambda: ({}, {})
    )
    """Positions of expressions shared by the batch, and of those per sample."""
    tables: dict[tuple[bytes, str], Array] = field(default_factory=dict)

    permutations: dict[tuple[Permute, ...], Array | None] = field(default_factory=dict)
    """Sources of runs of permutations, None for the identity."""

    def add(self, values: Iterable[Value]) -> Angles:
        """Where `values` will stand; all are per sample where one of them is."""
        polynomials = [lift(value) for value in values]
        sample = any(s.name in self.inputs for p in polynomials for s in p.symbols())
        known = self.rows[sample]
        positions = [known.setdefault(p, len(known)) for p in polynomials]
        return Angles(sample, np.array(positions, dtype=np.int64))

    def share(self, table: Array) -> Array:
        """An equal table from before, else `table`: layers repeat, and tables are large."""
        key = (table.tobytes(), f"{table.dtype}{table.shape}")
        return self.tables.setdefault(key, table)
