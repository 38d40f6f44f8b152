"""The work of a circuit on the engine that will run it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from qmlc.ir.circuit import Circuit, Result
from qmlc.planning.step import Step
from qmlc.planning.work import NUMBER, Work, mean_size

COMPLEX = 2 * NUMBER
ROW_FLOPS = {"visit": 0, "turn": 6, "exchange": 6, "table": 4, "measure": 4}
"""Floating-point operations for each lane of a row: a turn is three multiply-adds, twice."""
FORMULAS, MARGINALS = 50.0, 30.0
"""Functions of torch that evaluate angles or coefficients, or read results off some qubits."""
OPERATIONS = 6
"""Of torch's, for each step of the reference: reshaping, multiplying, putting together."""


@dataclass(frozen=True, slots=True)
class Runs:
    """A circuit for so many samples; `learns`: with gradients, for inputs or parameters.

    `spread`: its inputs have different leading sizes, and broadcast.
    """

    circuit: Circuit
    samples: int
    learns: bool
    spread: bool = False


def count_circuit(name: str, runs: Runs) -> Step:
    """The step that a circuit is."""
    # torch takes seconds to import, and programs without circuits do not need it
    from qmlc.runtime.engines import make_native

    native = make_native(runs.circuit)
    if isinstance(native, str):
        return _reference(name, runs, native)
    return _native(name, runs, native)


def count_overlaps(name: str, circuit: Circuit, sizes: tuple[int, ...], learns: bool) -> list[Step]:
    """The steps that a kernel is: states for each of one or two batches, and their product."""
    state = Result("state", qubits=tuple(range(circuit.num_qubits)))
    states = replace(circuit, results=(state,))
    steps = [count_circuit(name, Runs(states, count, learns)) for count in sizes]
    rows, columns, width = sizes[0], sizes[-1], 1 << circuit.num_qubits
    flops, moved = 8.0 * rows * columns * width, COMPLEX * ((rows + columns) * width)
    products = ((flops, mean_size(rows, columns, width)),)
    forward = Work({"function": 6}, moved=moved + 3.0 * COMPLEX * rows * columns, products=products)
    back = Work({"recorded": 6}, moved=2.0 * forward.moved, products=products * len(sizes))
    how = f"{name}: one product of {rows} and {columns} states"
    return [*steps, Step("circuit", how, forward, forward, back if learns else Work())]


def _native(name: str, runs: Runs, native: Any) -> Step:
    program, samples = native.program, runs.samples
    form, _ = program.plan_call(samples, 1)
    units = form.units(samples)
    forward, backward = (_rows(form, units, back) for back in (False, True))
    fixed = _around(native, runs)
    kept = form.memory_bytes(samples) if runs.learns else 0
    stages = f"{_records(form)} sweeps"
    how = f"{name} x {samples}: native, {native.describe(samples)}, {stages}"
    back = Work()
    if runs.learns:
        back = Work({"circuit_gradient": 1}) + backward + _twice(fixed)
    work = Work({"circuit": 1}) + forward + fixed
    return Step("circuit", how, work, work, back, samples, kept, native.memory(samples, False))


def _rows(form: Any, units: int, back: bool) -> Work:
    """A tape's visits of all units; what it fetches is bytes."""
    from qmlc.runtime.native.count_visits import count_visits

    found: Mapping[str, int] = count_visits(form, back=back)
    row = 2 * form.layout.lanes * form.layout.item
    rows = {key: float(count * units) for key, count in found.items()}
    if back:
        rows = {f"{key}_back": count for key, count in rows.items()}
    lanes = form.layout.lanes
    other = (
        (1 + back)
        * units
        * lanes
        * sum(ROW_FLOPS.get(key, 0) * count for key, count in found.items())
    )
    copied = 2.0 * (1 + back) * row * units  # a backward pass goes over two states
    return Work(
        rows=rows,
        other=float(other),
        in_rows=copied * (found.get("visit", 0) + 2 * found.get("fetch", 0)),
    )


def _around(native: Any, runs: Runs) -> Work:
    """What torch does before the kernels, with angles, and after them, with results."""
    lowered, samples = native.lowered, runs.samples
    before = sum(formulas is not None for formulas in lowered.before) + runs.spread
    tensors = [len(runs.circuit.inputs), len(runs.circuit.parameters)]
    joined = sum(2 * count for count in tensors if count > 1)
    results = 4 * len(lowered.readings) if len(lowered.readings) > 1 else 0
    variances = sum(8 for reading in lowered.readings if reading.kind == "variance")
    work = Work({"function": FORMULAS * before + joined + results + variances})
    for reading in lowered.readings:
        if reading.state is not None:
            state = COMPLEX * samples << native.program.circuit.num_qubits
            calls = 4 if reading.whole else MARGINALS
            work += Work({"function": calls}, moved=3.0 * state)
        if reading.coefficients is not None:
            work += Work({"function": FORMULAS})
    return work


def _twice(work: Work) -> Work:
    calls = {"recorded": work.calls.get("function", 0)}
    return replace(work, calls=calls, moved=2 * work.moved)


def _records(form: Any) -> int:
    from qmlc.kernels import layout

    return int(form.program[layout.FORWARD_COUNT])


def _reference(name: str, runs: Runs, why: str) -> Step:
    """In torch operations, each of which goes over all states."""
    steps = _reference_steps(runs.circuit)
    state = float(COMPLEX * runs.samples << runs.circuit.num_qubits)
    moved = 4 * state * steps
    work = Work({"function": float(OPERATIONS * steps + 10)}, moved=moved, other=moved)
    back = Work({"recorded": float(OPERATIONS * steps)}, moved=3 * moved, other=2 * moved)
    how = f"{name} x {runs.samples}: torch operations, {steps} steps ({why})"
    kept = int(2 * state * steps) if runs.learns else 0
    return Step("circuit", how, work, work, back if runs.learns else Work(), runs.samples, kept,
                int(4 * state))  # fmt: skip


@cache
def _reference_steps(circuit: Circuit) -> int:
    from qmlc.runtime.plan_circuit import plan_circuit

    return len(plan_circuit(circuit).steps)
