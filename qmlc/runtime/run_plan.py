"""Carry out a plan in plain torch operations: the reference that any other engine must equal.

No operation writes in place and none looks at values, so that autograd (twice), `torch.func` and
`torch.compile` see ordinary tensors.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from qmlc.runtime.evaluate_expressions import evaluate_expressions
from qmlc.runtime.measure_results import Mixed, Pure, measure_result
from qmlc.runtime.plan import (
    Angles,
    ApplyBlocks,
    ApplyDense,
    ApplyFork,
    ApplyPauli,
    ApplyPermutation,
    ApplyPhases,
    ApplyPrepare,
    ApplyTurns,
    Blocks,
    ExponentialMatrix,
    Operation,
    Part,
    Plan,
    SpectralMatrix,
    Start,
    Turns,
)
from qmlc.runtime.plan_expressions import Table
from qmlc.runtime.walsh import walsh_transform


@dataclass(frozen=True)
class _Values:
    """What is worked out before there is a state."""

    shared: Tensor
    """`[expressions, 1]`"""
    sample: Tensor
    """`[expressions, batch]`"""
    shared_turns: Tensor | None
    """`[runs, 2, 2, 1]`"""
    sample_turns: Tensor | None
    """`[runs, 2, 2, batch]`"""
    blocks: tuple[tuple[Tensor, ...], ...]
    """For each width, matrices `[2**width, 2**width]`."""
    turns: tuple[Tensor, ...]
    """The sample turns one by one."""

    def take(self, angles: Angles) -> Tensor:
        """The values of `angles`, `[angles, 1 or batch]`."""
        return (self.sample if angles.sample else self.shared)[angles.positions]


def run_plan(plan: Plan, inputs: Tensor, parameters: Tensor) -> list[Tensor]:
    """Each result `[batch, *shape]`, for inputs `[numbers, batch]` and parameters `[numbers, 1]`.

    `plan` must be placed on their device, in their precision. Results that no input enters have a
    batch of 1.
    """
    values = _evaluate(plan, inputs, parameters)
    state = _start(plan, values, parameters)
    for step in plan.steps:
        state = _apply(step.operation, step.part, state, values)
    outcome = Mixed(state) if plan.mixed else Pure(state)
    samples = inputs.shape[1]
    return [measure_result(result, outcome, values.take, samples) for result in plan.results]


def _evaluate(plan: Plan, inputs: Tensor, parameters: Tensor) -> _Values:
    batch = inputs.shape[1]
    shared = evaluate_expressions(plan.shared, parameters[plan.shared_parameters])
    symbols = inputs[plan.sample_inputs]
    if len(plan.sample_parameters):
        weights = parameters[plan.sample_parameters].expand(len(plan.sample_parameters), batch)
        symbols = torch.cat([symbols, weights])
    sample = evaluate_expressions(plan.sample, symbols)
    shared_turns = _turn_matrices(plan.shared_turns, shared)
    sample_turns = _turn_matrices(plan.sample_turns, sample)
    blocks: list[tuple[Tensor, ...]] = []
    if shared_turns is not None:
        blocks = [_block_matrices(table, shared_turns) for table in plan.blocks]
    turns = () if sample_turns is None else sample_turns.unbind(0)
    return _Values(shared, sample, shared_turns, sample_turns, tuple(blocks), turns)


def _turn_matrices(turns: Turns | None, values: Tensor) -> Tensor | None:
    if turns is None:
        return None
    parts = []
    if turns.groups:
        angles = values[turns.angles][:, None, None, :]
        gates = turns.constant + angles.cos() * turns.cosine + angles.sin() * turns.sine
        parts = [gates if g is None else _chain(gates[g]) for g in turns.groups]
    if turns.fixed is not None:
        batch = values.shape[1] if parts else 1
        parts.append(turns.fixed.expand(-1, -1, -1, batch))
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def _chain(gates: Tensor) -> Tensor:
    """The products of `[runs, length, 2, 2, batch]` along a length that is a power of two."""
    while gates.shape[1] > 1:
        early, late = gates[:, 0::2], gates[:, 1::2]
        gates = (late[:, :, :, :, None] * early[:, :, None, :, :]).sum(3)
    return gates[:, 0]


def _block_matrices(blocks: Blocks, turns: Tensor) -> tuple[Tensor, ...]:
    if not len(blocks.runs):
        return ()
    matrices = turns[blocks.runs][..., 0]
    count, width = blocks.runs.shape
    total = matrices[:, 0]
    for qubit in range(1, width):
        size = 2 << qubit
        product = matrices[:, qubit, :, None, :, None] * total[:, None, :, None, :]
        total = product.reshape(count, size, size)
    return total.unbind(0)


def _start(plan: Plan, values: _Values, like: Tensor) -> Tensor:
    size = 1 << plan.num_qubits
    if plan.start is None:
        first = torch.arange(size, device=like.device) == 0
        return first.to(like.dtype.to_complex()).reshape(1, size, 1)
    columns = _start_columns(plan.start, values)
    state, *others = columns.unbind(0)
    for column in others:
        length = 2 * state.shape[0]
        product = column[:, None] * state
        state = product.reshape(length, product.shape[2])
    return state[None]


def _start_columns(start: Start, values: _Values) -> Tensor:
    """The state of each qubit, `[qubits, 2, 1 or batch]`."""
    columns: Tensor | None = None
    for sample, runs in start.layers:
        table = values.sample_turns if sample else values.shared_turns
        assert table is not None
        matrices = table[runs]
        if columns is None:
            columns = matrices[:, :, 0]
        else:
            columns = (matrices * columns[:, None]).sum(2)
    assert columns is not None
    return columns


def _apply(operation: Operation, part: Part | None, state: Tensor, values: _Values) -> Tensor:
    if isinstance(operation, ApplyFork):
        return _fork(operation, part, state)
    if part is None:
        return _act(operation, state, values)
    acted = _act(operation, state[part.chosen], values)
    rest = state[part.rest].expand(-1, -1, acted.shape[2])
    return torch.cat([acted, rest])[part.order]


def _fork(operation: ApplyFork, part: Part | None, state: Tensor) -> Tensor:
    if part is None:
        return torch.cat([state * operation.where, state * (1 - operation.where)])
    chosen = state[part.chosen]
    zero = chosen * operation.where
    return torch.cat([state[part.rest], zero, chosen - zero])


def _act(operation: Operation, state: Tensor, values: _Values) -> Tensor:
    match operation:
        case ApplyBlocks():
            return _apply_blocks(operation, state, values)
        case ApplyTurns():
            return _apply_turns(operation, state, values)
        case ApplyPermutation():
            return state[:, operation.source]
        case ApplyPhases():
            return state * _phases(operation, state.shape[1], values)
        case ApplyPauli():
            return _apply_pauli(operation, state, values)
        case ApplyDense():
            return _apply_dense(operation, state, values)
        case ApplyPrepare():
            amplitudes = _amplitudes(operation, values)
            return state[:, operation.source] * amplitudes[operation.place]
        case _:
            raise AssertionError(operation)


def _apply_blocks(operation: ApplyBlocks, state: Tensor, values: _Values) -> Tensor:
    branches, size, batch = state.shape
    for table, position, low, width in operation.blocks:
        matrix = values.blocks[table][position]
        rows, inner = 1 << width, (1 << low) * batch
        outer = branches * (size >> (low + width))
        if outer == 1:
            state = matrix @ state.reshape(rows, inner)
        else:
            # one large product is faster, forward and backward, than a batch of small ones
            columns = state.reshape(outer, rows, inner).transpose(0, 1).reshape(rows, outer * inner)
            state = (matrix @ columns).reshape(rows, outer, inner).transpose(0, 1)
        state = state.reshape(branches, size, batch)
    return state


def _apply_turns(operation: ApplyTurns, state: Tensor, values: _Values) -> Tensor:
    branches, size, batch = state.shape
    for qubit, run in operation.turns:
        matrix = values.turns[run]
        low = 1 << qubit
        pairs = state.reshape(branches * size // (2 * low), 1, 2, low, batch)
        state = (matrix[:, :, None, :] * pairs).sum(2)
        batch = state.shape[3]
        state = state.reshape(branches, size, batch)
    return state


def _phases(operation: ApplyPhases, size: int, values: _Values) -> Tensor:
    """The diagonal, `[2**qubits, 1 or batch]`."""
    if operation.angles is None:
        assert isinstance(operation.constant, Tensor)
        return operation.constant
    angles = values.take(operation.angles)
    if operation.table is not None:
        phases = operation.table @ angles
    else:
        assert operation.masks is not None
        strengths = angles.new_zeros((size, angles.shape[1]))
        phases = walsh_transform(strengths.index_add(0, operation.masks, angles))
    factors = torch.complex(phases.cos(), phases.sin())
    return factors if operation.constant is None else factors * operation.constant


def _apply_pauli(operation: ApplyPauli, state: Tensor, values: _Values) -> Tensor:
    angle = values.take(operation.angle)
    cosine = angle.cos()
    if operation.where is not None:
        cosine = 1 + operation.where * (cosine - 1)
    rotated: Tensor = operation.sign * state[:, operation.source]
    return cosine * state + angle.sin() * rotated


def _apply_dense(operation: ApplyDense, state: Tensor, values: _Values) -> Tensor:
    branches, _, batch = state.shape
    rows = 1 << operation.width
    shape = (branches, rows, len(operation.chosen) // rows, batch)
    chosen = state[:, operation.chosen].reshape(shape)
    moved = _times_matrix(operation.matrix, chosen, values)
    batch = moved.shape[3]
    moved = moved.reshape(branches, rows * shape[2], batch)
    if operation.rest is not None:
        rest = state[:, operation.rest]
        moved = torch.cat([moved, rest.expand(-1, -1, batch)], 1)
    return moved[:, operation.order]


def _times_matrix(matrix: Table, state: Tensor, values: _Values) -> Tensor:
    """A matrix on the rows of `[branches, rows, others, batch]`."""
    match matrix:
        case SpectralMatrix():
            phases = -matrix.values * values.take(matrix.time)
            factors = torch.complex(phases.cos(), phases.sin())
            inner = _multiply(matrix.adjoint, state) * factors[:, None, :]
            return _multiply(matrix.vectors, inner)
        case ExponentialMatrix():
            split = state.permute(3, 0, 1, 2)
            return (_exponential(matrix, values)[:, None] @ split).permute(1, 2, 3, 0)
        case _:
            return _multiply(matrix, state)


def _multiply(matrix: Tensor, state: Tensor) -> Tensor:
    branches, rows, others, batch = state.shape
    product = matrix @ state.reshape(branches, rows, others * batch)
    return product.reshape(branches, rows, others, batch)


def _exponential(matrix: ExponentialMatrix, values: _Values) -> Tensor:
    """`[1 or batch, rows, rows]`."""
    angles = values.take(matrix.angles).T.to(matrix.strings.dtype)
    generators = angles @ matrix.strings
    exponential: Tensor = torch.linalg.matrix_exp(generators[:, matrix.place])
    return exponential


def _amplitudes(operation: ApplyPrepare, values: _Values) -> Tensor:
    """The normalised vector, `[2**targets, 1 or batch]`."""
    amplitudes = values.take(operation.real)
    if operation.imaginary is not None:
        amplitudes = torch.complex(amplitudes, values.take(operation.imaginary))
    norm: Tensor = torch.linalg.vector_norm(amplitudes, dim=0, keepdim=True)
    return amplitudes / norm
