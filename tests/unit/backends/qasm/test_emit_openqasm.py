import os
import subprocess
import sys

import numpy as np
import openqasm3
import pytest
import qiskit.qasm3
import torch
from qiskit.quantum_info import Operator as Matrix
from qiskit.quantum_info import Statevector

from qmlc.backends.qasm.build_qiskit import to_qiskit
from qmlc.backends.qasm.emit_openqasm import emit_device_program, emit_openqasm, scalar_values
from qmlc.backends.qasm.errors import (
    NeedsMethod,
    NeedsState,
    NotExpressible,
    TooFewQubits,
    Unbound,
)
from qmlc.backends.qasm.measurement_circuits import measurement_circuits
from qmlc.backends.qasm.plan_measurement import expectation_from_counts, plan_measurement
from qmlc.backends.qasm.transpile_circuit import transpile_circuit
from qmlc.ir.array import Array
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.operator import Operator
from qmlc.targets.read_target import read_target
from qmlc.types.polynomial import Polynomial

X, Y, Z = (lambda q, p=p: Operator.pauli(p, q) for p in "XYZ")


def example():
    c = CircuitBuilder("example")
    x, w, t = c.input("x", 2), c.parameter("w", 1, 2, 3), c.input("t")
    q = c.qubits("h", 2)
    c.ry(x[0] * 2, q[0])
    c.p(t, q[0])
    c.u(w[0, 0, 0], w[0, 0, 1], Polynomial.apply("floor", w[0, 1, 2]), q[1])
    c.cx(*q)
    c.expval(Array.stack([Z(0), X(0) * X(1), 2 * Z(1) + 1]))
    return c.build()


VALUES = {"x": [0.1, 0.2], "w": np.arange(6).reshape(1, 2, 3) / 7, "t": torch.tensor(0.5)}


def test_text():
    assert emit_openqasm(example(), comments=["from é.hqm\nwith\tlines"]) == (
        "OPENQASM 3.0;\n"
        "// circuit example\n"
        "// from \\xe9.hqm\n"
        "// with\tlines\n"
        "// x_0 is x[0]\n"
        "// t_ is t\n"
        "// w_0_0_0 to w_0_0_1 are w[0, 0, 0] to w[0, 0, 1]\n"
        "// value_0 is floor(w[0, 1, 2])\n"
        'include "stdgates.inc";\n'
        "input float[64] x_0;\n"
        "input float[64] t_;\n"
        "input float[64] w_0_0_0;\n"
        "input float[64] w_0_0_1;\n"
        "input float[64] value_0;\n"
        "gate u(angle0, angle1, angle2) a {\n"
        "  p(angle2) a;\n"
        "  ry(angle0) a;\n"
        "  p(angle1) a;\n"
        "}\n"
        "qubit[2] h_;\n"
        "ry(2.0*x_0) h_[0];\n"
        "p(t_) h_[0];\n"
        "u(w_0_0_0, w_0_0_1, value_0) h_[1];\n"
        "cx h_[0], h_[1];\n"
    )


def test_registers_keep_their_names_in_qiskit():
    assert [r.name for r in to_qiskit(example()).qregs] == ["h"]


def test_values_may_be_lists_arrays_and_tensors():
    names = scalar_values(example(), VALUES)
    assert names["t_"] == 0.5 and names["w_0_1_0"] == 3 / 7 and names["value_0"] == 0
    assert not to_qiskit(example(), VALUES).parameters
    assert {p.name for p in to_qiskit(example(), {"w": VALUES["w"]}).parameters} == {"x_0", "t_"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"y": 1}, "no input or parameter `y`"),
        ({"x": 1.0}, "`x` has another shape: a number where 2 should be"),
        ({"x": [1, 2, 3]}, "`x` has another shape: 3 elements where 2 should be"),
        ({"t": [1]}, "`t` has another shape"),
        ({"t": float("nan")}, "must be a real number"),
    ],
)
def test_wrong_values(values, message):
    with pytest.raises(ValueError, match=message):
        to_qiskit(example(), values)


def test_scalars_of_one_name_are_told_apart():
    c = CircuitBuilder("clash")
    a, b, pi = c.input("x", 1), c.input("x_0"), c.input("pi")
    q = c.qubits("q")
    c.rx(a[0], q[0])
    c.ry(b, q[0])
    c.rz(pi, q[0])
    circuit = c.build()
    assert set(scalar_values(circuit, {"x": [1], "x_0": 2, "pi": 3})) == {"x_0", "x_0_", "pi_"}
    assert len(qiskit.qasm3.loads(emit_openqasm(circuit)).parameters) == 3


def test_openqasm2_lists_what_is_missing():
    with pytest.raises(Unbound, match="OpenQASM 2 needs numbers for `x_0`, `t_`"):
        emit_openqasm(example(), "openqasm2", {"w": VALUES["w"]})


def test_evolution_without_method():
    c = CircuitBuilder("quench")
    q = c.qubits("q", 2)
    c.evolve(Z(0) * Z(1) + X(0), 1.0, *q)
    with pytest.raises(NeedsMethod, match=r"method=trotter\(steps=...\)"):
        to_qiskit(c.build())


def test_preparation():
    c = CircuitBuilder("prepared")
    amplitudes = c.input("a", 4)
    q = c.qubits("q", 3)
    c.x(q[1])
    c.prepare(amplitudes, q[2], q[0])
    circuit = c.build()
    state = Statevector(to_qiskit(circuit, {"a": [3, 0, -4, 0]})).data
    assert np.allclose(state, [0, 0, 0.6, -0.8, 0, 0, 0, 0])
    text = emit_openqasm(circuit, values={"a": [3, 0, -4, 0]})
    assert np.allclose(Statevector(qiskit.qasm3.loads(text)).data, state)
    with pytest.raises(Unbound, match=r"amplitudes needs numbers for `a\[0\]`"):
        to_qiskit(circuit)


def test_state_is_not_measured():
    c = CircuitBuilder("whole")
    c.state(c.qubits("q", 2))
    with pytest.raises(NeedsState, match="`state` cannot be measured on a device"):
        measurement_circuits(c.build())


def test_commuting_strings_share_a_group():
    c = CircuitBuilder("groups")
    q = c.qubits("q", 3)
    c.expval(Array.stack([Z(0), Z(1) * X(2), X(0) * Z(1), Z(0) * Z(1), X(0)]))
    c.probs(q[:2])
    plan = plan_measurement(c.build())
    assert [g.basis for g in plan.groups] == [
        ((0, "Z"), (1, "Z"), (2, "X")),
        ((0, "X"), (1, "Z")),
    ]


def test_counts_become_results():
    c = CircuitBuilder("counted")
    t = c.input("t")
    q = c.qubits("q", 2)
    c.expval(Operator(((((0, "Z"),), t), (((0, "Z"), (1, "Z")), 1), ((), 3))))
    c.probs((q[1], q[0]), "p")
    circuit = c.build()
    mean, table = expectation_from_counts(circuit, [{"01": 75, "10": 25}], {"t": 2})
    assert mean == pytest.approx(2 * (-0.5) - 1 + 3)
    assert table == pytest.approx([0, 0.25, 0.75, 0])
    with pytest.raises(Unbound, match="an observable needs numbers for `t`"):
        expectation_from_counts(circuit, [{0: 1}])
    with pytest.raises(ValueError, match="there are no counts"):
        expectation_from_counts(circuit, [{}], {"t": 2})


def conditional(registers, values):
    c = CircuitBuilder("conditional")
    q = c.qubits("q", 2)
    bits = tuple(b for name, size in registers for b in c.bits(name, size))
    c.h(q[0])
    for bit in bits:
        c.measure(q[:1], [bit])
    with c.when(bits, values):
        c.x(q[1])
    return c.build()


def test_conditions_are_asked_bit_by_bit():
    text = emit_openqasm(conditional([("m", 1), ("c", 2)], (5, 7)))
    assert "if (m[0]) {\n  if (c[1]) {\n    x q[1];\n  }\n}\n" in text
    openqasm3.parse(text)


def test_conditions_in_openqasm2():
    text = emit_openqasm(conditional([("c", 2)], (1, 2)), "openqasm2")
    assert "if (c==1) x q[1];\nif (c==2) x q[1];\n" in text
    with pytest.raises(NotExpressible, match="several registers"):
        emit_openqasm(conditional([("m", 1), ("c", 1)], (3,)), "openqasm2")


def test_delay():
    c = CircuitBuilder("waits")
    c.delay(1.5e-7, *c.qubits("q", 2))
    assert "delay[1.5e-07s] q[0];" in emit_openqasm(c.build())
    qiskit.qasm3.loads(emit_openqasm(c.build()))
    with pytest.raises(NotExpressible, match="OpenQASM 2 has no `delay`"):
        emit_openqasm(c.build(), "openqasm2")


def test_devices_refuse_what_they_cannot_run():
    c = CircuitBuilder("wide")
    c.h(c.qubits("q", 26)[0])
    with pytest.raises(TooFewQubits, match="`wide` needs 26 qubits and ionq:aria has 25"):
        emit_openqasm(c.build(), target=read_target("ionq:aria"))
    with pytest.raises(NotExpressible, match="IQM Garnet cannot make gates depend"):
        transpile_circuit(conditional([("c", 1)], (1,)), read_target("iqm:garnet"))


def test_device_program():
    program = emit_device_program(example(), read_target("ibm:torino"), comments=["from e.hqm"])
    assert len(program.texts) == len(program.plan.groups) == 2
    first, device = program.texts[0], program.circuits[0]
    basis = "Z of h[0], Z of h[1] (the last 2 bits, in this order)"
    assert f"// from e.hqm\n// measurement 1 of 2: {basis}\n" in first
    assert f"// layout h[0] on {device.layout[0]}, h[1] on {device.layout[1]}\n" in first
    assert device.two_qubit_gates == 1 and "gphase" not in first
    assert f"= measure ${device.final_layout[0]};" in first


def test_branches_do_not_scatter_qubits():
    c = CircuitBuilder("branches")
    q, m = c.qubits("q", 3), c.bits("m")
    c.h(q[0])
    c.measure(q[:1], m)
    with c.when(m, (1,)):
        c.ccz(*q)
    (device,) = transpile_circuit(c.build(), read_target("ibm:torino"), tries=1)
    assert device.two_qubit_gates <= 12


def test_symbolic_rotations_add_up():
    c = CircuitBuilder("sums")
    x = c.input("x", 3)
    q = c.qubits("q")
    for i in range(3):
        c.p(x[i], q[0])
        c.rz(0.25, q[0])
    (device,) = transpile_circuit(c.build(), read_target("ibm:torino"), tries=1)
    assert device.circuit.count_ops() == {"rz": 1}


def test_same_bytes_in_every_process():
    program = (
        "from test_emit_openqasm import *;"
        "print(emit_openqasm(example(), target=read_target('ibm:torino')));"
        "print(emit_openqasm(example()))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            cwd=os.path.dirname(__file__),
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1


def test_sums_of_functions_do_not_vanish():
    c = CircuitBuilder("even")
    x = c.input("x")
    c.rx(Polynomial.apply("cos", x) + Polynomial.apply("cos", -x), c.qubits("q")[0])
    circuit = c.build()
    assert [p.name for p in to_qiskit(circuit).parameters] == ["value_0", "value_1"]
    assert scalar_values(circuit, {"x": 0.0}, arithmetic_only=False) == {
        "x_": 0.0,
        "value_0": 1.0,
        "value_1": 1.0,
    }


def test_functions_of_inputs_in_qiskit():
    c = CircuitBuilder("functions")
    x = c.input("x")
    q = c.qubits("q")
    functions = ("sin", "cos", "tan", "exp", "asin", "acos", "atan", "abs", "sign", "sqrt", "log")
    more = ("sinh", "cosh", "tanh", "sigmoid", "relu")
    for name in (*functions, *more):
        c.rx(Polynomial.apply(name, x), q[0])
        c.rz(Polynomial.apply("maximum", x, 0.3) ** 2 + x / (1 + x), q[0])
        c.rz(x**-1, q[0])
    circuit = c.build()
    built = to_qiskit(circuit)
    assert [p.name for p in built.parameters] == ["x_"]
    bound = built.assign_parameters({p: 0.7 for p in built.parameters})
    assert np.allclose(Matrix(bound).data, Matrix(to_qiskit(circuit, {"x": 0.7})).data)
