"""Every device loads, and circuits compile to its own gates on its own couplings."""

import subprocess
import sys
from statistics import median

import openqasm3
import pytest
import qiskit.qasm2
import qiskit.qasm3
from qiskit.circuit import ControlFlowOp

from qmlc.backends.qasm.emit_openqasm import device_text
from qmlc.backends.qasm.qiskit_target import NOT_GATES
from qmlc.backends.qasm.transpile_circuit import transpile_circuit
from qmlc.ir.array import Array
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.operator import Operator
from qmlc.ops.gates import GATES
from qmlc.targets.read_dialect import read_dialect
from qmlc.targets.read_target import list_targets, read_target

TARGETS = list_targets()


def simple_circuit(feedforward):
    c = CircuitBuilder("simple")
    x = c.input("x", 3)
    w = c.parameter("w", 3, 3)
    q = c.qubits("q", 3)
    m = c.bits("m")
    for i in range(3):
        c.ry(x[i], q[i])
        c.u(*w[i], q[i])
        c.cx(q[i], q[(i + 1) % 3])
    c.cp(x[0], q[0], q[2])
    c.rzz(w[0, 0], q[0], q[1])
    if feedforward:
        c.measure(q[:1], m)
        with c.when(m, (1,)):
            c.x(q[1])
            c.cx(q[1], q[2])
    z = [Operator.pauli("Z", i) for i in range(3)]
    c.expval(Array.stack([*z, Operator.pauli("X", 1) * Operator.pauli("Y", 2)]))
    return c.build()


def operations(circuit, wires):
    """(name, qubits) of everything in a circuit, branches included."""
    for item in circuit.data:
        places = tuple(wires[circuit.find_bit(q).index] for q in item.qubits)
        if isinstance(item.operation, ControlFlowOp):
            for block in item.operation.blocks:
                yield from operations(block, places)
        else:
            yield item.operation.name, places


@pytest.mark.parametrize("name", TARGETS)
def test_device_file_is_sound(name):
    target = read_target(name)
    assert target.name == name and target.title and target.vendor and target.source
    assert set(target.basis) <= set(GATES)
    assert read_dialect(target.dialect).name == target.dialect
    if target.edges is not None:
        assert {q for edge in target.edges for q in edge} <= set(range(target.qubits))
        assert len(set(target.edges)) == len(target.edges)
        assert all(a != b for a, b in target.edges)
    if target.labels:
        assert len(set(target.labels)) == target.qubits
    assert all(value > 0 for _, value in (*target.noise, *target.price, *target.limits))
    assert bool(target.price) == bool(target.price_source)
    assert bool(target.limits) == bool(target.limits_source)


CALIBRATED = [name for name in TARGETS if read_target(name).calibration]


@pytest.mark.parametrize("name", CALIBRATED)
def test_each_qubit_and_pair_is_calibrated(name):
    target = read_target(name)
    errors = dict(target.calibration)
    assert list(map(len, errors.values())) == [target.qubits, len(target.edges), target.qubits]
    for kind, values in errors.items():
        assert all(0 < value < 1 for value in values)
        assert median(values) == pytest.approx(dict(target.noise)[kind], rel=0.01)


@pytest.mark.parametrize("name", TARGETS)
def test_only_what_the_device_has(name):
    target = read_target(name)
    circuit = simple_circuit(target.feedforward)
    names = set()
    for device in transpile_circuit(circuit, target, tries=1):
        for gate, qubits in operations(device.circuit, range(device.circuit.num_qubits)):
            assert gate in (*target.basis, *NOT_GATES, "barrier")
            if gate in target.basis and len(qubits) == 2:
                assert target.allows(*qubits)
        assert device.circuit.global_phase == 0
        text = device_text(circuit, device, "openqasm3", ())
        openqasm3.parse(text)
        names |= {parameter.name for parameter in qiskit.qasm3.loads(text).parameters}
        assert f"// target {name}" in text
    # what one measurement does not depend on is no input of its circuit
    assert len(names) == 12


@pytest.mark.parametrize("name", TARGETS)
def test_openqasm2_of_numbers(name):
    target = read_target(name)
    circuit = simple_circuit(feedforward=target.feedforward)
    values = {"x": [0.1, 0.2, 0.3], "w": [[0.1] * 3] * 3}
    device = transpile_circuit(circuit, target, values, tries=1)[0]
    loaded = qiskit.qasm2.loads(device_text(circuit, device, "openqasm2", ()))
    assert loaded.num_qubits == device.circuit.num_qubits


def test_devices_are_listed_without_qiskit():
    program = (
        "import sys, qmlc.backends.qasm; from qmlc.targets.read_target import *; "
        "[read_target(t) for t in list_targets()]; "
        "assert not {'qiskit', 'numpy', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
