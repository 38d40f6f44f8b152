"""The two sides of a comparison: steps, and where the qubits that are compared lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qmlc.ir.circuit import Circuit
from qmlc.verify.emitted import Text
from qmlc.verify.fuse_steps import fuse_steps
from qmlc.verify.lower_circuit import lower_circuit
from qmlc.verify.read_results import measured_distribution
from qmlc.verify.run_steps import Mixture, State, product_state, reduce_state, run_steps
from qmlc.verify.steps import (
    Steps,
    count_collapses,
    count_steps,
    measured_bits,
    move_qubits,
    split_readout,
    touched_qubits,
)
from qmlc.verify.verdict import TOLERANCE

PROBES = 4
"""Random states on which mixtures are compared."""


MAX_OUTCOMES = 8
"""More measurements are not followed one by one where they could be read at the end."""


@dataclass(frozen=True)
class Side:
    """Steps on `num_qubits`, of which those at `starts` and `ends` are compared, and `bits`.

    All three are in an order that both sides share.
    """

    steps: Steps
    num_qubits: int
    num_bits: int
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    bits: tuple[int, ...]

    @cached_property
    def _split(self) -> tuple[Steps, dict[int, int]]:
        return split_readout(self.steps)

    @property
    def cost(self) -> float:
        """How many amplitudes are computed, at most."""
        return 2.0 ** (self.num_qubits + count_collapses(self.before)) * (
            1 + count_steps(self.steps)
        )

    @property
    def before(self) -> Steps:
        """The steps before the last measurements."""
        return self._split[0]

    @property
    def read(self) -> dict[int, int]:
        """The qubit that is measured into each bit in the end."""
        return self._split[1]

    @property
    def readout(self) -> dict[int, int]:
        """Which of its bits yield which of its qubits, measured in the end."""
        return {
            i: self.ends.index(self.read[bit])
            for i, bit in enumerate(self.bits)
            if self.read.get(bit) in self.ends
        }

    @property
    def measures(self) -> bool:
        """Whether any of its bits is written."""
        return bool(measured_bits(self.steps) & set(self.bits))

    @property
    def is_short(self) -> bool:
        """Whether all its measurements can be followed one by one."""
        return count_collapses(self.steps) <= MAX_OUTCOMES

    def run(self, vectors: Sequence[Any], whole: bool = True) -> Mixture:
        """What is compared, from each of its qubits in its own of `vectors`.

        The others start in |0>, and only what is left in |0> of them counts. Unless it is `whole`,
        before the measurements at the end.
        """
        steps = self.steps if whole else self.before
        found: Mixture = {}
        for record, states in run_steps(steps, self.start(vectors), self.num_bits).items():
            kept = tuple(record[bit] for bit in self.bits)
            found.setdefault(kept, []).extend(reduce_state(s, self.ends) for s in states)
        return found

    def start(self, vectors: Sequence[Any]) -> State:
        """The state in which the run starts."""
        places = dict(zip(self.starts, vectors, strict=True))
        return product_state([places.get(q, (1, 0)) for q in range(self.num_qubits)])

    def outcomes(self, bits: Sequence[int]) -> NDArray[Any]:
        """The probabilities of the values of `bits` from |0…0>, the first the least significant."""
        start = self.start([(1, 0)] * len(self.starts))
        return measured_distribution(self.steps, start, self.num_bits, bits)


def source_side(circuit: Circuit, fused: bool = True) -> Side:
    """A bound circuit; ValueError where an angle is no number."""
    steps = lower_circuit(circuit)
    every, bits = tuple(range(circuit.num_qubits)), tuple(range(circuit.num_bits))
    return Side(fuse_steps(steps) if fused else steps, len(every), len(bits), every, every, bits)


def text_side(text: Text, steps: Steps, fused: bool = True) -> Side:
    """Steps of a text, without the qubits on which nothing happens."""
    used = sorted(touched_qubits(steps) | set(text.starts) | set(text.ends))
    places = {qubit: i for i, qubit in enumerate(used)}
    starts, ends = (tuple(places[q] for q in qubits) for qubits in (text.starts, text.ends))
    moved = move_qubits(fuse_steps(steps) if fused else steps, places)
    return Side(moved, len(used), len(text.written.bits), starts, ends, text.bits)


Pair = tuple[Side, Side]


def find_equality(
    pairs: Sequence[Pair], generator: np.random.Generator
) -> tuple[str | None, float, int]:
    """In what the sides of all pairs are equal, `unitary`, `state` or nothing.

    Beside it, how far those of the worst pair are apart, and which it is.
    """
    gap, worst = 0.0, 0
    for equal in ("unitary", "state"):
        gaps = [_states_gap(pair, equal == "unitary", generator) for pair in pairs]
        gap = max(gaps)
        worst = gaps.index(gap)
        if gap <= TOLERANCE:
            return equal, gap, worst
    return None, gap, worst


def _states_gap(pair: Pair, is_random: bool, generator: np.random.Generator) -> float:
    """How far apart the states are, those before the last measurements if these are the same."""
    left, right = pair
    count = len(left.starts)
    if count != len(right.starts) or len(left.bits) != len(right.bits):
        return np.inf
    vectors = random_vectors(count, generator) if is_random else [(1, 0)] * count
    gap = np.inf
    if left.readout == right.readout:
        gap = mixture_gap(left.run(vectors, False), right.run(vectors, False), generator)
    if gap > TOLERANCE and left.bits and left.is_short and right.is_short:
        return min(gap, mixture_gap(left.run(vectors), right.run(vectors), generator))
    return gap


def random_vectors(count: int, generator: np.random.Generator) -> list[Any]:
    """Random normalised states of single qubits."""
    found = (_gaussian((2,), generator) for _ in range(count))
    return [vector / np.sqrt(np.vdot(vector, vector).real) for vector in found]


def mixture_gap(left: Mixture, right: Mixture, generator: np.random.Generator) -> float:
    """How far two mixtures are apart, up to a phase of each branch."""
    gaps = [0.0]
    for record in {**left, **right}:
        pair = left.get(record, []), right.get(record, [])
        if len(pair[0]) == len(pair[1]) == 1:
            gaps.append(_state_gap(pair[0][0], pair[1][0]))
        else:
            gaps.append(_ensemble_gap(*pair, generator))
    return max(gaps)


def _state_gap(left: State, right: State) -> float:
    overlap = np.vdot(left, right)
    phase = overlap / abs(overlap) if abs(overlap) > 0 else 1.0
    return float(np.max(np.abs(left * phase - right)))


def _ensemble_gap(
    left: Sequence[State], right: Sequence[State], generator: np.random.Generator
) -> float:
    """How far the weights of random states differ: equal ones mean equal density matrices."""
    shape = (*left, *right)[0].shape
    gap = 0.0
    for _ in range(PROBES):
        probe = _gaussian(shape, generator)
        weights = [
            sum((abs(complex(np.vdot(probe, s))) ** 2 for s in side), 0.0) for side in (left, right)
        ]
        gap = max(gap, abs(weights[0] - weights[1]) / 2)
    return gap


def _gaussian(shape: tuple[int, ...], generator: np.random.Generator) -> State:
    return generator.normal(size=shape) + 1j * generator.normal(size=shape)
