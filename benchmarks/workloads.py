"""The workloads: circuits as hybrid models have them, and others, so that none is built for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations, count

import numpy as np

from benchmarks.circuits import Angle, Case, Gate, Term

PETERSEN = (
    *((i, (i + 1) % 5) for i in range(5)),
    *((i, i + 5) for i in range(5)),
    *((5 + i, 5 + (i + 2) % 5) for i in range(5)),
)
"""The edges of a graph with ten nodes and three edges at each."""


def fresh_weights() -> Iterator[Angle]:
    """Weights that nothing else uses."""
    return (Angle(weight=i) for i in count())


def every(n: int, name: str, angles: Iterable[Angle] | None = None) -> list[Gate]:
    """A gate on each qubit, with one angle each or none."""
    if angles is None:
        return [Gate(name, (q,)) for q in range(n)]
    return [Gate(name, (q,), (angle,)) for q, angle in zip(range(n), angles, strict=False)]


def features(n: int, factor: float = 1.0) -> list[Angle]:
    """A feature for each qubit."""
    return [Angle(factor, feature=i) for i in range(n)]


def ring(n: int, step: int = 1) -> list[tuple[int, int]]:
    """Each qubit with the one `step` further on."""
    return [(q, (q + step) % n) for q in range(n)]


def chain(n: int) -> list[tuple[int, int]]:
    """Neighbours."""
    return [(q, q + 1) for q in range(n - 1)]


def z_of_each(n: int) -> tuple[tuple[Term, ...], ...]:
    """An observable for each qubit."""
    return tuple((Term(1.0, "Z", (q,)),) for q in range(n))


def ising(n: int) -> tuple[Term, ...]:
    """An open chain in a transverse field."""
    return (
        *(Term(-1.0, "ZZ", pair) for pair in chain(n)),
        *(Term(-1.0, "X", (q,)) for q in range(n)),
    )


def random_paulis(n: int, terms: int) -> tuple[Term, ...]:
    """Pauli strings with coefficients around 0."""
    random = np.random.default_rng(n)
    strings = random.choice(list("IXYZ"), (terms, n))
    placed = [[(letter, q) for q, letter in enumerate(row) if letter != "I"] for row in strings]
    return tuple(
        Term(round(float(random.normal()), 3), "".join(a for a, _ in row), tuple(q for _, q in row))
        for row in placed
        if row
    )


def entangling(n: int, layers: int) -> tuple[Gate, ...]:
    """Inputs as angles, then strongly entangling layers (Schuld et al., arXiv:1804.00633)."""
    w, gates = fresh_weights(), every(n, "ry", features(n))
    for layer in range(layers):
        gates += [Gate("u", (q,), (next(w), next(w), next(w))) for q in range(n)]
        gates += [Gate("cx", pair) for pair in ring(n, layer % (n - 1) + 1)]
    return tuple(gates)


def efficient(n: int, layers: int, inputs: bool = True) -> tuple[Gate, ...]:
    """Layers of RY, RZ and a ring of CX, the inputs loaded again by each where there are any."""
    w, gates = fresh_weights(), []
    for _ in range(layers):
        gates += every(n, "rx", features(n)) if inputs else []
        for q in range(n):
            gates += [Gate("ry", (q,), (next(w),)), Gate("rz", (q,), (next(w),))]
        gates += [Gate("cx", pair) for pair in ring(n)]
    return tuple(gates)


def alternating(n: int, edges: Iterable[tuple[int, int]], layers: int) -> tuple[Gate, ...]:
    """QAOA: RZZ on the edges and RX on the nodes, a weight for all gates of a kind and layer."""
    w, gates = fresh_weights(), every(n, "h")
    for _ in range(layers):
        bond, field = next(w), next(w)
        gates += [Gate("rzz", pair, (bond,)) for pair in edges]
        gates += every(n, "rx", [field._replace(factor=2.0)] * n)
    return tuple(gates)


def zz_feature_map(n: int, repetitions: int) -> tuple[Gate, ...]:
    """Phases by the features and by their pairs (Havlicek et al., arXiv:1804.11326)."""
    gates = []
    for _ in range(repetitions):
        gates += every(n, "h") + every(n, "p", features(n, 2.0))
        for i, (a, b) in enumerate(combinations(range(n), 2)):
            phase = Gate("p", (b,), (Angle(2.0, feature=n + i),))
            gates += [Gate("cx", (a, b)), phase, Gate("cx", (a, b))]
    return tuple(gates)


def controlled(n: int, layers: int) -> tuple[Gate, ...]:
    """Controlled rotations around the ring, by weights and by products of inputs and weights."""
    w, gates = fresh_weights(), every(n, "h")
    for _ in range(layers):
        gates += [Gate("u", (q,), (next(w), next(w), next(w))) for q in range(n)]
        gates += [Gate("crz", pair, (next(w)._replace(feature=pair[0]),)) for pair in ring(n)]
        gates += [Gate("crx", pair, (next(w),)) for pair in ring(n, 2)]
    return tuple(gates)


def couplings(n: int, layers: int) -> tuple[Gate, ...]:
    """Chains of RXX, RYY and RZZ between rotations by the inputs."""
    w, gates = fresh_weights(), []
    for layer in range(layers):
        gates += every(n, "ry", features(n))
        name = ("rxx", "rzz", "ryy")[layer % 3]
        gates += [Gate(name, pair, (next(w),)) for pair in chain(n)]
        gates += every(n, "rz", w)
    return tuple(gates)


def toffolis(n: int, layers: int) -> tuple[Gate, ...]:
    """Doubly controlled NOTs, which no relabelling by parities absorbs."""
    w, gates = fresh_weights(), []
    for _ in range(layers):
        gates += every(n, "ry", features(n)) + every(n, "rx", w)
        gates += [Gate("ccx", (q, (q + 1) % n, (q + 2) % n)) for q in range(n)]
        gates += [Gate("swap", (0, n - 1)), Gate("cz", (1, 2)), Gate("t", (0,))]
    return tuple(gates)


def quench(n: int, steps: int) -> tuple[Gate, ...]:
    """A Trotterised Ising chain: each angle is the time, an input, times one of two weights."""
    bond, field = Angle(-2 / steps, 0, 0), Angle(-2 / steps, 0, 1)
    gates: list[Gate] = []
    for step in range(steps + 1):
        share = 1.0 if 0 < step < steps else 0.5
        half = bond._replace(factor=share * bond.factor)
        gates += [Gate("rzz", pair, (half,)) for pair in chain(n)]
        gates += every(n, "rx", [field] * n) if step < steps else []
    return tuple(gates)


def classifiers() -> Iterator[Case]:
    """Inputs in, an expectation value for each qubit out."""
    title = "1 qubit, one RY: what any call costs"
    yield Case("call", title, 1, 1, (Gate("ry", (0,), (Angle(1.0, 0, 0),)),), 1, z_of_each(1))
    for batch in (32, 256):
        title = "4 qubits, inputs as angles, 3 strongly entangling layers"
        yield Case(f"entangling4_b{batch}", title, 4, batch, entangling(4, 3), 4, z_of_each(4))
    title = "8 qubits, inputs as angles, 6 strongly entangling layers"
    yield Case("entangling8_b32", title, 8, 32, entangling(8, 6), 8, z_of_each(8))
    for n, layers, batch in ((12, 8, 16), (16, 6, 1), (6, 50, 32), (14, 5, 4), (18, 3, 2)):
        title = f"{n} qubits, {layers} layers of RX by the inputs, RY, RZ and a ring of CX"
        gates = efficient(n, layers)
        yield Case(f"reupload{n}_b{batch}", title, n, batch, gates, n, z_of_each(n))
    title = "6 qubits, 4 layers of U, CRZ by inputs and weights, CRX"
    yield Case("controlled6_b64", title, 6, 64, controlled(6, 4), 6, z_of_each(6))
    title = "9 qubits, 6 layers of RXX, RZZ or RYY along a chain"
    yield Case("couplings9_b8", title, 9, 8, couplings(9, 6), 9, z_of_each(9))
    title = "7 qubits, 3 layers of RY by the inputs, RX and a ring of CCX"
    yield Case("toffoli7_b32", title, 7, 32, toffolis(7, 3), 7, z_of_each(7))


def energies() -> Iterator[Case]:
    """One expectation value of a sum of Pauli strings."""
    for n in (20, 22):
        title = f"{n} qubits, 4 layers of RY, RZ and a ring of CX, energy of an Ising chain"
        gates = efficient(n, 4, inputs=False)
        yield Case(f"ising{n}", title, n, 1, gates, 0, (ising(n),))
    cut = tuple(Term(-0.5, "ZZ", pair) for pair in PETERSEN)
    title = "10 qubits, QAOA of depth 5 for the largest cut of the Petersen graph"
    yield Case("maxcut10", title, 10, 1, alternating(10, PETERSEN, 5), 0, (cut,))
    title = "8 qubits, ground state of an Ising chain, depth 8"
    yield Case("ground8", title, 8, 1, alternating(8, chain(8), 8), 0, (ising(8),))
    title = "5 qubits, 3 layers, a sum of 100 Pauli strings"
    hamiltonian = (random_paulis(5, 100),)
    yield Case("paulis5_b64", title, 5, 64, entangling(5, 3), 5, hamiltonian)


def others() -> Iterator[Case]:
    """Overlaps, amplitudes as inputs, evolution in time."""
    title = "overlaps of 200 states of 8 qubits, ZZ feature map, 2 repetitions"
    pairs = tuple(combinations(range(8), 2))
    gates = zz_feature_map(8, 2)
    yield Case("overlaps8_b200", title, 8, 200, gates, 8, kind="overlaps", pairs=pairs)
    title = "10 qubits, 1,024 amplitudes in, 3 layers of RY, RZ and a ring of CX"
    gates = efficient(10, 3, inputs=False)
    yield Case("amplitudes10_b16", title, 10, 16, gates, 1024, z_of_each(10), start="amplitudes")
    title = "6-qubit Ising quench, 20 Trotter steps of second order"
    yield Case("quench6_b30", title, 6, 30, quench(6, 20), 1, z_of_each(6))


CASES = {case.name: case for case in (*classifiers(), *energies(), *others())}
