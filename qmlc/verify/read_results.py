"""The results of a circuit, exactly: from its states, or from what a device program measures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qmlc.backends.qasm.bind_circuit import bind_value
from qmlc.backends.qasm.plan_measurement import DISTRIBUTIONS, MeasurementPlan, Term
from qmlc.ir.circuit import Result
from qmlc.ir.operator import Operator
from qmlc.types.polynomial import Symbol, Value, lift
from qmlc.verify.run_steps import Mixture, State, apply_pauli, run_steps
from qmlc.verify.steps import Steps, split_readout

Numbers = Mapping[Symbol, Value]


def results_of_states(
    results: Sequence[Result], mixture: Mixture, numbers: Numbers
) -> list[NDArray[Any]]:
    """Mean values and variances; distributions, also where samples are drawn; density matrices.

    The last stand for `state`, `purity` and `entropy`, which follow from them.
    """
    states = [state for found in mixture.values() for state in found]
    return [_result(result, states, numbers) for result in results]


def _result(result: Result, states: Sequence[State], numbers: Numbers) -> NDArray[Any]:
    if result.kind in DISTRIBUTIONS:
        return distribution(states, result.qubits)
    if result.kind in ("expval", "variance"):
        means = [_mean(o, states, numbers) for o in result.operators]
        if result.kind == "variance":
            squares = [_mean(o * o, states, numbers) for o in result.operators]
            means = [s - m**2 for s, m in zip(squares, means, strict=True)]
        return np.array(means)
    return _density(states, result.qubits)


def _mean(operator: Operator, states: Iterable[State], numbers: Numbers) -> float:
    total = 0.0
    for string, coefficient in operator.terms:
        axes = [-1 - q for q, _ in reversed(string)]
        letters = "".join(letter for _, letter in string)
        mean = sum(float(np.vdot(s, apply_pauli(letters, axes, s)).real) for s in states)
        total += number_of(coefficient, numbers) * mean
    return total


def number_of(value: Value, numbers: Numbers) -> float:
    """A coefficient as a number; ValueError where a symbol has none."""
    constant = lift(bind_value(value, numbers)).constant
    if constant is None:
        raise ValueError(f"{value} is no number")
    return complex(constant).real


def result_scale(result: Result, numbers: Numbers) -> float:
    """How large a result can be, and 1 at least: what rounding leaves grows with it."""
    sums = [sum(abs(number_of(c, numbers)) for _, c in o.terms) for o in result.operators]
    largest = max([1.0, *sums])
    return largest**2 if result.kind == "variance" else largest


def distribution(states: Iterable[State], qubits: Sequence[int]) -> NDArray[Any]:
    """The probabilities of the basis states of `qubits`, the first the least significant."""
    total: Any = 0.0
    for state in states:
        kept = sorted((-1 - q) % state.ndim for q in qubits)
        others = tuple(axis for axis in range(state.ndim) if axis not in kept)
        weights = np.sum(np.abs(state) ** 2, axis=others)
        order = [kept.index((-1 - q) % state.ndim) for q in reversed(qubits)]
        total = total + np.transpose(weights, order).reshape(-1)
    return np.asarray(total)


def _density(states: Iterable[State], qubits: Sequence[int]) -> NDArray[Any]:
    total: Any = 0.0
    for state in states:
        axes = [-1 - q for q in reversed(qubits)]
        rows = np.moveaxis(state, axes, range(len(axes))).reshape(2 ** len(axes), -1)
        total = total + rows @ rows.conj().T
    return np.asarray(total)


def measured_distribution(
    steps: Steps, start: State, num_bits: int, wanted: Sequence[int]
) -> NDArray[Any]:
    """The probabilities of the values of the bits `wanted`, the first the least significant."""
    before, readout = split_readout(steps)
    total = np.zeros(2 ** len(wanted))
    late = [(i, readout[bit]) for i, bit in enumerate(wanted) if bit in readout]
    for record, states in run_steps(before, start, num_bits).items():
        known = sum(record[bit] << i for i, bit in enumerate(wanted) if bit not in readout)
        found = distribution(states, [qubit for _, qubit in late])
        places = np.zeros(1, dtype=np.int64)
        for i, _ in late:
            places = np.concatenate([places, places + (1 << i)])
        total[known + places] += found
    return total


Parity = Callable[[int, tuple[int, ...]], float]
"""The mean parity of some bits of a group."""


def results_of_measurements(
    plan: MeasurementPlan, tables: Sequence[NDArray[Any]], numbers: Numbers
) -> list[NDArray[Any]]:
    """The results as `results_of_states`, from the distribution that each group measures."""
    spectra = [_parities(table) for table in tables]

    def parity(group: int, bits: tuple[int, ...]) -> float:
        return float(spectra[group][sum(1 << bit for bit in bits)]) if bits else 1.0

    found = []
    for reading in plan.readings:
        if reading.kind in DISTRIBUTIONS:
            found.append(_marginal(tables[reading.group], reading.bits))
            continue
        means = np.array([_sum(terms, parity, numbers) for terms in reading.sums])
        if reading.kind == "variance":
            squares = [_sum(terms, parity, numbers) for terms in reading.squares]
            means = np.array(squares) - means**2
        found.append(means)
    return found


def _sum(terms: Iterable[Term], parity: Parity, numbers: Numbers) -> float:
    return sum(number_of(t.coefficient, numbers) * parity(t.group, t.bits) for t in terms)


def _parities(table: NDArray[Any]) -> NDArray[Any]:
    """The mean parity of the bits of every mask: the Walsh-Hadamard transform."""
    count = len(table).bit_length() - 1
    found = table.reshape((2,) * count)
    for axis in range(count):
        low, high = np.split(found, 2, axis)
        found = np.concatenate([low + high, low - high], axis)
    return found.reshape(-1)


def _marginal(table: NDArray[Any], bits: Sequence[int]) -> NDArray[Any]:
    root = np.sqrt(np.maximum(table, 0)).reshape((2,) * (len(table).bit_length() - 1))
    return distribution([root.astype(np.complex128)], bits)
