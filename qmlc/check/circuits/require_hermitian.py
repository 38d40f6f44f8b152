"""Operators that have to be Hermitian: observables, and what a state evolves under."""

from __future__ import annotations

from qmlc.check.errors.qubits import NotHermitian
from qmlc.check.values import fail
from qmlc.ir.operator import Operator
from qmlc.syntax import tree


def require_hermitian(at: tree.Node, operator: Operator) -> None:
    """Stop where `operator`, which stands `at`, has a coefficient that is not real."""
    if not operator.hermitian:
        fail(
            NotHermitian,
            at,
            "this operator is not Hermitian",
            "has complex coefficients",
            "observables and Hamiltonians are sums of Pauli strings with real coefficients",
        )
