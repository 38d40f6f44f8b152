"""Which bases a circuit must be measured in for its results, and how counts become results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qmlc.backends.qasm.bind_circuit import bind_value, circuit_numbers
from qmlc.backends.qasm.errors import NeedsState, Unbound
from qmlc.ir.build_circuit import result_size
from qmlc.ir.circuit import Circuit, Result
from qmlc.ir.operator import Operator, PauliString
from qmlc.types.polynomial import Symbol, Value, lift

DISTRIBUTIONS = ("probs", "counts", "sample")
"""Results that are read off the distribution of basis states."""


@dataclass(frozen=True, slots=True)
class MeasurementGroup:
    """Pauli strings that one run of the circuit measures, qubit by qubit.

    `basis` are (qubit, letter) pairs, ascending: measured bit i is that of `basis[i]`.
    """

    basis: PauliString

    @property
    def qubits(self) -> tuple[int, ...]:
        """The qubits measured, bit by bit."""
        return tuple(qubit for qubit, _ in self.basis)


@dataclass(frozen=True, slots=True)
class Term:
    """`coefficient` times the expected parity of measured `bits` of a group; 1 without bits."""

    group: int
    bits: tuple[int, ...]
    coefficient: Value


@dataclass(frozen=True, slots=True)
class Reading:
    """How one result is read: sums of terms, or the distribution of bits of a group.

    `sums` holds a tuple of terms for each operator; `squares`, for a variance, for its square.
    """

    kind: str
    shape: tuple[int, ...] = ()
    sums: tuple[tuple[Term, ...], ...] = ()
    squares: tuple[tuple[Term, ...], ...] = ()
    group: int = 0
    bits: tuple[int, ...] = ()
    name: str = ""
    shots: int = 0


@dataclass(frozen=True, slots=True)
class MeasurementPlan:
    """`groups` to measure, and the `readings` of a circuit's results, in their order."""

    groups: tuple[MeasurementGroup, ...]
    readings: tuple[Reading, ...]


def plan_measurement(circuit: Circuit) -> MeasurementPlan:
    """The groups of qubit-wise commuting Pauli strings that yield all results of `circuit`.

    First fit, in the order of the program, bases of `probs` first. NeedsState for a result
    that no measurement in Pauli bases yields.
    """
    bases: list[dict[int, str]] = []
    for result in circuit.results:
        if result.kind not in ("expval", "variance", *DISTRIBUTIONS):
            raise NeedsState(result.kind)
        if result.kind in DISTRIBUTIONS:
            _fit(bases, tuple((q, "Z") for q in sorted(result.qubits)))
    for result in circuit.results:
        for operator in result.operators:
            squares = operator.squared().terms if result.kind == "variance" else ()
            for string, _ in (*operator.terms, *squares):
                _fit(bases, string)
    groups = tuple(MeasurementGroup(tuple(sorted(basis.items()))) for basis in bases)
    return MeasurementPlan(groups, tuple(_reading(r, groups) for r in circuit.results))


def read_probabilities(
    plan: MeasurementPlan,
    outcomes: Sequence[Mapping[Any, float]],
    numbers: Mapping[Symbol, Value] | None = None,
) -> list[Any]:
    """The results from what was measured: a float or a numpy array each, in order.

    `outcomes` holds, for each group, counts or probabilities by outcome: whole numbers, or strings
    of bits as Qiskit writes them, the last letter being bit 0. `numbers` binds symbols in
    coefficients; Unbound where one is free.
    """
    tables = [_normalised(counts) for counts in outcomes]
    return [_read(reading, tables, numbers or {}) for reading in plan.readings]


def expectation_from_counts(
    circuit: Circuit, outcomes: Sequence[Mapping[Any, float]], values: Any = None
) -> list[Any]:
    """`read_probabilities` for a circuit, with numbers for its inputs and parameters by name."""
    numbers = circuit_numbers(circuit, values or {})
    return read_probabilities(plan_measurement(circuit), outcomes, dict(numbers))


def _fit(bases: list[dict[int, str]], string: PauliString) -> None:
    """Put `string` into the first basis that agrees with it, or into a new one."""
    if not string:
        return
    for basis in bases:
        if all(basis.get(qubit, letter) == letter for qubit, letter in string):
            basis.update(string)
            return
    bases.append(dict(string))


def _reading(result: Result, groups: tuple[MeasurementGroup, ...]) -> Reading:
    if result.kind in DISTRIBUTIONS:
        string = tuple((q, "Z") for q in result.qubits)
        group, bits = _find(string, groups)
        shape, shots = result_size(result), result.shots
        return Reading(result.kind, shape, group=group, bits=bits, name=result.name, shots=shots)
    sums = tuple(_terms(o, groups) for o in result.operators)
    squares: tuple[tuple[Term, ...], ...] = ()
    if result.kind == "variance":
        squares = tuple(_terms(o.squared(), groups) for o in result.operators)
    return Reading(result.kind, result.shape, sums, squares, name=result.name)


def _terms(operator: Operator, groups: tuple[MeasurementGroup, ...]) -> tuple[Term, ...]:
    return tuple(Term(*_find(string, groups), c) for string, c in operator.terms)


def _find(string: PauliString, groups: tuple[MeasurementGroup, ...]) -> tuple[int, tuple[int, ...]]:
    """The first group that measures `string`, and the bits of its letters."""
    if not string:
        return 0, ()
    for index, group in enumerate(groups):
        if set(string) <= set(group.basis):
            return index, tuple(group.qubits.index(q) for q, _ in string)
    raise AssertionError("every string was put into a group")


def _normalised(counts: Mapping[Any, float]) -> dict[int, float]:
    total = sum(counts.values())
    if not total > 0:
        raise ValueError("there are no counts")
    table: dict[int, float] = {}
    for outcome, count in counts.items():
        key = int(outcome.replace(" ", ""), 2) if isinstance(outcome, str) else int(outcome)
        table[key] = table.get(key, 0.0) + count / total
    return table


def _read(
    reading: Reading,
    tables: list[dict[int, float]],
    numbers: Mapping[Symbol, Value],
) -> Any:
    if reading.kind in DISTRIBUTIONS:
        found = _distribution(tables[reading.group], reading.bits)
        return found if reading.kind == "probs" else _outcomes(reading, found)
    means = np.array([_sum(terms, tables, numbers) for terms in reading.sums])
    if reading.kind == "variance":
        squares = np.array([_sum(terms, tables, numbers) for terms in reading.squares])
        means = squares - means**2
    return means.reshape(reading.shape) if reading.shape else float(means[0])


def _outcomes(reading: Reading, found: NDArray[np.float64]) -> NDArray[np.int64]:
    """`counts` or `sample` of a distribution that was measured with as many shots.

    With another number they are scaled, by largest remainder; a sample is in ascending order.
    """
    share = found * reading.shots
    counts = np.floor(share + 1e-9).astype(np.int64)
    left = reading.shots - int(counts.sum())
    counts[np.argsort(counts - share, kind="stable")[:left]] += 1
    if reading.kind == "counts":
        return counts
    states = np.repeat(np.arange(len(counts)), counts)
    return states[:, None] >> np.arange(len(reading.bits)) & 1


def _sum(
    terms: tuple[Term, ...], tables: list[dict[int, float]], numbers: Mapping[Symbol, Value]
) -> float:
    total = 0.0
    for term in terms:
        coefficient = lift(bind_value(term.coefficient, numbers))
        if coefficient.constant is None:
            raise Unbound("an observable", tuple(str(s) for s in coefficient.symbols()))
        parity = _parity(tables[term.group], term.bits) if term.bits else 1.0
        total += complex(coefficient.constant).real * parity
    return total


def _parity(table: Mapping[int, float], bits: tuple[int, ...]) -> float:
    mask = sum(1 << bit for bit in bits)
    return sum(p if (k & mask).bit_count() % 2 == 0 else -p for k, p in table.items())


def _distribution(table: Mapping[int, float], bits: tuple[int, ...]) -> NDArray[np.float64]:
    result = np.zeros(2 ** len(bits))
    for outcome, probability in table.items():
        result[sum((outcome >> bit & 1) << i for i, bit in enumerate(bits))] += probability
    return result
