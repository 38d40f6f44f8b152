"""What the dialects differ by, as text."""

import sys

import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister

from qmlc.backends.qasm.convert_angle import qiskit_parameter
from qmlc.backends.qasm.errors import NotExpressible, Unbound
from qmlc.backends.qasm.make_qir import make_qir
from qmlc.backends.qasm.print_openqasm import print_openqasm
from qmlc.targets.read_dialect import list_dialects, read_dialect


def written(circuit, name, **options):
    return print_openqasm(circuit, read_dialect(name), **options).splitlines()


def fed(value=1, size=2):
    """A branch on the first bit of `c`, and bits of a second register."""
    circuit = QuantumCircuit(
        QuantumRegister(2, "q"), ClassicalRegister(size, "c"), ClassicalRegister(1, "d")
    )
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], value)):
        circuit.rx(0.5, 1)
    circuit.measure(1, size)
    return circuit


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("openqasm3", ["if (c[0]) {", "  rx(0.5) q[1];", "}", "d[0] = measure q[1];"]),
        ("native", ["if (c[0]) {", "  rx(0.5) $1;", "}", "d[0] = measure $1;"]),
        ("braket", ["if (bits[0] == 1) {", "  rx(0.5) q[1];", "}", "bits[2] = measure q[1];"]),
        ("cirq", ["if (c[0]==1) rx(0.5) q[1];", "d[0] = measure q[1];"]),
        ("azure", ["if (c[0]) {", "  rx(0.5) q[1];", "}", "d[0] = measure q[1];"]),
        ("quantinuum", ["if (c[0]==1) U1q(0.5, 0) q[1];", "measure q[1] -> d[0];"]),
        (
            "openqasm2",
            ["if (c==1) rx(0.5) q[1];", "if (c==3) rx(0.5) q[1];", "measure q[1] -> d[0];"],
        ),
    ],
)
def test_branches(name, lines):
    text = written(fed(), name)
    assert text[-len(lines) :] == lines


def test_declarations():
    assert 'bit[3] bits = "000";' in written(fed(), "braket")
    assert {"bit[2] c;", "output bit[1] d;"} <= set(written(fed(), "azure"))
    assert {"qreg q[2];", "creg c[2];"} <= set(written(fed(), "openqasm2"))


def test_gates_of_a_device_stand_in_a_box():
    circuit = QuantumCircuit(2, 2)
    circuit.measure(0, 0)
    circuit.r(0.5, 0.25, 1)
    circuit.sx(1)
    circuit.measure(1, 1)
    assert written(circuit, "verbatim", labels=("QB1", "QB2")) == [
        "OPENQASM 3.0;",
        "bit[2] c;",
        "#pragma braket verbatim",
        "box {",
        "  prx(0.5, 0.25) $2;",
        "  rx(1.5707963267948966) $2;",
        "}",
        "c[0] = measure $1;",
        "c[1] = measure $2;",
    ]


def test_what_is_measured_is_not_used_again_in_a_box():
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    circuit.x(0)
    with pytest.raises(NotExpressible, match="measures at the end only"):
        written(circuit, "verbatim")


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("verbatim", lambda c: c.reset(0), "has no `reset`"),
        ("verbatim", lambda c: c.h(0), "has no `h`, nor gates that it is made of"),
        ("cirq", lambda c: c.delay(1e-6, 0, unit="s"), "has no `delay`"),
        ("openqasm2", lambda c: c.rx(qiskit_parameter("a"), 0), "needs numbers for `a`"),
    ],
)
def test_what_a_dialect_cannot_say(name, change, message):
    circuit = QuantumCircuit(1)
    change(circuit)
    with pytest.raises(NotExpressible, match=message) as caught:
        written(circuit, name)
    assert caught.value.proposal
    assert isinstance(caught.value, Unbound) == (name == "openqasm2")


def test_what_cannot_be_asked_for():
    with pytest.raises(NotExpressible, match="has no conditions"):
        written(fed(), "verbatim")
    with pytest.raises(NotExpressible, match="which has 9"):
        written(fed(size=9), "openqasm2")
    circuit = fed()
    with circuit.if_test((circuit.clbits[0], 1)), circuit.if_test((circuit.clbits[2], 1)):
        circuit.x(0)
    with pytest.raises(NotExpressible, match="several registers"):
        written(circuit, "openqasm2")
    with pytest.raises(NotExpressible, match="several bits at once"):
        written(circuit, "cirq")


@pytest.mark.parametrize("name", list_dialects())
def test_profiles_are_sound(name):
    dialect = read_dialect(name)
    assert dialect.title and dialect.readers and dialect.version in ("2.0", "3.0")
    assert set(dict(dialect.names)) <= set(dialect.gates)
    assert dialect.conditions in ("blocks", "bits", "registers", "")
    assert set(dialect.statements) <= {"barrier", "delay", "reset"}


def test_without_qdk_there_is_no_qir(monkeypatch):
    monkeypatch.setitem(sys.modules, "qdk", None)
    with pytest.raises(NotExpressible, match="which is not installed; pip install 'qmlc"):
        make_qir("OPENQASM 3.0;\n", "base")


def test_qir_says_what_it_lacks():
    pytest.importorskip("qdk")
    text = "\n".join(written(fed(), "azure"))
    assert "br i1" in make_qir(text, "adaptive")
    with pytest.raises(NotExpressible, match="dynamic bool"):
        make_qir(text, "base")
