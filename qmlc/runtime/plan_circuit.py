"""From a circuit to the plan of its simulation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from qmlc.ir.circuit import Circuit, Variable
from qmlc.runtime.normal_form import Array
from qmlc.runtime.normalise import normalise
from qmlc.runtime.plan import (
    ApplyBlocks,
    ApplyTurns,
    Blocks,
    Operation,
    Part,
    Plan,
    PlannedStep,
    Start,
    Turns,
)
from qmlc.runtime.plan_expressions import plan_expressions
from qmlc.runtime.plan_results import plan_result
from qmlc.runtime.plan_steps import (
    blocks_of,
    plan_fork,
    plan_gate,
    plan_permutation,
    plan_phases,
)
from qmlc.runtime.plan_turns import plan_turns
from qmlc.runtime.pool import Pool
from qmlc.runtime.schedule import (
    Conditional,
    Diagonal,
    Fork,
    Layer,
    Schedule,
    Shuffle,
    Single,
    Step,
    schedule,
)
from qmlc.types.polynomial import Symbol

BLOCK_WIDTH = 4
"""Shared one-qubit gates on so many neighbouring qubits are applied as one matrix."""

IDENTITY = -1
"""A table of turns ends with the identity, where there are any."""

Runs = Mapping[tuple[int, int], int]
"""Where the run of (step, qubit) stands in its table of turns."""


def plan_circuit(circuit: Circuit) -> Plan:
    """The plan of `circuit`; ValueError for what cannot be simulated exactly."""
    actions = [
        (action, instruction.condition)
        for instruction in circuit.instructions
        for action in normalise(instruction)
    ]
    return plan_actions(circuit, actions, circuit.num_qubits)


def plan_actions(
    circuit: Circuit,
    actions: Sequence[Conditional],
    num_qubits: int,
    *,
    mixed: bool = False,
    readout_error: float = 0.0,
) -> Plan:
    """The plan of `actions` on states of `num_qubits`, with the variables and results of `circuit`.

    `mixed` states are density matrices; see `Plan`. A qubit reads as the other value with the
    probability `readout_error`.
    """
    names = frozenset(variable.name for variable in circuit.inputs)
    scheduled = schedule(actions, num_qubits, names, () if mixed else circuit.results)
    pool = Pool(names)
    shared_turns, shared_runs = _plan_runs(scheduled, pool, sample=False)
    sample_turns, sample_runs = _plan_runs(scheduled, pool, sample=True)
    runs = {**shared_runs, **sample_runs}
    start, skipped = _plan_start(scheduled, num_qubits, runs)
    keep_global = any(result.kind == "state" for result in circuit.results)
    steps, blocks = _plan_steps(scheduled, skipped, num_qubits, keep_global, runs, pool)
    results = tuple(
        plan_result(result, circuit.num_qubits, pool, readout_error) for result in circuit.results
    )
    shared, sample = (plan_expressions(list(rows), names) for rows in pool.rows)
    inputs, parameters = symbol_positions(circuit.inputs), symbol_positions(circuit.parameters)
    return Plan(
        num_qubits=num_qubits,
        mixed=mixed,
        branches=len(scheduled.records),
        shared=shared,
        sample=sample,
        shared_parameters=_index([parameters[s] for s in shared.symbols]),
        sample_inputs=_index([inputs[s] for s in sample.symbols if s.name in names]),
        sample_parameters=_index([parameters[s] for s in sample.symbols if s.name not in names]),
        shared_turns=shared_turns,
        sample_turns=sample_turns,
        blocks=blocks,
        start=start,
        steps=steps,
        results=results,
    )


def symbol_positions(variables: Sequence[Variable]) -> dict[Symbol, int]:
    """Where each element stands in the flat vector of all."""
    result: dict[Symbol, int] = {}
    for variable in variables:
        for index in np.ndindex(*variable.shape):
            result[Symbol(variable.name, tuple(map(int, index)))] = len(result)
    return result


def _index(positions: Sequence[int]) -> Array:
    return np.array(positions, dtype=np.int64)


def _plan_runs(
    scheduled: Schedule, pool: Pool, *, sample: bool
) -> tuple[Turns | None, dict[tuple[int, int], int]]:
    keys, runs = [], []
    for position, step in enumerate(scheduled.steps):
        if isinstance(step, Layer) and step.sample == sample:
            for qubit, turns in sorted(step.runs.items()):
                keys.append((position, qubit))
                runs.append(turns)
    table, places = plan_turns(runs, pool, identity=bool(runs))
    return table, dict(zip(keys, places, strict=True))


def _plan_start(scheduled: Schedule, num_qubits: int, runs: Runs) -> tuple[Start | None, int]:
    """The layers at the beginning, which act on |0...0>, and how many steps they are."""
    layers = []
    for position, step in enumerate(scheduled.steps):
        if not isinstance(step, Layer) or step.branches is not None:
            break
        places = [runs.get((position, qubit), IDENTITY) for qubit in range(num_qubits)]
        layers.append((step.sample, _index(places)))
    return (Start(tuple(layers)) if layers else None), len(layers)


def _plan_steps(
    scheduled: Schedule,
    skipped: int,
    num_qubits: int,
    keep_global: bool,
    runs: Runs,
    pool: Pool,
) -> tuple[tuple[PlannedStep, ...], tuple[Blocks, ...]]:
    blocks: dict[int, list[list[int]]] = {}
    branches = 1
    planned = []
    for position, step in enumerate(scheduled.steps):
        operation: Operation | None = None
        match step:
            case Layer() if position >= skipped:
                operation = _plan_layer(step, position, num_qubits, runs, blocks)
            case Diagonal():
                operation = plan_phases(step.terms, num_qubits, pool, keep_global=keep_global)
            case Shuffle():
                operation = plan_permutation(step.gates, num_qubits, pool)
            case Single():
                operation = plan_gate(step.gate, num_qubits, pool)
            case Fork():
                operation = plan_fork(step.qubit, num_qubits, pool)
        if operation is not None:
            planned.append(PlannedStep(operation, _plan_part(step, branches)))
        if isinstance(step, Fork):
            branches += branches if step.branches is None else len(step.branches)
    tables = (Blocks(np.array(blocks.get(w + 1, []), dtype=np.int64)) for w in range(BLOCK_WIDTH))
    return tuple(planned), tuple(tables)


def _plan_layer(
    layer: Layer, position: int, num_qubits: int, runs: Runs, blocks: dict[int, list[list[int]]]
) -> ApplyBlocks | ApplyTurns:
    if layer.sample:
        return ApplyTurns(tuple((q, runs[position, q]) for q in sorted(layer.runs)))
    applied = []
    for low, width in blocks_of(layer.runs, num_qubits, BLOCK_WIDTH):
        table = blocks.setdefault(width, [])
        applied.append((width - 1, len(table), low, width))
        table.append([runs.get((position, q), IDENTITY) for q in range(low, low + width)])
    return ApplyBlocks(tuple(applied))


def _plan_part(step: Step, branches: int) -> Part | None:
    if step.branches is None:
        return None
    rest = [i for i in range(branches) if i not in step.branches]
    order = None if isinstance(step, Fork) else np.argsort([*step.branches, *rest])
    return Part(_index(step.branches), _index(rest), order)
