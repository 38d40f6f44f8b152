"""What decision diagrams find equal is equal, with layouts as well."""

import pytest

pytest.importorskip("mqt.qcec")

import numpy as np
from hypothesis import HealthCheck, Phase, assume, given, settings
from qasm_oracles import VALUES, unitary_circuits

from qmlc.backends.qasm.bind_circuit import bind_circuit
from qmlc.verify.by_decision_diagrams import equal_by_diagrams
from qmlc.verify.compare_texts import compare_texts
from qmlc.verify.lower_circuit import lower_circuit
from qmlc.verify.sides import Side, find_equality
from qmlc.verify.steps import Gate
from qmlc.verify.verdict import BUDGETS, Certificate, Undecided

few = settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[p for p in Phase if p.name not in ("shrink", "explain")],
)


def side(steps, order=(0, 1, 2)):
    return Side(tuple(steps), 3, 0, (0, 1, 2), order, ())


@few
@given(unitary_circuits(size=3), VALUES)
def test_what_is_found_equal_is_equal(circuit, values):
    steps = lower_circuit(bind_circuit(circuit, values))
    assume(steps)
    swap = Gate((0, 2), np.eye(4, dtype=complex)[[0, 2, 1, 3]])
    moved = side((*steps, swap), (2, 1, 0))
    for other in (moved, side(steps[1:]), side((*steps, swap))):
        try:
            equal_by_diagrams((side(steps), other), False, BUDGETS["auto"])
        except Undecided:
            assert other is not moved
            continue
        assert find_equality([(side(steps), other)], np.random.default_rng(0))[0] == "unitary"


def ladder(turn, size=22):
    lines = [
        f"rx({0.1 + 0.07 * i}*a) q[{i}]; {turn} q[{i}]; cx q[{i}], q[{i + 1}];"
        for i in range(size - 1)
    ]
    head = f'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput float[64] a;\nqubit[{size}] q;\n'
    return head + "\n".join(lines) + "\n"


def test_large_texts_with_any_angles():
    text = ladder("t")
    verdict = compare_texts(text, text.replace("cx q[4], q[5];", "h q[5]; cz q[4], q[5]; h q[5];"))
    assert isinstance(verdict, Certificate), verdict
    assert verdict.method.startswith("decision diagrams")
    assert isinstance(compare_texts(text, text.replace("t q[4]", "tdg q[4]")), Undecided)
