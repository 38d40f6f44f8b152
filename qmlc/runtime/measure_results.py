"""What is read off the states at the end; branches are unnormalised parts of a mixture."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from qmlc.runtime.plan import Angles, Expectations, Group, PlannedResult
from qmlc.runtime.plan_expressions import Table
from qmlc.runtime.squares import squares
from qmlc.runtime.walsh import walsh_transform

Take = Callable[[Angles], Tensor]


class Pure:
    """States `[branches, 2**qubits, batch]`."""

    def __init__(self, state: Tensor) -> None:
        self.state = state
        self.num_qubits = state.shape[1].bit_length() - 1

    def weights(self) -> Tensor:
        """The probability of each basis state, `[2**qubits, batch]`."""
        state = self.state
        return squares(state[0]) if len(state) == 1 else squares(state).sum(0)

    def overlaps(self, source: Tensor, *, imaginary: bool) -> Tensor:
        """The part asked for of conj(psi[source]) psi, `[2**qubits, batch]`."""
        state, partners = self.state, self.state[:, source]
        if imaginary:
            return (partners.real * state.imag - partners.imag * state.real).sum(0)
        return (partners.real * state.real + partners.imag * state.imag).sum(0)

    def density(self, qubits: Sequence[int]) -> Tensor:
        """The density matrix of `qubits`, `[batch, 2**kept, 2**kept]`.

        Of a pure state it is that of the smaller side, which has the same spectrum.
        """
        branches, _, batch = self.state.shape
        others = [q for q in range(self.num_qubits) if q not in qubits]
        kept = list(qubits)
        if branches == 1 and len(others) < len(kept):
            kept, others = others, kept
        split = self.state.reshape(branches, *(2,) * self.num_qubits, batch)
        axes = [self.num_qubits + 1, *(1 + a for a in _axes(kept, self.num_qubits))]
        axes += [0, *(1 + a for a in _axes(others, self.num_qubits))]
        matrix = split.permute(*axes).reshape(batch, 1 << len(kept), branches << len(others))
        return matrix @ matrix.mH


class Mixed:
    """Density matrices `[1, 4**qubits, batch]`, with the entry <i|rho|j> at i + 2**qubits j."""

    def __init__(self, state: Tensor) -> None:
        self.num_qubits = (state.shape[1].bit_length() - 1) // 2
        size = 1 << self.num_qubits
        self.state = state.reshape(size, size, state.shape[2])
        self.places = torch.arange(size, device=state.device)

    def weights(self) -> Tensor:
        """The probability of each basis state, `[2**qubits, batch]`."""
        return self.state[self.places, self.places].real

    def overlaps(self, source: Tensor, *, imaginary: bool) -> Tensor:
        """What conj(psi[source]) psi is on average, the part asked for, `[2**qubits, batch]`."""
        entries = self.state[source, self.places]
        return entries.imag if imaginary else entries.real

    def density(self, qubits: Sequence[int]) -> Tensor:
        """The density matrix of `qubits`, `[batch, 2**kept, 2**kept]`."""
        width, batch = self.num_qubits, self.state.shape[2]
        others = [q for q in range(width) if q not in qubits]
        split = self.state.reshape(*(2,) * (2 * width), batch)
        rows, rest = _axes(qubits, width), _axes(others, width)
        # the second index of an entry comes first
        axes = [2 * width, *(width + a for a in rows), *rows, *(width + a for a in rest), *rest]
        kept, traced = 1 << len(qubits), 1 << len(others)
        matrix = split.permute(*axes).reshape(batch, kept, kept, traced, traced)
        return matrix.diagonal(dim1=3, dim2=4).sum(3)


def measure_result(
    result: PlannedResult, outcome: Pure | Mixed, take: Take, samples: int
) -> Tensor:
    """The result `[samples or 1, *shape]` of the states at the end."""
    if result.expectations is None:
        return measure_state(result, outcome, samples)
    values = _expectations(result.expectations, outcome, take)
    if result.kind == "variance":
        means, squares = values.chunk(2)
        values = squares - means * means
    return values.T.reshape(values.shape[-1], *result.shape)


def measure_state(result: PlannedResult, outcome: Pure | Mixed, samples: int) -> Tensor:
    """The same, for results without operators."""
    match result.kind:
        case "probs":
            values = _probabilities(result, outcome)
        case "state":
            values = _amplitudes(outcome.state, result.qubits, outcome.num_qubits)
        case "counts" | "sample":
            return _sample(result, outcome, samples)
        case "purity":
            density = outcome.density(result.qubits)
            values = (density.real**2 + density.imag**2).sum((1, 2))
        case _:
            values = _entropy(outcome.density(result.qubits))
    return values.movedim(-1, 0).reshape(values.shape[-1], *result.shape)


def _axes(qubits: Sequence[int], num_qubits: int) -> list[int]:
    """The axes of `qubits` in a state of `num_qubits` axes, the last qubit first."""
    return [num_qubits - 1 - qubit for qubit in reversed(qubits)]


def _sample(result: PlannedResult, outcome: Pure | Mixed, samples: int) -> Tensor:
    """What each of `samples` finds in `shots` measurements, drawn by torch's generator, as int64.

    How often each basis state `[samples, 2**qubits]`, or the bits `[samples, shots, qubits]`.
    """
    weights = _probabilities(result, outcome).detach().clamp_min(0).T
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
    shape = (1 << len(qubits), state.shape[2], 1 << len(others))
    return split.permute(*axes).reshape(shape)[:, :, 0]


def _marginals(weights: Tensor, qubits: Sequence[int], num_qubits: int) -> Tensor:
    split = weights.reshape(*(2,) * num_qubits, weights.shape[1])
    others = [q for q in range(num_qubits) if q not in qubits]
    axes = [*_axes(qubits, num_qubits), *_axes(others, num_qubits), num_qubits]
    size = 1 << len(qubits)
    moved = split.permute(*axes).reshape(size, 1 << len(others), weights.shape[1])
    return moved.sum(1) if others else moved[:, 0]


def _probabilities(result: PlannedResult, outcome: Pure | Mixed) -> Tensor:
    """The probability with which each basis state is read, `[2**qubits, batch]`."""
    values = _marginals(outcome.weights(), result.qubits, outcome.num_qubits)
    return _misread(values, result.misread) if result.misread else values


def _misread(probabilities: Tensor, error: float) -> Tensor:
    """What is read, `[2**qubits, batch]`, where each qubit flips with probability `error`."""
    size, batch = probabilities.shape
    for qubit in range(size.bit_length() - 1):
        pairs = probabilities.reshape(-1, 2, 1 << qubit, batch)
        pairs = (1 - error) * pairs + error * pairs.flip(1)
        probabilities = pairs.reshape(size, batch)
    return probabilities


def _entropy(density: Tensor) -> Tensor:
    """The von Neumann entropy in nats, `[batch]`."""
    values = torch.linalg.eigvalsh(density)
    # at 0 the entropy's slope is infinite; below rounding an eigenvalue adds nothing
    positive = values.clamp_min(torch.finfo(values.dtype).eps)
    entropy: Tensor = torch.special.entr(positive).sum(1)
    return entropy


def _expectations(expectations: Expectations, outcome: Pure | Mixed, take: Take) -> Tensor:
    """`[operators, batch]`."""
    rows = [row for group in expectations.groups for row in _rows(group, outcome)]
    if not rows:
        assert expectations.mixing is not None
        return outcome.state.real.new_zeros((len(expectations.mixing), outcome.state.shape[2]))
    values = rows[0] if len(rows) == 1 else torch.cat(rows)
    if expectations.coefficients is not None:
        values = values * take(expectations.coefficients)
    if expectations.mixing is not None:
        values = expectations.mixing @ values
    return values if expectations.order is None else values[expectations.order]


def _rows(group: Group, outcome: Pure | Mixed) -> list[Tensor]:
    if group.source is None:
        return [_project(group.real, outcome.weights())]
    rows = []
    if group.real is not None:
        rows.append(_project(group.real, outcome.overlaps(group.source, imaginary=False)))
    if group.imaginary is not None:
        rows.append(_project(group.imaginary, outcome.overlaps(group.source, imaginary=True)))
    return rows


def _project(table: Table, values: Tensor) -> Tensor:
    """`table @ values`; for parity masks, those rows of the Walsh transform."""
    if table.dim() == 1:
        return walsh_transform(values)[table]
    product: Tensor = table @ values
    return product
