"""What is told of circuits equals published figures, closed forms and numpy's definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from library_units import circuit_of, program

from qmlc.testing.oracle import simulate
from qmlc.testing.strategies import circuits
from qmlc.trainability.diagnose_circuit import diagnose_circuit
from qmlc.trainability.find_frequencies import find_frequencies
from qmlc.trainability.measure_gradients import measure_gradients, random_variance
from qmlc.trainability.measure_spectrum import common_unit, measure_spectra
from qmlc.trainability.measure_states import (
    haar_divergence,
    measure_states,
    meyer_wallach,
    pair_fidelities,
    random_entanglement,
    random_states,
)
from qmlc.types.polynomial import Symbol

LAW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])

TURNS = "rx(w[0]) q\n rz(w[1]) q\n"
DOWN = "[(3, 2), (2, 1), (1, 0)]"
RING = "[(3, 0), (2, 3), (1, 2), (0, 1)]"
BRICKS = "[(1, 0), (3, 2), (2, 1)]"


def entangle(gate: str, pairs: str) -> str:
    """A gate on pairs, with an angle of its own each where it turns."""
    angle = "(v[i])" if gate.startswith("cr") else ""
    return (
        f"for i in range({pairs.count('(')}) {{ {gate}{angle} q[{pairs}[i][0]], q[{pairs}[i][1]] }}"
    )


PUBLISHED = {
    1: (TURNS, 0.2999),
    2: (TURNS + entangle("cx", DOWN), 0.2860),
    3: (TURNS + entangle("crz", DOWN), 0.2396),
    4: (TURNS + entangle("crx", DOWN), 0.1343),
    9: ("h q\n" + entangle("cz", DOWN) + "\nrx(w[0]) q", 0.6773),
    16: (TURNS + entangle("crz", BRICKS), 0.2602),
    17: (TURNS + entangle("crx", BRICKS), 0.1359),
    18: (TURNS + entangle("crz", RING), 0.2340),
    19: (TURNS + entangle("crx", RING), 0.0809),
}
"""Circuits of four qubits and one layer by their numbers in the paper, and their expressibility.

Sim, Johnson and Aspuru-Guzik (2019), figures 2 and 4, by 5,000 pairs of states each.
"""


def circuit(body: str, qubits: int = 4, returns: str = "expval(Z(q))"):
    """A circuit with parameters `w[2, n]` and `v[n]` all around the circle."""
    kind = {"expval(Z(q))": f"real[{qubits}]"}.get(returns, "real")
    start = "~ uniform(0, 2 * pi)"
    declared = [
        f" param {name}: real{shape} {start}\n"
        for name, shape in (("w", [2, qubits]), ("v", [qubits]))
        if f"{name}[" in body
    ]
    text = f"circuit c() -> {kind} {{\n{''.join(declared)} qubit q[{qubits}]\n {body}\n"
    return circuit_of(program(text + f" return {returns}\n}}\n"))


@pytest.mark.parametrize("number", PUBLISHED)
def test_published_expressibility(number):
    body, published = PUBLISHED[number]
    torch.manual_seed(0)
    found = measure_states(circuit(body), 2000)
    assert found.expressibility.value == pytest.approx(published, rel=0.03, abs=0.015)


def test_entangling_capability_where_it_is_known():
    torch.manual_seed(0)
    one, two = (measure_states(circuit(PUBLISHED[number][0]), 100) for number in (1, 9))
    assert one.entanglement.value == pytest.approx(0, abs=1e-12)
    assert two.entanglement.value == pytest.approx(1)
    # sin(a)**2 sin(b)**2 sin(c/2)**2, each of which is 1/2 in the mean
    pair = circuit(TURNS + "crz(v[0]) q[1], q[0]", 2)
    assert measure_states(pair, 4000).entanglement.value == pytest.approx(1 / 8, abs=0.01)


def test_expressibility_of_one_qubit_in_closed_form():
    # the fidelities of H and a turn by rz are arcsine distributed, those of the idle circuit 1
    torch.manual_seed(0)
    edges = 2 / math.pi * np.arcsin(np.sqrt(np.linspace(0, 1, 76)))
    shares = np.diff(edges)
    expected = float((shares * np.log(shares * 75)).sum())
    found = measure_states(circuit("h q\n rz(w[0]) q", 1), 1000).expressibility.value
    assert found == pytest.approx(expected, abs=0.02)
    idle = haar_divergence(torch.ones(10, dtype=torch.float64), 1)
    assert idle == pytest.approx(math.log(75))  # 4.3 in figure 3 of the paper


@pytest.mark.parametrize("qubits", [1, 2, 3, 5])
def test_random_states_diverge_from_their_own_distribution_by_nothing(qubits):
    torch.manual_seed(qubits)
    states = random_states((1, 800, 2**qubits))
    assert haar_divergence(pair_fidelities(states), qubits) < 0.003
    assert float(meyer_wallach(states).mean()) == pytest.approx(
        random_entanglement(qubits), abs=0.02
    )


def slow_meyer_wallach(state: np.ndarray) -> float:
    """By generalised distances of the halves of a state, as Meyer and Wallach define it."""
    qubits = len(state).bit_length() - 1
    total = 0.0
    for qubit in range(qubits):
        zero = np.array([a for i, a in enumerate(state) if not i >> qubit & 1])
        one = np.array([a for i, a in enumerate(state) if i >> qubit & 1])
        wedge = np.outer(zero, one) - np.outer(one, zero)
        total += (np.abs(wedge) ** 2).sum() / 2
    return 4 * total / qubits


@LAW
@given(st.integers(1, 5), st.integers(0, 999))
def test_meyer_wallach_as_defined(qubits, seed):
    torch.manual_seed(seed)
    states = random_states((2, 2**qubits))
    expected = [slow_meyer_wallach(state) for state in states.numpy()]
    np.testing.assert_allclose(meyer_wallach(states), expected, atol=1e-12)


def test_gradients_of_a_product_vanish_with_its_factors():
    # the derivative of cos w[0] ... cos w[n - 1] has the variance 2**-n
    torch.manual_seed(0)
    for qubits in (1, 3, 6):
        z = " * ".join(f"Z(q[{i}])" for i in range(qubits))
        body = f"for i in range({qubits}) {{ rx(w[0, i]) q[i] }}"
        found = measure_gradients(circuit(body, qubits, f"expval({z})"), 4000)
        assert [g.name for g in found] == ["w[0]", "w[1]", "all"]
        assert found[0].variance == pytest.approx(2**-qubits, rel=0.15)
        assert found[1].variance == 0


@pytest.mark.parametrize("qubits", [2, 3, 4])
def test_gradients_of_random_circuits_are_those_of_2_designs(qubits):
    layers = 40
    text = f"""
circuit deep() -> real {{
    param w: real[{layers}, {qubits}, 3] ~ uniform(0, 2 * pi)
    qubit q[{qubits}]
    strongly_entangling(w) q
    return expval(Z(q[0]))
}}
"""
    deep = circuit_of(program(text))
    torch.manual_seed(qubits)
    (found,) = measure_gradients(deep, 500)[:1]
    assert found.name == "w"  # of so many layers all are told together, the outer ones with them
    assert found.variance == pytest.approx(random_variance(deep), rel=0.1)


def test_gradients_as_the_program_starts():
    text = (
        "circuit c() -> real {\n param w: real ~ zeros\n qubit q\n rx(w) q\n"
        " return expval(Y(q))\n}\n"
    )
    torch.manual_seed(0)
    (row, overall) = measure_gradients(circuit_of(program(text)), 1000)
    assert row.start == overall.start == pytest.approx(1)  # the derivative of -sin w at 0
    assert row.variance == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("scale", [1, 0.5, math.pi])
def test_data_encoded_again_and_again_has_as_many_frequencies(times, scale):
    body = f"for i in range({times}) {{ ry(w[i]) q\n rz({scale} * x) q }}\n ry(w[{times}]) q"
    text = (
        f"circuit c(x: real) -> real {{\n param w: real[{times + 1}] ~ zeros\n qubit q\n {body}\n"
        " return expval(Z(q))\n}\n"
    )
    torch.manual_seed(0)
    (spectrum,) = measure_spectra(circuit_of(program(text)), 500)
    assert spectrum.frequencies == pytest.approx([scale * k for k in range(times + 1)])
    assert min(spectrum.sizes) > 0.02


@LAW
@given(
    circuits(max_qubits=3, max_gates=8, kinds=("expval", "probs"), symbolic_observables=False),
    st.integers(0, 999),
)
def test_results_have_no_other_frequencies(circuit, seed):
    random = np.random.default_rng(seed)
    w, x = random.normal(size=3), random.normal(size=2)
    shapes = {variable.name: variable.shape for variable in circuit.inputs}
    assert shapes == {"x": (2,)}
    try:
        frequencies = find_frequencies(circuit, Symbol("x", (0,)))
        unit = common_unit(frequencies)
    except ValueError:
        return
    most = round(frequencies[-1] / unit)
    if most > 40:
        return
    points = 2 * most + 5
    rows = []
    for i in range(points):
        numbers = {"x": np.array([2 * math.pi * i / unit / points, x[1]]), "w": w}
        rows.append(np.concatenate([np.ravel(r) for r in simulate(circuit, numbers)]))
    sizes = np.abs(np.fft.fft(np.array(rows), axis=0)).max(axis=1) / points
    others = set(range(most + 3)) - {round(f / unit) for f in frequencies}
    assert max((sizes[k] for k in others), default=0) < 1e-9


def test_inputs_without_a_series_are_told_why():
    text = """
circuit c(x: real[4]) -> real {
    param w: real ~ zeros
    qubit q[2]
    rx(w * x[0]) q[0]
    rx(x[1] ** 2) q[0]
    rx(sin(x[2])) q[1]
    return expval(x[3] * Z(q[0]) * Z(q[1]))
}
"""
    whys = [spectrum.why for spectrum in measure_spectra(circuit_of(program(text)), 10)]
    assert whys == [
        "its frequencies go by w",
        "angles hold its power 2",
        "it goes through a function",
        "it stands in what is measured",
    ]


def test_what_is_not_pure_has_no_states():
    text = """
circuit c() -> real {
    qubit q[2]
    h q[0]
    let m = measure q[0]
    if m { x q[1] }
    return expval(Z(q[1]))
}
"""
    found = diagnose_circuit(circuit_of(program(text)))
    assert found.states is None and found.gradients == ()
    assert found.notes == (
        "states are not measured: it measures or resets qubits between gates: its state is not"
        " pure",
    )


def test_the_same_seed_gives_the_same_numbers_and_leaves_the_callers():
    torch.manual_seed(5)
    before = torch.rand(1)
    torch.manual_seed(5)
    first = diagnose_circuit(circuit(TURNS), samples=50)
    assert torch.rand(1) == before
    assert diagnose_circuit(circuit(TURNS), samples=50) == first
    assert diagnose_circuit(circuit(TURNS), samples=50, seed=1) != first
