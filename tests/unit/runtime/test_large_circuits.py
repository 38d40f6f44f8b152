"""Circuits too wide for tables take other ways, which yield the same."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import qmlc.runtime.plan_results as plan_results
import qmlc.runtime.plan_steps as plan_steps
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.operator import Operator
from qmlc.runtime.circuit_module import CircuitModule
from qmlc.runtime.walsh import walsh_transform
from qmlc.testing.strategies import circuits


def test_walsh_transform_is_the_table_of_signs():
    values = torch.randn(8, 3, dtype=torch.float64)
    table = torch.tensor([[(-1.0) ** (j & k).bit_count() for j in range(8)] for k in range(8)])
    torch.testing.assert_close(walsh_transform(values), table.double() @ values)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(circuits(kinds=("expval", "variance", "probs")), st.integers(0, 99))
def test_without_tables_the_results_are_the_same(circuit, seed):
    torch.manual_seed(seed)
    module = CircuitModule.from_circuit(circuit).double()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan_steps, "MAX_TABLE", 0)
        patch.setattr(plan_results, "MAX_TABLE", 0)
        other = CircuitModule.from_circuit(circuit).double()
    other.load_state_dict(module.state_dict())
    x = torch.randn(3, 2, dtype=torch.float64)
    for one, two in zip(module(x), other(x), strict=True):
        torch.testing.assert_close(one, two)


def test_wide_chains_are_exact():
    n = 16
    c = CircuitBuilder("ghz")
    theta = c.parameter("theta")
    q = c.qubits("q", n)
    c.h(q[0])
    for i in range(n - 1):
        c.cx(q[i], q[i + 1])
    for i in range(n):
        c.rz(theta, q[i])
    string = Operator((((), 1),))
    for i in range(n):
        string = string * Operator.pauli("X", i)
    c.expval(string)
    net = CircuitModule.from_circuit(c.build()).double()
    with torch.no_grad():
        net.theta.fill_(0.1)
    torch.testing.assert_close(net(), torch.cos(net.theta * n))


def test_evolution_of_many_qubits_needs_a_method():
    c = CircuitBuilder("wide")
    q = c.qubits("q", 12)
    h = sum((Operator.pauli("Z", i) * Operator.pauli("Z", i + 1) for i in range(11)), Operator(()))
    c.evolve(h + sum((Operator.pauli("X", i) for i in range(12)), Operator(())), 0.3, *q)
    c.expval(Operator.pauli("Z", 0))
    with pytest.raises(ValueError, match=r"on 12 qubits is out of reach \(at most 10\)"):
        CircuitModule.from_circuit(c.build())
