"""Hamiltonians of the library against matrices made of numpy, and against all bit strings."""

from __future__ import annotations

import itertools
from functools import reduce

import numpy as np
import pytest
from library_units import angles, operator_of

PAULIS = {
    "I": np.eye(2),
    "X": np.array([[0, 1], [1, 0]]),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1, -1]),
}


def on(letters, n):
    """Pauli matrices by qubit; qubit 0 is the last factor."""
    return reduce(np.kron, [PAULIS[letters.get(q, "I")] for q in reversed(range(n))])


def neighbours(n, periodic):
    return [(i, (i + 1) % n) for i in range(n if periodic else n - 1)]


@pytest.mark.parametrize("periodic", [False, True])
def test_spin_chains(periodic):
    n, text = 4, str(periodic).lower()
    pairs = neighbours(n, periodic)

    def bonds(letter):
        return sum(on({a: letter, b: letter}, n) for a, b in pairs)

    def field(letter):
        return sum(on({i: letter}, n) for i in range(n))

    found = operator_of(f"ising(0.7, 0.3, {text})(q)", n)
    assert np.allclose(found, -0.7 * bonds("Z") - 0.3 * field("X"))
    found = operator_of(f"heisenberg(0.7, 0.3, periodic={text})(q)", n)
    assert np.allclose(found, 0.7 * sum(map(bonds, "XYZ")) + 0.3 * field("Z"))
    found = operator_of(f"xxz(0.7, 1.5, 0.3, {text})(q)", n)
    expected = 0.7 * (bonds("X") + bonds("Y") + 1.5 * bonds("Z")) + 0.3 * field("Z")
    assert np.allclose(found, expected)


def test_the_open_ising_chain_has_its_published_energy():
    """Pfeuty's free fermions: minus the sum of the singular values of a bidiagonal matrix."""
    from qmlc.ir.ground_energy import ground_energy
    from qmlc.ir.operator import Operator

    for n in (4, 8, 10):
        chain = sum(
            (Operator.pauli("Z", i) * Operator.pauli("Z", i + 1) * -1 for i in range(n - 1)),
            start=sum((Operator.pauli("X", i) * -1 for i in range(n)), start=Operator(())),
        )
        free = np.linalg.svd(np.eye(n) + np.eye(n, k=1), compute_uv=False).sum()
        assert ground_energy(chain, n) == pytest.approx(-free, abs=1e-9)


def lowering(n):
    """Fermionic operators that obey the anticommutation relations, made from occupations."""
    result = []
    for p in range(n):
        matrix = np.zeros((2**n, 2**n))
        for state in range(2**n):
            if state >> p & 1:
                sign = (-1) ** (state & ((1 << p) - 1)).bit_count()
                matrix[state ^ (1 << p), state] = sign
        result.append(matrix)
    return result


def test_fermionic_operators_and_the_hubbard_model():
    n, sites = 6, 3
    a = lowering(n)
    for p in range(n):
        assert np.allclose(operator_matrix_of(f"annihilation({p})", n), a[p])
        assert np.allclose(operator_matrix_of(f"creation({p})", n), a[p].T)
    for edges, text in (([(0, 1), (1, 2)], ""), ([(0, 2)], ", edges=[(0, 2)]")):
        hops = sum(
            a[i + s].T @ a[j + s] + a[j + s].T @ a[i + s] for i, j in edges for s in (0, sites)
        )
        double = sum(a[i].T @ a[i] @ a[i + sites].T @ a[i + sites] for i in range(sites))
        found = operator_of(f"hubbard(0.7, 1.5{text})(q)", n)
        assert np.allclose(found, -0.7 * hops + 1.5 * double)


def operator_matrix_of(expression, n):
    """A sum of Hermitian and antihermitian parts, each of which may be measured."""
    real = operator_of(f"0.5 * ({expression}(q) + {adjoint(expression)}(q))", n)
    return real + 1j * operator_of(f"-0.5j * ({expression}(q) - {adjoint(expression)}(q))", n)


def adjoint(expression):
    names = ("annihilation", "creation")
    here = next(name for name in names if expression.startswith(name))
    return expression.replace(here, names[1 - names.index(here)])


def cost_of(expression, n, **inputs):
    """The diagonal of an operator of Z only."""
    found = operator_of(expression, n, **inputs)
    assert np.allclose(found, np.diag(np.diag(found)))
    return np.diag(found).real


def test_problems_of_optimisation_cost_what_they_say_on_every_bit_string():
    n, edges, weights = 4, [(0, 1), (1, 2), (2, 3), (3, 0), (0, 2)], [1.0, 2.0, 0.5, 1.5, 3.0]
    strings = [bits[::-1] for bits in itertools.product((0, 1), repeat=n)]
    cut = [-sum(w for (a, b), w in zip(edges, weights, strict=True) if x[a] != x[b])
           for x in strings]  # fmt: skip
    assert np.allclose(cost_of(f"max_cut({edges}, {weights})(q)", n), cut)
    plain = [-sum(x[a] != x[b] for a, b in edges) for x in strings]
    assert np.allclose(cost_of(f"max_cut({edges})(q)", n), plain)
    matrix, mu = angles(n, n), angles(n, seed=1)
    quadratic = np.array([np.array(x) @ matrix @ np.array(x) for x in strings])
    assert np.allclose(cost_of("qubo(m)(q)", n, m=matrix), quadratic)
    expected = [
        0.3 * energy - mu @ np.array(x) + 0.9 * (sum(x) - 2) ** 2
        for energy, x in zip(quadratic, strings, strict=True)
    ]
    found = cost_of("portfolio(mu, s, 2, risk=0.3, penalty=0.9)(q)", n, mu=mu, s=matrix)
    assert np.allclose(found, expected)
