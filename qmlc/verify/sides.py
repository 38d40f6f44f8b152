"""The two sides of a comparison: steps, and where the qubits that are compared lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmlc.ir.circuit import Circuit
from qmlc.verify.emitted import Text
from qmlc.verify.lower_circuit import lower_circuit
from qmlc.verify.run_steps import Mixture, State, product_state, reduce_state, run_steps
from qmlc.verify.steps import (
    Steps,
    count_collapses,
    count_steps,
    move_qubits,
    split_readout,
    touched_qubits,
)

PROBES = 4
"""Random states on which mixtures are compared."""


@dataclass(frozen=True)
class Side:
    """Steps on `num_qubits`; those that are compared start and end at the given ones, in order."""

    steps: Steps
    num_qubits: int
    num_bits: int
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    @property
    def cost(self) -> float:
        """How many amplitudes are computed, at most."""
        states = 2.0 ** (self.num_qubits + count_collapses(split_readout(self.steps)[0]))
        return states * (1 + count_steps(self.steps))

    def run(self, vectors: Sequence[Any]) -> Mixture:
        """What is compared, from each of its qubits in its own of `vectors`.

        The others start in |0>, and only what is left in |0> of them counts.
        """
        mixture = run_steps(self.steps, self.start(vectors), self.num_bits)
        return {r: [reduce_state(s, self.ends) for s in found] for r, found in mixture.items()}

    def start(self, vectors: Sequence[Any]) -> State:
        """The state in which the run starts."""
        places = dict(zip(self.starts, vectors, strict=True))
        return product_state([places.get(q, (1, 0)) for q in range(self.num_qubits)])


def source_side(circuit: Circuit) -> Side:
    """A bound circuit; ValueError where an angle is no number."""
    every = tuple(range(circuit.num_qubits))
    return Side(lower_circuit(circuit), len(every), circuit.num_bits, every, every)


def text_side(text: Text, steps: Steps) -> Side:
    """Steps of a text, without the qubits on which nothing happens."""
    used = sorted(touched_qubits(steps) | set(text.starts) | set(text.ends))
    places = {qubit: i for i, qubit in enumerate(used)}
    here = (tuple(places[q] for q in qubits) for qubits in (text.starts, text.ends))
    return Side(move_qubits(steps, places), len(used), len(text.written.bits), *here)


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
