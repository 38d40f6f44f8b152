"""Each entry of a dialect that looks odd is there because without it a tool errs, or refuses."""

from dataclasses import replace

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import Statevector
from run_qir import qir_text, run_qir
from vendor_tools import braket_chances, braket_state, cirq_steps, final_state

from qmlc.backends.qasm.errors import NotExpressible
from qmlc.backends.qasm.print_openqasm import print_openqasm
from qmlc.targets.read_dialect import read_dialect


def mixed():
    """Three qubits in a state without symmetries."""
    circuit = QuantumCircuit(3)
    for q in range(3):
        circuit.ry(0.4 + 0.3 * q, q)
        circuit.rz(0.7 - 0.5 * q, q)
    return circuit


def controlled_rotation():
    circuit = mixed()
    circuit.cry(-1.3, 0, 1)
    circuit.crx(7.5, 1, 2)
    return circuit


def many_gates():
    circuit = mixed()
    circuit.ecr(0, 1)
    circuit.csx(1, 2)
    circuit.cu(0.3, 0.4, 0.5, 0.6, 0, 2)
    circuit.ryy(0.7, 0, 2)
    return circuit


def state(dialect, circuit):
    text = print_openqasm(circuit, dialect)
    match dialect.name:
        case "azure":
            return run_qir(qir_text(text), 3)[0][0]
        case "braket":
            return braket_state(text, {}, ["q[0]", "q[1]", "q[2]"])
    return final_state(cirq_steps(text, {}, ["q[0]", "q[1]", "q[2]"]), 3)


def agrees(dialect, circuit):
    return abs(abs(np.vdot(state(dialect, circuit), Statevector(circuit).data)) - 1) < 1e-8


def with_gates(name, *gates):
    dialect = read_dialect(name)
    return replace(dialect, gates=(*dialect.gates, *gates))


@pytest.mark.parametrize("circuit", [controlled_rotation(), many_gates()])
@pytest.mark.parametrize(
    ("name", "module"),
    [("azure", "qdk"), ("braket", "braket.default_simulator"), ("cirq", "cirq")],
)
def test_the_tables_as_they_are_agree(name, module, circuit):
    pytest.importorskip(module)
    assert agrees(read_dialect(name), circuit)


def test_qdk_takes_angles_of_controlled_rotations_modulo_a_turn():
    pytest.importorskip("qdk")
    assert not agrees(with_gates("azure", "crx", "cry"), controlled_rotation())


def test_qdk_has_angles_of_defined_gates_that_it_cannot_multiply():
    pytest.importorskip("qdk")
    with pytest.raises(Exception, match="cannot cast expression of type angle"):
        state(replace(read_dialect("azure"), definitions=True), controlled_rotation())


def test_qdk_swaps_control_and_target_of_csx():
    pytest.importorskip("qdk")
    assert not agrees(with_gates("azure", "csx"), many_gates())


def test_qdk_returns_no_bits_that_are_never_measured():
    pytest.importorskip("qdk")
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 1)
    circuit.measure_all()
    dialect = read_dialect("azure")
    assert "define" in qir_text(print_openqasm(circuit, dialect))
    with pytest.raises(Exception, match="Result literal in output"):
        qir_text(print_openqasm(circuit, replace(dialect, output=False)))


@pytest.mark.parametrize("gate", ["ecr", "ccz", "rzx"])
def test_cirq_lacks_gates(gate):
    pytest.importorskip("cirq")
    circuit = mixed()
    getattr(circuit, gate)(*([0.3] if gate == "rzx" else []), *range(3 if gate == "ccz" else 2))
    assert agrees(read_dialect("cirq"), circuit)
    with pytest.raises(Exception, match="Unknown gate"):
        state(with_gates("cirq", gate), circuit)


def test_braket_has_names_of_its_own():
    pytest.importorskip("braket.default_simulator")
    circuit = mixed()
    circuit.cx(0, 1)
    with pytest.raises(ValueError, match="not defined"):
        state(replace(read_dialect("braket"), names=()), circuit)


def asked():
    """Branches on a bit that was measured, and on one that nothing has written."""
    circuit = QuantumCircuit(1, 2)
    circuit.measure(0, 0)
    for bit in circuit.clbits:
        with circuit.if_test((bit, 0)):
            circuit.ry(np.pi / 2, 0)
    circuit.measure_all()
    return circuit


@pytest.mark.parametrize("entry", [{"joint": False}, {"zeros": False}, {"zero": "!{}"}])
def test_braket_wants_bits_otherwise(entry):
    pytest.importorskip("braket.default_simulator")
    dialect = read_dialect("braket")
    assert braket_chances(print_openqasm(asked(), dialect), {}, 10) == {(0, 1): 1.0}
    with pytest.raises((NameError, TypeError, ValueError)):
        braket_chances(print_openqasm(asked(), replace(dialect, **entry)), {}, 10)


def test_braket_adds_up_what_a_reset_keeps_apart():
    pytest.importorskip("braket.default_simulator")
    circuit = QuantumCircuit(2)
    circuit.ry(1.0, 0)
    circuit.ry(2.0, 1)
    circuit.ecr(1, 0)
    circuit.reset(1)
    circuit.measure_all()
    dialect = read_dialect("braket")
    with pytest.raises(NotExpressible, match="has no `reset`"):
        print_openqasm(circuit, dialect)
    text = print_openqasm(circuit, replace(dialect, statements=("barrier", "reset")))
    # one half is right, and the simulator says 0.74
    assert braket_chances(text, {}, 400)[0, 0] > 0.62


def test_whole_numbers_are_never_divided():
    """`1/2` is 0 in Braket and 0.5 in Cirq."""
    from qmlc.backends.qasm.convert_angle import qiskit_parameter

    circuit = QuantumCircuit(1)
    circuit.rx(qiskit_parameter("a") * 3 / 2, 0)
    circuit.rx(3 * qiskit_parameter("a") + 2, 0)
    for name in ("openqasm3", "braket", "cirq", "azure"):
        text = print_openqasm(circuit, read_dialect(name)).split("rx", 1)[1]
        assert not [w for w in text.replace("(", " ").replace("*", " ").split() if w.isdecimal()]
