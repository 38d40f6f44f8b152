"""A workload as data: a list of gates whose angles are products of inputs and weights."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np


class Angle(NamedTuple):
    """`factor`, times a feature of the sample, times a weight that all samples share."""

    factor: float = 1.0
    feature: int | None = None
    weight: int | None = None

    def value(self, features: Any, weights: Any) -> Any:
        """The angle as an array of any library, of the shape of `features[..., 0]` or none."""
        factors = [
            *([] if self.feature is None else [features[..., self.feature]]),
            *([] if self.weight is None else [weights[self.weight]]),
        ]
        if self.factor != 1 or not factors:
            factors.append(self.factor)
        return math.prod(factors[1:], start=factors[0])


class Gate(NamedTuple):
    """A gate by its OpenQASM name; controls come first among the qubits."""

    name: str
    qubits: tuple[int, ...]
    angles: tuple[Angle, ...] = ()


class Term(NamedTuple):
    """A multiple of a Pauli string: a letter for each of the qubits."""

    coefficient: float
    letters: str
    qubits: tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """A circuit, what is measured, and how many samples are asked for at once.

    Qubit 0 is the most significant bit of a state's index. The features of a sample are its inputs,
    followed by (pi - x[i]) * (pi - x[j]) for each of the `pairs`.
    """

    name: str
    title: str
    num_qubits: int
    batch: int
    gates: tuple[Gate, ...]
    num_inputs: int = 0
    observables: tuple[tuple[Term, ...], ...] = ()
    kind: Literal["expectations", "overlaps"] = "expectations"
    """`overlaps`: abs(<a|b>)**2 of all pairs of samples."""
    start: Literal["zero", "amplitudes"] = "zero"
    """`amplitudes`: the normalised inputs are the first state."""
    pairs: tuple[tuple[int, int], ...] = ()

    @property
    def num_weights(self) -> int:
        """All weights are used."""
        used = (a.weight for gate in self.gates for a in gate.angles if a.weight is not None)
        return max(used, default=-1) + 1

    @property
    def shape(self) -> tuple[int, int]:
        """That of what is computed."""
        return self.batch, self.batch if self.kind == "overlaps" else len(self.observables)

    def inputs(self) -> np.ndarray:
        """Float64 `[batch, num_inputs]`, the same in all processes, and exact in float32."""
        low, high = (0.0, 1.0) if self.kind == "overlaps" else (-math.pi, math.pi)
        return self._uniform("x", low, high, (self.batch, self.num_inputs))

    def weights(self) -> np.ndarray:
        """Float64 `[num_weights]`."""
        return self._uniform("w", -math.pi, math.pi, (self.num_weights,))

    def cotangent(self) -> np.ndarray:
        """The derivative of a loss by what is computed: what `backward` starts from."""
        return self._uniform("c", -2, 2, self.shape)

    def features(self, inputs: Any, stack: Any) -> Any:
        """The features of `[..., num_inputs]`; `stack` is the library's, along the last axis."""
        if not self.pairs:
            return inputs
        left, right = (inputs[..., list(side)] for side in zip(*self.pairs, strict=True))
        return stack([inputs, (math.pi - left) * (math.pi - right)], -1)

    def _uniform(self, what: str, low: float, high: float, shape: tuple[int, ...]) -> np.ndarray:
        random = np.random.default_rng(zlib.crc32(f"{self.name}:{what}".encode()))
        return random.uniform(low, high, shape).astype(np.float32).astype(np.float64)


def measurement_tables(case: Case) -> dict[int, np.ndarray]:
    """For each flip mask of the observables' terms, `[2**n or 1, observables]` of coefficients.

    An expectation value is the sum over masks and indices j of
    conj(psi[j]) * table[j] * psi[j ^ mask]. A table that is the same for all j has one row.
    """
    n, columns = case.num_qubits, len(case.observables)
    bits = 1 - 2.0 * (np.arange(1 << n) >> np.arange(n)[::-1, None] & 1)  # 1 or -1 for each qubit
    tables: dict[int, np.ndarray] = {}
    for column, terms in enumerate(case.observables):
        for coefficient, letters, qubits in terms:
            placed = list(zip(letters, qubits, strict=True))
            flip = sum(1 << (n - 1 - q) for letter, q in placed if letter in "XY")
            signs = math.prod((bits[q] for letter, q in placed if letter in "YZ"), start=np.ones(1))
            old = tables.get(flip, np.zeros((1, columns), complex))
            new = np.broadcast_to(old, (max(len(old), len(signs)), columns)).copy()
            new[:, column] += coefficient * (-1j) ** letters.count("Y") * signs
            tables[flip] = new
    return tables
