"""What is measured at the end, as tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qmlc.ir.build_circuit import result_size
from qmlc.ir.circuit import Result
from qmlc.ir.operator import Operator
from qmlc.runtime.normal_form import Array
from qmlc.runtime.normalise import pauli_masks
from qmlc.runtime.plan import Expectations, Group, PlannedResult
from qmlc.runtime.plan_steps import MAX_TABLE, basis_indices, signs
from qmlc.runtime.pool import Pool
from qmlc.types.polynomial import Value, lift

RowKey = tuple[int, int]
"""Qubits flipped, and 1 where the rows take the imaginary part of w, else 0."""


def plan_result(
    result: Result, num_qubits: int, pool: Pool, readout_error: float = 0.0
) -> PlannedResult:
    """The tables of one result; ValueError for what is not an observable."""
    shape = result_size(result)
    if result.kind in ("expval", "variance"):
        operators = measured_operators(result)
        if readout_error:
            operators = [_misread(operator, readout_error) for operator in operators]
        expectations = _plan_expectations(operators, num_qubits, pool)
        return PlannedResult(result.kind, shape, expectations=expectations)
    if result.kind not in ("probs", "state", "purity", "entropy", "counts", "sample"):
        raise ValueError(f"no result is called `{result.kind}`")
    misread = readout_error if result.kind in ("probs", "counts", "sample") else 0.0
    return PlannedResult(result.kind, shape, result.qubits, shots=result.shots, misread=misread)


def measured_operators(result: Result) -> list[Operator]:
    """The operators of an expectation value; of a variance, their squares after them.

    ValueError for what is not an observable.
    """
    operators = list(result.operators)
    if not all(operator.hermitian for operator in operators):
        raise ValueError("only Hermitian operators can be measured")
    if result.kind == "variance":
        operators += [(operator * operator).simplified() for operator in result.operators]
    return operators


def _misread(operator: Operator, error: float) -> Operator:
    """What is measured in the place of `operator`: each letter of a string flips with `error`."""
    return Operator(
        tuple((string, (1 - 2 * error) ** len(string) * c) for string, c in operator.terms)
    )


class _Rows:
    """Collects the rows of groups; a row is a table, or a parity mask where tables are large."""

    def __init__(self) -> None:
        self.groups: dict[RowKey, list[Array | int]] = {}
        self.entries: list[tuple[int, RowKey, int, Value]] = []

    def add(self, operator: int, key: RowKey, row: Array | int, coefficient: Value) -> None:
        rows = self.groups.setdefault(key, [])
        rows.append(row)
        self.entries.append((operator, key, len(rows) - 1, coefficient))


def _plan_expectations(operators: Sequence[Operator], num_qubits: int, pool: Pool) -> Expectations:
    strings = sum(len(operator.terms) for operator in operators)
    numeric = all(lift(c).constant is not None for operator in operators for _, c in operator.terms)
    flips = {pauli_masks(s)[0] for operator in operators for s, _ in operator.terms}
    count = min(strings, 2 * len(flips) * len(operators)) if numeric else strings
    large = count << num_qubits > MAX_TABLE
    rows = _Rows()
    for position, operator in enumerate(operators):
        if numeric and not large:
            _add_sums(rows, position, operator, num_qubits)
        else:
            _add_strings(rows, position, operator, None if large else num_qubits)
    return _finish(rows, len(operators), num_qubits, pool)


def _key(flips: int, mask: int) -> tuple[RowKey, float]:
    """Of P = i**ys X**flips Z**mask: where its rows belong, and their sign there."""
    ys = (flips & mask).bit_count()
    # Re(i**ys w) is Re w, -Im w, -Re w, Im w
    return (flips, ys % 2), (1.0, -1.0, -1.0, 1.0)[ys % 4]


def _add_sums(rows: _Rows, position: int, operator: Operator, num_qubits: int) -> None:
    tables: dict[RowKey, Array] = {}
    for string, coefficient in operator.terms:
        flips, mask = pauli_masks(string)
        key, sign = _key(flips, mask)
        number = lift(coefficient).constant
        assert number is not None
        row = sign * float(number.real) * signs(mask, num_qubits)
        tables[key] = tables[key] + row if key in tables else row
    for key, row in tables.items():
        rows.add(position, key, row, 1)


def _add_strings(rows: _Rows, position: int, operator: Operator, num_qubits: int | None) -> None:
    for string, coefficient in operator.terms:
        flips, mask = pauli_masks(string)
        key, sign = _key(flips, mask)
        row = mask if num_qubits is None else signs(mask, num_qubits)
        rows.add(position, key, row, coefficient * sign)


def _finish(rows: _Rows, operators: int, num_qubits: int, pool: Pool) -> Expectations:
    flips = list(dict.fromkeys(flips for flips, _ in rows.groups))
    first: dict[RowKey, int] = {}
    groups = []
    count = 0
    for flip in flips:
        tables: list[Array | None] = []
        for part in (0, 1):
            found = rows.groups.get((flip, part))
            tables.append(None if found is None else pool.share(np.array(found)))
            first[flip, part] = count
            count += len(found or ())
        source = pool.share(basis_indices(num_qubits) ^ flip) if flip else None
        groups.append(Group(source, tables[0], tables[1]))
    places = [first[key] + row for _, key, row, _ in rows.entries]
    plain = all(coefficient == 1 for *_, coefficient in rows.entries)
    once = [operator for operator, *_ in rows.entries] == list(range(operators))
    if plain and once:
        order = None if places == list(range(count)) else np.array(places)
        return Expectations(tuple(groups), None, None, order)
    mixing = np.zeros((operators, count))
    weights: list[Value] = [0] * count
    symbolic = any(lift(c).constant is None for *_, c in rows.entries)
    for place, (operator, _, _, coefficient) in zip(places, rows.entries, strict=True):
        weights[place] = coefficient
        mixing[operator, place] = 1.0 if symbolic else float(_real(coefficient))
    coefficients = pool.add(weights) if symbolic else None
    return Expectations(tuple(groups), coefficients, mixing, None)


def _real(value: Value) -> float:
    number = lift(value).constant
    assert number is not None
    return float(number.real)
