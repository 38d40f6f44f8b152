"""The families of circuits as programs that a person would write: with loops and the library."""

from __future__ import annotations

import networkx as nx

from benchmarks.families import portfolio_numbers

EDGES = list(nx.random_regular_graph(3, 16, seed=5).edges)
WEIGHTS, FIELDS = portfolio_numbers()

STRONGLY_ENTANGLING = """
use std.ansatz (strongly_entangling)

circuit family() -> real[256] {
    param w: real[3, 8, 3] ~ uniform(-pi, pi)
    qubit q[8]
    strongly_entangling(w) q
    return probs(q)
}
"""

REVERSE_LINEAR = """
circuit family() -> real[4096] {
    param w: real[4, 2, 12] ~ uniform(-pi, pi)
    qubit q[12]
    for l in range(4) {
        for i in range(12) { ry(w[l, 0, i]) q[i] }
        for i in range(12) { rz(w[l, 1, i]) q[i] }
        if l < 3 {
            for i in range(11) { cx q[10 - i], q[11 - i] }
        }
    }
    return probs(q)
}
"""

EFFICIENT_SU2 = """
use std.ansatz (efficient_su2)

circuit family() -> real[1024] {
    param w: real[3, 2, 10] ~ uniform(-pi, pi)
    qubit q[10]
    efficient_su2(w) q
    return probs(q)
}
"""

HARDWARE_EFFICIENT = """
circuit family() -> real[65536] {
    param w: real[4, 16, 2] ~ uniform(-pi, pi)
    qubit q[16]
    for l in range(4) {
        for i in range(16) {
            ry(w[l, i, 0]) q[i]
            rz(w[l, i, 1]) q[i]
        }
        for a, b in ring(q) { cz a, b }
    }
    return probs(q)
}
"""

ZZ_FEATURE_MAP = """
use std.encodings (zz_feature_map)

circuit family(x: real[8]) -> real[256] {
    qubit q[8]
    zz_feature_map(x) q
    return probs(q)
}
"""

INSTANTANEOUS = """
use std.encodings (iqp)

circuit family(x: real[10]) -> real[1024] {
    qubit q[10]
    iqp(x, reps=2) q
    return probs(q)
}
"""

REGULAR_GRAPH = f"""
const edges = {EDGES}

circuit family() -> real[65536] {{
    param g: real[3] ~ uniform(-pi, pi)
    param b: real[3] ~ uniform(-pi, pi)
    qubit q[16]
    h q
    for l in range(3) {{
        for i, j in edges {{ rzz(g[l]) q[i], q[j] }}
        rx(2 * b[l]) q
    }}
    return probs(q)
}}
"""

PORTFOLIO = f"""
const weights = {WEIGHTS}
const fields = {FIELDS}

circuit family() -> real[256] {{
    param g: real[2] ~ uniform(-pi, pi)
    param b: real[2] ~ uniform(-pi, pi)
    qubit q[8]
    h q
    for l in range(2) {{
        for k, pair in enumerate(pairs(8)) {{ rzz(g[l] * weights[k]) q[pair[0]], q[pair[1]] }}
        for i in range(8) {{ rz(g[l] * fields[i]) q[i] }}
        rx(2 * b[l]) q
    }}
    return probs(q)
}}
"""

COUPLED_CLUSTER = """
use std.chemistry (single_excitation, double_excitation)

circuit family() -> real[64] {
    param t: real[14] ~ uniform(-pi, pi)
    qubit q[6]
    x [q[0], q[1]]
    let singles = [(i, a) for i in range(2) for a in range(2, 6)]
    let doubles = [(a, b) for a in range(2, 6) for b in range(a + 1, 6)]
    for k, e in enumerate(singles) { evolve(single_excitation(e[0], e[1]), time=t[k]) q }
    for k, e in enumerate(doubles) { evolve(double_excitation(0, 1, e[0], e[1]), time=t[8 + k]) q }
    return probs(q)
}
"""

CONVOLUTION = """
gate half(w: real[3]) a, b {
    rz(-pi / 2) b
    cx b, a
    rz(w[0]) a
    ry(w[1]) b
    cx a, b
    ry(w[2]) b
}

gate filter(w: real[3]) a, b {
    half(w) a, b
    cx b, a
    rz(pi / 2) a
}

circuit family() -> real[256] {
    param w: real[21, 3] ~ uniform(-pi, pi)
    qubit q[8]
    for l in range(3) {
        let kept = [q[i] for i in range(2 ** l - 1, 8, 2 ** l)]
        let count = len(kept) // 2
        let row = [0, 12, 18][l]
        for i in range(count) { filter(w[row + i]) kept[2 * i], kept[2 * i + 1] }
        for i in range(count) {
            filter(w[row + count + i]) kept[2 * i + 1], kept[(2 * i + 2) % (2 * count)]
        }
        for i in range(count) { half(w[row + 2 * count + i]) kept[2 * i], kept[2 * i + 1] }
    }
    return probs(q)
}
"""

HEISENBERG = """
circuit family() -> real[1048576] {
    param dt: real ~ uniform(0, 1)
    param h: real[20] ~ uniform(-pi, pi)
    qubit q[20]
    for step in range(4) {
        for first in range(2) {
            for i in range(first, 19, 2) {
                rxx(2 * dt) q[i], q[i + 1]
                ryy(2 * dt) q[i], q[i + 1]
                rzz(2 * dt) q[i], q[i + 1]
            }
        }
        for i in range(20) { rz(2 * dt * h[i]) q[i] }
    }
    return probs(q)
}
"""

FOURIER = """
use std.algorithms (qft)

circuit family() -> real[4096] {
    qubit q[12]
    qft() q
    return probs(q)
}
"""

PROGRAMS = {
    "strongly entangling, 8 qubits": STRONGLY_ENTANGLING,
    "efficient SU(2), reverse linear, 12": REVERSE_LINEAR,
    "efficient SU(2), full, 10": EFFICIENT_SU2,
    "hardware efficient, ring of 16": HARDWARE_EFFICIENT,
    "ZZ feature map, full, 8": ZZ_FEATURE_MAP,
    "IQP, 10": INSTANTANEOUS,
    "QAOA, 3-regular graph of 16": REGULAR_GRAPH,
    "QAOA, complete graph of 8": PORTFOLIO,
    "unitary coupled cluster, 6": COUPLED_CLUSTER,
    "convolutional network, 8": CONVOLUTION,
    "Heisenberg chain, 20": HEISENBERG,
    "Fourier transform, 12": FOURIER,
}
"""By the names of `FAMILIES`."""
