"""Each function of expressions on tensors, against the same function of numbers."""

from __future__ import annotations

import pytest
import torch

from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.operator import Operator
from qmlc.runtime.circuit_module import CircuitModule
from qmlc.types.polynomial import FUNCTIONS, Polynomial, Symbol


def arguments(name, symbols):
    try:
        FUNCTIONS[name](0.5)
    except TypeError:
        return list(symbols)
    return [symbols[0]]


@pytest.mark.parametrize("fixed", [None, 0, 1])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_of_tensors_is_that_of_numbers(name, fixed):
    c = CircuitBuilder("f")
    a, b = c.input("a"), c.input("b")
    symbols = [a, b]
    if fixed is not None:
        symbols[fixed] = 0.75
    expression = Polynomial.apply(name, *arguments(name, symbols))
    c.qubits("q")
    # the coefficient of the identity comes out as it is
    c.expval(Operator((((), expression),)))
    net = CircuitModule.from_circuit(c.build()).double()
    values = torch.tensor([0.3, 0.9], dtype=torch.float64)
    got = net(values[:, None], values).flatten()
    pairs = [(x, y) for x in values.tolist() for y in values.tolist()]
    for found, (x, y) in zip(got.expand(4), pairs, strict=True):
        known = {Symbol("a"): x, Symbol("b"): y}
        wanted = expression.substitute(known) if isinstance(expression, Polynomial) else expression
        assert found.item() == pytest.approx(float(wanted))
