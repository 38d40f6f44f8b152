"""What is read off the states at the end; branches are unnormalised parts of a mixture."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from qmlc.runtime.plan import Angles, Expectations, Group, PlannedResult
from qmlc.runtime.plan_expressions import Table
from qmlc.runtime.walsh import walsh_transform

Take = Callable[[Angles], Tensor]


def measure_result(
    result: PlannedResult, state: Tensor, num_qubits: int, take: Take, samples: int
) -> Tensor:
    """The result `[samples or 1, *shape]` of states `[branches, 2**num_qubits, samples or 1]`."""
    match result.kind:
        case "expval":
            assert result.expectations is not None
            values = _expectations(result.expectations, state, take)
        case "variance":
            assert result.expectations is not None
            means, squares = _expectations(result.expectations, state, take).chunk(2)
            values = squares - means * means
        case "probs":
            weights = _weights(state)
            values = _marginals(weights, result.qubits, num_qubits)
        case "state":
            values = _amplitudes(state, result.qubits, num_qubits)
        case "counts" | "sample":
            return _sample(result, state, num_qubits, samples)
        case "purity":
            density = _reduced_density(state, result.qubits, num_qubits)
            values = (density.real**2 + density.imag**2).sum((1, 2))
        case _:
            values = _entropy(_reduced_density(state, result.qubits, num_qubits))
    return values.movedim(-1, 0).reshape(values.shape[-1], *result.shape)


def _weights(state: Tensor) -> Tensor:
    """The probability of each basis state, `[2**qubits, batch]`."""
    weights = state.real**2 + state.imag**2
    return weights[0] if len(weights) == 1 else weights.sum(0)


def _axes(qubits: Sequence[int], num_qubits: int) -> list[int]:
    """The axes of `qubits` in a state of `num_qubits` axes, the last qubit first."""
    return [num_qubits - 1 - qubit for qubit in reversed(qubits)]


def _sample(result: PlannedResult, state: Tensor, num_qubits: int, samples: int) -> Tensor:
    """What each of `samples` finds in `shots` measurements, drawn by torch's generator, as int64.

    How often each basis state `[samples, 2**qubits]`, or the bits `[samples, shots, qubits]`.
    """
    weights = _marginals(_weights(state), result.qubits, num_qubits).detach().clamp_min(0).T
    drawn = torch.multinomial(weights.expand(samples, -1), result.shots, replacement=True)
    if result.kind == "counts":
        empty = drawn.new_zeros((samples, weights.shape[1]))
        return empty.scatter_add(1, drawn, torch.ones_like(drawn))
    places = torch.arange(len(result.qubits), device=drawn.device)
    return drawn[:, :, None] >> places & 1


def _amplitudes(state: Tensor, qubits: Sequence[int], num_qubits: int) -> Tensor:
    """The amplitudes of `qubits` where all others are in |0>, `[2**qubits, batch]`."""
    split = state.reshape(*(2,) * num_qubits, state.shape[2])
    others = [q for q in range(num_qubits) if q not in qubits]
    axes = [*_axes(qubits, num_qubits), num_qubits, *_axes(others, num_qubits)]
    return split.permute(*axes).reshape(1 << len(qubits), state.shape[2], -1)[:, :, 0]


def _marginals(weights: Tensor, qubits: Sequence[int], num_qubits: int) -> Tensor:
    split = weights.reshape(*(2,) * num_qubits, weights.shape[1])
    others = [q for q in range(num_qubits) if q not in qubits]
    axes = [*_axes(qubits, num_qubits), *_axes(others, num_qubits), num_qubits]
    size = 1 << len(qubits)
    moved = split.permute(*axes).reshape(size, 1 << len(others), weights.shape[1])
    return moved.sum(1) if others else moved[:, 0]


def _reduced_density(state: Tensor, qubits: Sequence[int], num_qubits: int) -> Tensor:
    """`[batch, 2**kept, 2**kept]`.

    Of a pure state it is that of the smaller side, which has the same spectrum.
    """
    branches, _, batch = state.shape
    others = [q for q in range(num_qubits) if q not in qubits]
    kept = list(qubits)
    if branches == 1 and len(others) < len(kept):
        kept, others = others, kept
    split = state.reshape(branches, *(2,) * num_qubits, batch)
    axes = [num_qubits + 1, *(1 + a for a in _axes(kept, num_qubits))]
    axes += [0, *(1 + a for a in _axes(others, num_qubits))]
    matrix = split.permute(*axes).reshape(batch, 1 << len(kept), branches << len(others))
    return matrix @ matrix.mH


def _entropy(density: Tensor) -> Tensor:
    """The von Neumann entropy in nats, `[batch]`."""
    values = torch.linalg.eigvalsh(density)
    # at 0 the entropy's slope is infinite; below rounding an eigenvalue adds nothing
    positive = values.clamp_min(torch.finfo(values.dtype).eps)
    entropy: Tensor = torch.special.entr(positive).sum(1)
    return entropy


def _expectations(expectations: Expectations, state: Tensor, take: Take) -> Tensor:
    """`[operators, batch]`."""
    rows = [row for group in expectations.groups for row in _rows(group, state)]
    if not rows:
        assert expectations.mixing is not None
        return state.real.new_zeros((len(expectations.mixing), state.shape[2]))
    values = rows[0] if len(rows) == 1 else torch.cat(rows)
    if expectations.coefficients is not None:
        values = values * take(expectations.coefficients)
    if expectations.mixing is not None:
        values = expectations.mixing @ values
    return values if expectations.order is None else values[expectations.order]


def _rows(group: Group, state: Tensor) -> list[Tensor]:
    if group.source is None:
        return [_project(group.real, _weights(state))]
    partners = state[:, group.source]
    rows = []
    if group.real is not None:
        overlap = partners.real * state.real + partners.imag * state.imag
        rows.append(_project(group.real, overlap.sum(0)))
    if group.imaginary is not None:
        overlap = partners.real * state.imag - partners.imag * state.real
        rows.append(_project(group.imaginary, overlap.sum(0)))
    return rows


def _project(table: Table, values: Tensor) -> Tensor:
    """`table @ values`; for parity masks, those rows of the Walsh transform."""
    if table.dim() == 1:
        return walsh_transform(values)[table]
    product: Tensor = table @ values
    return product
