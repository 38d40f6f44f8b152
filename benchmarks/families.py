"""The twelve families of circuits that transpilers are compared on, in Qiskit, with symbols."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import networkx as nx
import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import efficient_su2, zz_feature_map

GRID = tuple(
    (5 * row + column, 5 * (row + down) + column + right)
    for row, column in itertools.product(range(5), repeat=2)
    for down, right in ((0, 1), (1, 0))
    if row + down < 5 and column + right < 5
)
"""The pairs of neighbours on 5 x 5 qubits."""


def strongly_entangling(n: int, layers: int) -> QuantumCircuit:
    """Three rotations a qubit, then a ring of cx that reaches farther from layer to layer."""
    circuit, w = QuantumCircuit(n), iter(ParameterVector("w", 3 * n * layers))
    for layer in range(layers):
        for i in range(n):
            circuit.rz(next(w), i)
            circuit.ry(next(w), i)
            circuit.rz(next(w), i)
        reach = layer % (n - 1) + 1
        for i in range(n):
            circuit.cx(i, (i + reach) % n)
    return circuit


def hardware_efficient(n: int, layers: int) -> QuantumCircuit:
    """Two rotations a qubit, then a ring of cz."""
    circuit, w = QuantumCircuit(n), iter(ParameterVector("w", 2 * n * layers))
    for _ in range(layers):
        for i in range(n):
            circuit.ry(next(w), i)
            circuit.rz(next(w), i)
        for i in range(n):
            circuit.cz(i, (i + 1) % n)
    return circuit


def qaoa(graph: nx.Graph, layers: int, fields: Sequence[float] = ()) -> QuantumCircuit:
    """Approximate optimisation of the weights of edges, and of fields on the nodes."""
    n = graph.number_of_nodes()
    gamma, beta = ParameterVector("g", layers), ParameterVector("b", layers)
    circuit = QuantumCircuit(n)
    circuit.h(range(n))
    for layer in range(layers):
        for u, v, data in graph.edges(data=True):
            circuit.rzz(gamma[layer] * data.get("w", 1.0), u, v)
        for i, field in enumerate(fields):
            circuit.rz(gamma[layer] * field, i)
        circuit.rx(2 * beta[layer], range(n))
    return circuit


def pauli_rotation(circuit: QuantumCircuit, letters: dict[int, str], angle: object) -> None:
    """exp(-i angle/2 P) by a ladder of cx, as most front-ends emit it."""
    qubits = sorted(letters)
    for sign in (1, -1):
        for q in qubits:
            if letters[q] == "X":
                circuit.h(q)
            elif letters[q] == "Y":
                circuit.rx(sign * math.pi / 2, q)
        if sign == 1:
            pairs = list(itertools.pairwise(qubits))
            for a, b in pairs:
                circuit.cx(a, b)
            circuit.rz(angle, qubits[-1])
            for a, b in reversed(pairs):
                circuit.cx(a, b)


def coupled_cluster(n: int, occupied: int) -> QuantumCircuit:
    """Single and double excitations in the encoding of Jordan and Wigner."""
    first, last = range(occupied), range(occupied, n)
    singles = list(itertools.product(first, last))
    doubles = [
        pair + other
        for pair in itertools.combinations(first, 2)
        for other in itertools.combinations(last, 2)
    ]
    t = ParameterVector("t", len(singles) + len(doubles))
    circuit = QuantumCircuit(n)
    circuit.x(first)
    for (i, a), angle in zip(singles, t, strict=False):
        for letters, share in (("XY", 1.0), ("YX", -1.0)):
            between = dict.fromkeys(range(i + 1, a), "Z")
            pauli_rotation(circuit, {**between, i: letters[0], a: letters[1]}, share * angle)
    words = "XXXY XXYX XYYY YXYY XYXX YXXX YYXY YYYX".split()
    for places, angle in zip(doubles, t[len(singles) :], strict=True):
        i, j, a, b = places
        between = dict.fromkeys([*range(i + 1, j), *range(a + 1, b)], "Z")
        for k, word in enumerate(words):
            letters = between | dict(zip(places, word, strict=True))
            pauli_rotation(circuit, letters, (0.25 if k < 4 else -0.25) * angle)
    return circuit


def fourier(n: int) -> QuantumCircuit:
    """The Fourier transform, with its exchange of qubits at the end."""
    circuit = QuantumCircuit(n)
    for i in reversed(range(n)):
        circuit.h(i)
        for j in reversed(range(i)):
            circuit.cp(math.pi / 2 ** (i - j), j, i)
    for i in range(n // 2):
        circuit.swap(i, n - 1 - i)
    return circuit


def convolution(n: int) -> QuantumCircuit:
    """A convolutional network: blocks on neighbours, then half of the qubits, and again."""
    circuit, count = QuantumCircuit(n), itertools.count()

    def half(a: int, b: int) -> None:
        w = [Parameter(f"w{next(count):03d}") for _ in range(3)]
        circuit.rz(-math.pi / 2, b)
        circuit.cx(b, a)
        circuit.rz(w[0], a)
        circuit.ry(w[1], b)
        circuit.cx(a, b)
        circuit.ry(w[2], b)

    active = list(range(n))
    while len(active) > 1:
        evens, odds = active[0::2], active[1::2]
        pairs = list(zip(evens, odds, strict=True))
        for a, b in [*pairs, *zip(odds, evens[1:] + evens[:1], strict=True)]:
            half(a, b)
            circuit.cx(b, a)
            circuit.rz(math.pi / 2, a)
        for a, b in pairs:
            half(a, b)
        active = odds
    return circuit


def heisenberg(n: int, steps: int) -> QuantumCircuit:
    """A product formula of the Heisenberg chain with a field on each spin."""
    circuit, dt, h = QuantumCircuit(n), Parameter("dt"), ParameterVector("h", n)
    for _ in range(steps):
        for start in (0, 1):
            for i in range(start, n - 1, 2):
                circuit.rxx(2 * dt, i, i + 1)
                circuit.ryy(2 * dt, i, i + 1)
                circuit.rzz(2 * dt, i, i + 1)
        for i in range(n):
            circuit.rz(2 * dt * h[i], i)
    return circuit


def instantaneous(n: int, repetitions: int) -> QuantumCircuit:
    """Hadamard gates, then phases of each feature and each product of two (IQP)."""
    circuit, x = QuantumCircuit(n), ParameterVector("x", n)
    for _ in range(repetitions):
        for i in range(n):
            circuit.h(i)
            circuit.rz(x[i], i)
        for i, j in itertools.combinations(range(n), 2):
            circuit.rzz(x[i] * x[j], i, j)
    return circuit


def portfolio_numbers() -> tuple[list[float], list[float]]:
    """The weights of the pairs of a complete graph of 8, and the fields on its nodes."""
    random = np.random.default_rng(7)
    weights = [float(round(random.uniform(0.1, 1), 4)) for _ in range(28)]
    return weights, [float(round(f, 4)) for f in random.uniform(-1, 1, 8)]


def portfolio() -> QuantumCircuit:
    """QAOA of a complete graph with weights and fields."""
    weights, fields = portfolio_numbers()
    graph = nx.complete_graph(8)
    for (u, v), weight in zip(graph.edges, weights, strict=True):
        graph[u][v]["w"] = weight
    return qaoa(graph, 2, fields)


FAMILIES: dict[str, Callable[[], QuantumCircuit]] = {
    "strongly entangling, 8 qubits": lambda: strongly_entangling(8, 3),
    "efficient SU(2), reverse linear, 12": lambda: efficient_su2(12, reps=3),
    "efficient SU(2), full, 10": lambda: efficient_su2(10, reps=2, entanglement="full"),
    "hardware efficient, ring of 16": lambda: hardware_efficient(16, 4),
    "ZZ feature map, full, 8": lambda: zz_feature_map(8, reps=2),
    "IQP, 10": lambda: instantaneous(10, 2),
    "QAOA, 3-regular graph of 16": lambda: qaoa(nx.random_regular_graph(3, 16, seed=5), 3),
    "QAOA, complete graph of 8": portfolio,
    "unitary coupled cluster, 6": lambda: coupled_cluster(6, 2),
    "convolutional network, 8": lambda: convolution(8),
    "Heisenberg chain, 20": lambda: heisenberg(20, 4),
    "Fourier transform, 12": lambda: fourier(12),
}
