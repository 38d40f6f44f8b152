"""From a circuit to the circuits that measure its results, and how their outcomes are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from qmlc.ir.circuit import Circuit, Result
from qmlc.ir.modify_gates import gate_instruction
from qmlc.runtime.normal_form import Array
from qmlc.runtime.plan import Plan
from qmlc.runtime.plan_expressions import Table
from qmlc.types.polynomial import lift


@dataclass(frozen=True, eq=False)
class ShotReading:
    """A result as sums over how often each outcome was found.

    The values are `offset` and, for each group, `matrix @ frequencies`; of a variance they are the
    means of its operators, then those of their squares.
    """

    kind: str
    shape: tuple[int, ...]
    sums: tuple[tuple[int, Table], ...]
    offset: Table


@dataclass(frozen=True, eq=False)
class ShotPlan:
    """Each of `groups` yields the probabilities of its outcomes, and is measured `shots` times.

    A reading is None for results that say themselves how often they are measured.
    """

    shots: int
    groups: tuple[Plan, ...]
    readings: tuple[ShotReading | None, ...]


def plan_shots(circuit: Circuit, shots: int, make_plan: Callable[[Circuit], Plan]) -> ShotPlan:
    """The plan that measures the results of `circuit`; `make_plan` makes those of the groups.

    Strings of Pauli operators that agree qubit by qubit are measured together. ValueError for
    results that no measurement yields, and for operators with coefficients that are not known.
    """
    # these import qiskit, which takes seconds, and most models are not trained with shots
    from qmlc.backends.qasm.append_gate import TO_Z
    from qmlc.backends.qasm.plan_measurement import plan_measurement

    plan = plan_measurement(circuit)
    sizes = [1 << len(group.basis) for group in plan.groups]
    groups = []
    for group in plan.groups:
        turns = [(name, qubit) for qubit, letter in group.basis for name in TO_Z[letter]]
        steps = tuple(gate_instruction(name, (qubit,), []) for name, qubit in turns)
        instructions = (*circuit.instructions, *steps)
        result = Result("probs", qubits=group.qubits)
        groups.append(make_plan(replace(circuit, instructions=instructions, results=(result,))))

    readings = tuple(_plan_reading(reading, sizes) for reading in plan.readings)
    return ShotPlan(shots, tuple(groups), readings)


def _plan_reading(reading: Any, sizes: Sequence[int]) -> ShotReading | None:
    """The tables of a `Reading`, for groups with so many outcomes."""
    if reading.kind in ("counts", "sample"):
        return None
    if reading.kind == "probs":
        matrix = _marginal(reading.bits, sizes[reading.group])
        offset = np.zeros(len(matrix))
        return ShotReading(reading.kind, reading.shape, ((reading.group, matrix),), offset)
    rows = (*reading.sums, *reading.squares)
    offset = np.zeros(len(rows))
    tables: dict[int, Array] = {}
    for row, term in ((row, term) for row, terms in enumerate(rows) for term in terms):
        number = lift(term.coefficient).constant
        if number is None:
            raise ValueError("an operator has a coefficient that is not a number")
        if not term.bits:
            offset[row] += number.real
            continue
        size = sizes[term.group]
        table = tables.setdefault(term.group, np.zeros((len(rows), size)))
        table[row] += number.real * _parity(term.bits, size)
    return ShotReading(reading.kind, reading.shape, tuple(tables.items()), offset)


def _parity(bits: Iterable[int], size: int) -> Array:
    """1 or -1 for each outcome: the parity of some of its bits."""
    outcomes = np.arange(size)
    return 1.0 - 2.0 * (sum((outcomes >> bit & 1 for bit in bits), np.zeros_like(outcomes)) % 2)


def _marginal(bits: tuple[int, ...], size: int) -> Array:
    """1 where the outcome of a column has the bits of the row."""
    outcomes = np.arange(size)
    found = sum(((outcomes >> bit & 1) << i for i, bit in enumerate(bits)), np.zeros_like(outcomes))
    return (np.arange(1 << len(bits))[:, None] == found).astype(float)
