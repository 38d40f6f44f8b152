"""Each row of the gate catalogue, in the engine, against Qiskit's matrix of the same gate."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from qiskit.circuit import library
from qiskit.quantum_info import Operator as QiskitOperator

from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ops.gates import ALIASES, GATES, gate_arity
from qmlc.ops.matrices import gate_matrix
from qmlc.runtime.circuit_module import CircuitModule

QISKIT = {
    "id": library.IGate, "x": library.XGate, "y": library.YGate, "z": library.ZGate,
    "h": library.HGate, "s": library.SGate, "sdg": library.SdgGate, "t": library.TGate,
    "tdg": library.TdgGate, "sx": library.SXGate, "sxdg": library.SXdgGate,
    "p": library.PhaseGate, "rx": library.RXGate, "ry": library.RYGate, "rz": library.RZGate,
    "u": library.UGate, "u2": library.U2Gate, "r": library.RGate, "prx": library.RGate,
    "swap": library.SwapGate, "iswap": library.iSwapGate, "ecr": library.ECRGate,
    "rxx": library.RXXGate, "ryy": library.RYYGate, "rzz": library.RZZGate,
    "rzx": library.RZXGate, "xx_plus_yy": library.XXPlusYYGate,
    "xx_minus_yy": library.XXMinusYYGate, "cx": library.CXGate, "cy": library.CYGate,
    "cz": library.CZGate, "ch": library.CHGate, "cs": library.CSGate, "csdg": library.CSdgGate,
    "csx": library.CSXGate, "cp": library.CPhaseGate, "crx": library.CRXGate,
    "cry": library.CRYGate, "crz": library.CRZGate, "cswap": library.CSwapGate,
    "ccx": library.CCXGate, "ccz": library.CCZGate, "cu": library.CUGate,
}  # fmt: skip
OURS_ALONE = {"gpi", "gpi2", "ms"}
"""Vendors' natives that Qiskit lacks: these are compared with `ops.matrices` instead."""


def test_every_row_has_its_reference():
    assert set(QISKIT) | OURS_ALONE == set(GATES)
    assert not set(ALIASES) & set(GATES)


def expected_matrix(name, angles):
    if name in OURS_ALONE:
        return gate_matrix(name, angles)
    return QiskitOperator(QISKIT[name](*angles)).data


@pytest.mark.parametrize("bind", ["number", "input", "parameter"])
@pytest.mark.parametrize("name", GATES)
def test_gate_equals_qiskit(name, bind):
    count, width = gate_arity(name)
    angles = [0.7, -1.3, 2.1, 0.4][:count]
    expected = expected_matrix(name, angles)
    columns = []
    for column in range(1 << width):
        c = CircuitBuilder(name)
        x, w = c.input("x", 4), c.parameter("w", 4)
        q = c.qubits("q", width)
        for bit in range(width):
            if column >> bit & 1:
                c.x(q[bit])
        source = {"number": angles, "input": x, "parameter": w}[bind]
        getattr(c, name)(*(source[i] for i in range(count)), *q)
        c.state(q)
        net = CircuitModule.from_circuit(c.build()).double()
        values = torch.tensor([*angles, *[0.0] * (4 - count)], dtype=torch.float64)
        with torch.no_grad():
            net._parameters["w"].copy_(values)
            columns.append(net(values).numpy())
    np.testing.assert_allclose(np.array(columns).T, expected, atol=1e-12)
