"""What the engine does for a circuit, as frozen data: tables of numbers, and steps over them.

States are `[branches, 2**qubits, batch]`, the batch last: one step acts on all samples, and what
does not depend on inputs has a batch of 1 (it is computed once, and broadcasts).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np
import torch

from qmlc.ir.circuit import Circuit
from qmlc.runtime.plan_expressions import Expressions, Table


@dataclass(frozen=True, eq=False)
class Angles:
    """Positions among the expressions, of those per sample or of those shared by the batch."""

    sample: bool
    positions: Table


@dataclass(frozen=True, eq=False)
class Turns:
    """2x2 matrices `[runs, 2, 2, batch]`, each the product of a run of one-qubit gates.

    A gate is constant + cos(angle) cosine + sin(angle) sine. `groups` are runs of equal (padded)
    length: the positions of their gates, `[runs, length]`, or None for each gate by itself.
    `fixed` are the runs without angles, which come last.
    """

    angles: Table
    constant: Table
    cosine: Table
    sine: Table
    groups: tuple[Table | None, ...]
    fixed: Table | None


@dataclass(frozen=True, eq=False)
class Blocks:
    """Kronecker products of shared runs: `[blocks, width]` positions of runs."""

    runs: Table


@dataclass(frozen=True, eq=False)
class Start:
    """The first layers, which make a product state: (sample, a run for each qubit)."""

    layers: tuple[tuple[bool, Table], ...]


@dataclass(frozen=True, eq=False)
class ApplyBlocks:
    """Matrices on neighbouring qubits: (table, position in it, lowest qubit, width)."""

    blocks: tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True, eq=False)
class ApplyTurns:
    """2x2 matrices, one a sample: (qubit, run)."""

    turns: tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class ApplyPhases:
    """Multiply by `constant * exp(i table @ angles)`.

    For many terms on many qubits `masks` replaces `table`: the parities of which the rows of
    `table @ angles` are the strengths.
    """

    constant: Table | None
    angles: Angles | None
    table: Table | None
    masks: Table | None


@dataclass(frozen=True, eq=False)
class ApplyPermutation:
    """Amplitude j becomes that of `source[j]`."""

    source: Table


@dataclass(frozen=True, eq=False)
class ApplyPauli:
    """cos(angle) psi + sin(angle) sign * psi[source], `where` (a 0/1 column) controls hold."""

    angle: Angles
    source: Table
    sign: Table
    where: Table | None


@dataclass(frozen=True, eq=False)
class SpectralMatrix:
    """vectors exp(-i time values) vectors^H."""

    time: Angles
    values: Table
    vectors: Table
    adjoint: Table


@dataclass(frozen=True, eq=False)
class ExponentialMatrix:
    """exp(-i sum(angle * string)): `strings` by `rows` of diagonals, laid out by `place`."""

    angles: Angles
    strings: Table
    place: Table


@dataclass(frozen=True, eq=False)
class ApplyDense:
    """A matrix on the amplitudes `chosen`, `[2**targets, others]`; the `rest` stays.

    `order` puts both back.
    """

    matrix: Table | SpectralMatrix | ExponentialMatrix
    width: int
    chosen: Table
    rest: Table | None
    order: Table


@dataclass(frozen=True, eq=False)
class ApplyPrepare:
    """psi[source] * amplitude[place]: fresh qubits take a normalised vector."""

    real: Angles
    imaginary: Angles | None
    source: Table
    place: Table


@dataclass(frozen=True, eq=False)
class ApplyFork:
    """Branches in twice: `where` is the column that is 1 where the qubit is in |0>."""

    where: Table


Operation = (
    ApplyBlocks | ApplyTurns | ApplyPhases | ApplyPermutation | ApplyPauli | ApplyDense
    | ApplyPrepare | ApplyFork
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Part:
    """The branches on which a step acts; the `rest` stays; `order` puts both back.

    A fork has no `order`: the rest comes first.
    """

    chosen: Table
    rest: Table
    order: Table | None


@dataclass(frozen=True, eq=False)
class PlannedStep:
    """One operation, on all branches or on a part of them."""

    operation: Operation
    part: Part | None


@dataclass(frozen=True, eq=False)
class Group:
    """Pauli strings that flip the same qubits.

    w = conj(psi[source]) psi (source None: |psi|**2); rows are `real @ Re w` and `imaginary @ Im
    w`. One-dimensional tables hold parity masks: the rows are those of the Walsh transform.
    """

    source: Table | None
    real: Table | None
    imaginary: Table | None


@dataclass(frozen=True, eq=False)
class Expectations:
    """Expectation values of operators from the rows of `groups`.

    Rows are multiplied by `coefficients`, then mixed (or just put in order).
    """

    groups: tuple[Group, ...]
    coefficients: Angles | None
    mixing: Table | None
    order: Table | None


@dataclass(frozen=True, eq=False)
class PlannedResult:
    """A result: its kind, what it needs, and its shape for one sample."""

    kind: str
    shape: tuple[int, ...]
    qubits: tuple[int, ...] = ()
    expectations: Expectations | None = None
    shots: int = 0
    misread: float = 0.0
    """With which probability each of the `qubits` reads as the other value."""


@dataclass(frozen=True, eq=False)
class Plan:
    """All that happens in a forward pass."""

    num_qubits: int
    """Of the states: twice those of the circuit where they are `mixed`."""
    mixed: bool
    """Whether a state is a density matrix: the qubits of its column, then those of its row."""
    branches: int
    shared: Expressions
    sample: Expressions
    shared_parameters: Table
    """Where the symbols of `shared` stand in the flat vector of parameters."""
    sample_inputs: Table
    sample_parameters: Table
    """Where the symbols of `sample` stand among flat inputs, then among parameters."""
    shared_turns: Turns | None
    sample_turns: Turns | None
    blocks: tuple[Blocks, ...]
    start: Start | None
    steps: tuple[PlannedStep, ...]
    results: tuple[PlannedResult, ...]


Placed = TypeVar("Placed")


def place_plan(plan: Placed, dtype: torch.dtype, device: torch.device) -> Placed:
    """`plan` with tensors on a device in the place of numpy arrays, reals as `dtype`.

    A circuit in it has none, and many parts.
    """
    complex_dtype = torch.complex128 if dtype == torch.float64 else torch.complex64
    kinds = {"f": dtype, "c": complex_dtype, "i": torch.int64}
    placed: dict[int, torch.Tensor] = {}

    def place(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            if id(value) not in placed:
                array = np.ascontiguousarray(value)
                kind = kinds[array.dtype.kind]
                placed[id(value)] = torch.from_numpy(array).to(device=device, dtype=kind)
            return placed[id(value)]
        if isinstance(value, tuple):
            return tuple(place(item) for item in value)
        if is_dataclass(value) and not isinstance(value, type | Circuit):
            return replace(value, **{f.name: place(getattr(value, f.name)) for f in fields(value)})
        return value

    result: Placed = place(plan)
    return result
