"""Google's own descriptions of its devices accept what is written for them."""

from pathlib import Path

import pytest

from qmlc.backends.qasm.emit_openqasm import device_text
from qmlc.backends.qasm.transpile_circuit import transpile_circuit
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.operator import Operator
from qmlc.targets.read_target import read_target

cirq = pytest.importorskip("cirq")
cirq_google = pytest.importorskip("cirq_google", reason="cirq-google is not installed")


def ring():
    """Gates of several kinds around four qubits."""
    c = CircuitBuilder("ring")
    q = c.qubits("q", 4)
    for i in range(4):
        c.u(0.3 * i, 0.5, -0.7, q[i])
        c.cx(q[i], q[(i + 1) % 4])
    c.cp(0.4, q[0], q[2])
    c.rzz(0.6, q[1], q[3])
    c.expval(Operator.pauli("Z", 0) * Operator.pauli("X", 2))
    return c.build()


def described(specification):
    """The device of one of cirq-google's files."""
    from cirq_google.api import v2
    from google.protobuf import text_format

    folder = Path(cirq_google.__file__).parent / "devices" / "specifications"
    text = (folder / f"{specification}_device_spec_for_grid_device.proto.txt").read_text()
    proto = text_format.Parse(text, v2.device_pb2.DeviceSpecification())
    return cirq_google.GridDevice.from_proto(proto)


@pytest.mark.parametrize(
    ("name", "specification", "has_sqrt_iswap"),
    [
        ("google:willow", "willow_pink_d7v1-2024_08_16", False),
        ("google:sycamore", "weber_2021_12_10", True),
    ],
)
def test_the_device_accepts_its_file(name, specification, has_sqrt_iswap):
    from cirq.contrib.qasm_import import circuit_from_qasm

    target, device = read_target(name), described(specification)
    (made,) = transpile_circuit(ring(), target, tries=1)
    circuit = circuit_from_qasm(device_text(ring(), made, None, ()))
    places = [cirq.GridQubit(*map(int, label.split("_"))) for label in target.labels]
    circuit = circuit.transform_qubits(lambda qubit: places[int(str(qubit).split("_")[1])])
    device.validate_circuit(circuit)
    pair = next(op.qubits for op in circuit.all_operations() if len(op.qubits) == 2)
    other = cirq.Circuit((cirq.ISWAP**0.5)(*pair))
    if has_sqrt_iswap:
        device.validate_circuit(other)
    else:
        with pytest.raises(ValueError, match="not supported"):
            device.validate_circuit(other)
