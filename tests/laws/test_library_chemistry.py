"""Chemistry of the library: published energies, and exponentials of fermionic operators."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
from library_units import angles, program, unitary_of
from test_library_hamiltonians import lowering

from qmlc.check.read_constants import parse_pauli_sum
from qmlc.driver import check_text
from qmlc.ir.dense import operator_matrix
from qmlc.ir.ground_energy import ground_energy
from qmlc.train_program import train_program
from qmlc.training.read_options import TrainOptions

HERE = Path(__file__).parent
H2 = HERE.parent.parent / "examples" / "molecule" / "h2_0.735.json"
ENERGIES = {H2: (-1.116998997, -1.137306036), HERE / "h4.json": (-2.098545937, -2.166387449)}
"""Hartree-Fock and exact, from PySCF with OpenFermion: STO-3G, Jordan-Wigner."""


@pytest.mark.parametrize("path", ENERGIES, ids=lambda p: p.stem)
def test_molecules_have_their_published_energies(path):
    operator, size = parse_pauli_sum(path.read_text())
    electrons = json.loads(path.read_text())["electrons"]
    start, exact = ENERGIES[path]
    assert ground_energy(operator, size) == pytest.approx(exact, abs=1e-8)
    state = unitary_of(f"hartree_fock({electrons}) q", size)[:, 0]
    matrix = operator_matrix(operator, size)
    assert np.vdot(state, matrix @ state).real == pytest.approx(start, abs=1e-8)


def test_the_example_reaches_the_exact_energy(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (result,) = train_program(H2.with_name("molecule.hqm"), TrainOptions(quiet=True)).values()
    last = list(result.measurements)[-1]
    assert result.measurements[last].loss == pytest.approx(-1.137306, abs=2e-6)


def exponential(generators):
    """The product of exp(t (T - its adjoint)), the first to the right."""
    total = np.eye(len(generators[0][1]))
    for t, excitation in generators:
        total = scipy.linalg.expm(t * (excitation - excitation.T)) @ total
    return total


@pytest.mark.parametrize(("n", "electrons"), [(4, 2), (6, 2), (6, 4), (8, 4)])
def test_uccsd_is_the_product_of_its_excitations(n, electrons):
    a, half, o = lowering(n), n // 2, electrons // 2
    filled = [p for p in range(n) if p % half < o]
    empty = [p for p in range(n) if p % half >= o]
    singles = [a[v].T @ a[i] for i in filled for v in empty if i // half == v // half]
    doubles = [
        a[v].T @ a[w].T @ a[j] @ a[i]
        for i in filled for j in filled if i < j for v in empty for w in empty if v < w
        if i // half + j // half == v // half + w // half
    ]  # fmt: skip
    theta = angles(len(singles) + len(doubles))
    found = unitary_of(f"uccsd(theta, electrons={electrons}) q", n, theta=theta)
    expected = exponential(list(zip(theta, singles + doubles, strict=True)))
    assert np.allclose(found, expected)


def test_k_upccgsd_is_the_product_of_its_excitations():
    n, half = 6, 3
    a, w = lowering(n), angles(2, 3, 3)
    generators = []
    for layer in w:
        for row, (i, v) in zip(layer, [(0, 1), (0, 2), (1, 2)], strict=True):
            generators += [(row[0], a[v].T @ a[i]), (row[1], a[v + half].T @ a[i + half])]
            pair = a[v].T @ a[v + half].T @ a[i + half] @ a[i]
            generators.append((row[2], pair))
    assert np.allclose(unitary_of("k_upccgsd(w) q", n, w=w), exponential(generators))


def test_too_few_angles_are_told_where_they_are_handed_over():
    text = program("""
circuit c(theta: real[2]) -> real {
    qubit q[4]
    uccsd(theta, electrons=2) q
    return expval(Z(q[0]))
}
""")
    (error,) = check_text(text)
    assert error.code == "E0301" and error.at.text == "theta"
    assert "2 stands where 3 is needed" in error.label_text
