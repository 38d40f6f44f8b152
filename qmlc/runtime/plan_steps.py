"""The operation that carries out a scheduled step, with its tables."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import assert_never

import numpy as np

from qmlc.runtime.normal_form import (
    Array,
    Controls,
    Dense,
    Exponential,
    PauliTurn,
    Permute,
    PhaseTerm,
    Prepare,
    Spectrum,
    mask_of,
    parity,
)
from qmlc.runtime.plan import (
    Angles,
    ApplyDense,
    ApplyFork,
    ApplyPauli,
    ApplyPermutation,
    ApplyPhases,
    ApplyPrepare,
    ExponentialMatrix,
    SpectralMatrix,
)
from qmlc.runtime.pool import Pool
from qmlc.runtime.schedule import expand_controls
from qmlc.types.polynomial import Polynomial, Value, lift

MAX_TABLE = 1 << 24
"""The largest table of signs, in numbers; beyond it a Walsh transform takes its place."""


def basis_indices(num_qubits: int) -> Array:
    """0, 1, … 2**num_qubits - 1."""
    return np.arange(1 << num_qubits, dtype=np.int64)


def spread(values: Array, places: Sequence[int]) -> Array:
    """Basis indices with bit i of `values` at `places[i]`, zeros elsewhere."""
    total = np.zeros_like(values)
    for i, place in enumerate(places):
        total |= (values >> i & 1) << place
    return total


def collect(indices: Array, places: Sequence[int]) -> Array:
    """Numbers whose bit i is the bit `places[i]` of `indices`."""
    total = np.zeros_like(indices)
    for i, place in enumerate(places):
        total |= (indices >> place & 1) << i
    return total


def signs(mask: int, num_qubits: int) -> Array:
    """(-1)**parity(index & mask) for each basis index, as real numbers."""
    return 1.0 - 2.0 * parity(basis_indices(num_qubits) & mask)


def held(controls: Controls, num_qubits: int) -> Array:
    """1.0 for each basis index where the controls hold, else 0.0."""
    return (basis_indices(num_qubits) & controls.mask == controls.value).astype(float)


def plan_phases(
    terms: Sequence[PhaseTerm], num_qubits: int, pool: Pool, *, keep_global: bool
) -> ApplyPhases | None:
    """The operation of diagonal gates, or None where they do nothing that shows."""
    angles: dict[tuple[int, Controls], Value] = {}
    for term in terms:
        key = (term.mask, term.controls)
        angles[key] = angles.get(key, 0) + term.angle
    if not keep_global:
        angles.pop((0, Controls()), None)
    total = np.zeros(1 << num_qubits)
    symbolic = []
    for (mask, controls), angle in angles.items():
        number = lift(angle).constant
        if number is None:
            symbolic.append(PhaseTerm(angle, mask, controls))
        elif number != 0:
            total += _row(mask, controls, num_qubits) * float(number.real)
    constant = pool.share(np.exp(1j * total).reshape(-1, 1)) if total.any() else None
    if not symbolic:
        return None if constant is None else ApplyPhases(constant, None, None, None)
    if len(symbolic) << num_qubits <= MAX_TABLE:
        rows = [_row(term.mask, term.controls, num_qubits) for term in symbolic]
        where = pool.add(term.angle for term in symbolic)
        return ApplyPhases(constant, where, pool.share(np.array(rows).T.copy()), None)
    strengths: dict[int, Value] = {}
    for term in symbolic:
        for angle, mask in expand_controls(term):
            strengths[mask] = strengths.get(mask, 0) + angle
    where = pool.add(strengths.values())
    return ApplyPhases(constant, where, None, np.array(list(strengths), dtype=np.int64))


def _row(mask: int, controls: Controls, num_qubits: int) -> Array:
    return signs(mask, num_qubits) * held(controls, num_qubits)


def plan_permutation(
    gates: Sequence[Permute], num_qubits: int, pool: Pool
) -> ApplyPermutation | None:
    """The operation of permutations in a row, or None where they are the identity."""
    known = pool.permutations
    key = tuple(gates)
    if key not in known:
        known[key] = _permutation_source(gates, num_qubits)
    source = known[key]
    return None if source is None else ApplyPermutation(source)


def _permutation_source(gates: Sequence[Permute], num_qubits: int) -> Array | None:
    indices = basis_indices(num_qubits)
    place = indices
    for gate in gates:
        images = np.array(gate.images, dtype=np.int64)[collect(place, gate.places)]
        place = place & ~mask_of(gate.places) | spread(images, gate.places)
    if np.array_equal(place, indices):
        return None
    source = np.empty_like(place)
    source[place] = indices
    return source


def plan_gate(
    gate: PauliTurn | Dense | Prepare, num_qubits: int, pool: Pool
) -> ApplyPauli | ApplyDense | ApplyPrepare:
    """The operation of a gate that is a step of its own."""
    match gate:
        case PauliTurn():
            return _plan_pauli(gate, num_qubits, pool)
        case Dense():
            return _plan_dense(gate, num_qubits, pool)
        case Prepare():
            return _plan_prepare(gate, num_qubits, pool)
        case _:
            assert_never(gate)


def _plan_pauli(gate: PauliTurn, num_qubits: int, pool: Pool) -> ApplyPauli:
    source = basis_indices(num_qubits) ^ gate.flips
    # P|j> = i**ys (-1)**parity(j & signs) |j ^ flips>
    sign = -1j * 1j**gate.ys * signs(gate.signs, num_qubits)[source]
    where = None
    if gate.controls.mask:
        where = held(gate.controls, num_qubits)
        sign = sign * where
        where = pool.share(where.reshape(-1, 1))
    return ApplyPauli(
        pool.add([gate.angle]), pool.share(source), pool.share(sign.reshape(-1, 1)), where
    )


def _plan_dense(gate: Dense, num_qubits: int, pool: Pool) -> ApplyDense:
    indices = basis_indices(num_qubits)
    width = len(gate.targets)
    fixed = mask_of(gate.targets) | gate.controls.mask
    others = indices[indices & fixed == gate.controls.value]
    inner = spread(basis_indices(width), gate.targets)
    chosen = (inner[:, None] | others[None, :]).reshape(-1)
    rest = np.setdiff1d(indices, chosen) if gate.controls.mask else None
    after = chosen if rest is None else np.concatenate([chosen, rest])
    return ApplyDense(
        _plan_matrix(gate, pool),
        width,
        pool.share(chosen),
        rest if rest is None else pool.share(rest),
        pool.share(np.argsort(after)),
    )


def _plan_matrix(gate: Dense, pool: Pool) -> Array | SpectralMatrix | ExponentialMatrix:
    match gate.matrix:
        case Spectrum(time, values, vectors):
            adjoint = vectors.conj().T.copy()
            return SpectralMatrix(pool.add([time]), values.reshape(-1, 1), vectors, adjoint)
        case Exponential(angles, strings):
            return _plan_exponential(pool.add(angles), strings, len(gate.targets))
        case matrix:
            return matrix


def _plan_exponential(
    angles: Angles, strings: Sequence[tuple[int, int]], width: int
) -> ExponentialMatrix:
    size = 1 << width
    rows = {flips: row for row, flips in enumerate(dict.fromkeys(f for f, _ in strings))}
    # one diagonal for each set of flipped bits, and one of zeros for all other entries
    table = np.zeros((len(strings), len(rows) + 1, size), dtype=np.complex128)
    for term, (flips, mask) in enumerate(strings):
        table[term, rows[flips]] = -1j * 1j ** (flips & mask).bit_count() * signs(mask, width)
    columns = basis_indices(width)
    row_of = np.array([rows.get(flips, len(rows)) for flips in range(size)])
    place = row_of[columns[:, None] ^ columns[None, :]] * size + columns[None, :]
    return ExponentialMatrix(angles, table.reshape(len(strings), -1), place)


def _plan_prepare(gate: Prepare, num_qubits: int, pool: Pool) -> ApplyPrepare:
    indices = basis_indices(num_qubits)
    parts = [real_and_imaginary(value) for value in gate.amplitudes]
    real: Angles = pool.add(re for re, _ in parts)
    imaginary = None
    if any(im != 0 for _, im in parts):
        imaginary = pool.add(im for _, im in parts)
    return ApplyPrepare(
        real,
        imaginary,
        pool.share(indices & ~mask_of(gate.targets)),
        pool.share(collect(indices, gate.targets)),
    )


def real_and_imaginary(value: Value) -> tuple[Value, Value]:
    """The parts of a polynomial in real symbols."""

    def part(pick: str) -> Value:
        terms = ((m, getattr(complex(c), pick)) for m, c in lift(value).terms)
        return Polynomial(tuple((m, c) for m, c in terms if c))

    return part("real"), part("imag")


def plan_fork(qubit: int, num_qubits: int, pool: Pool) -> ApplyFork:
    """The operation that parts branches by the state of a qubit."""
    return ApplyFork(pool.share(held(Controls(1 << qubit, 0), num_qubits).reshape(-1, 1)))


def blocks_of(qubits: Iterable[int], num_qubits: int, width: int) -> list[tuple[int, int]]:
    """(lowest qubit, width) of blocks of neighbours that cover `qubits`, evenly."""
    chosen = sorted(qubits)
    count = -(-num_qubits // width)
    bounds = [round(i * num_qubits / count) for i in range(count + 1)]
    spans = []
    for low, high in itertools.pairwise(bounds):
        inside = [q for q in chosen if low <= q < high]
        if inside:
            spans.append((min(inside), max(inside) - min(inside) + 1))
    return spans
