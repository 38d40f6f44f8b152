"""Each entry of a dialect that looks odd is there because without it a tool errs, or refuses."""

import re
from dataclasses import replace

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, qasm3, transpile
from qiskit.circuit.library import UGate
from qiskit.quantum_info import Statevector
from run_qir import qir_text, run_qir
from vendor_tools import braket_chances, braket_state, cirq_steps, final_state

from qmlc.backends.qasm.build_qiskit import to_qiskit
from qmlc.backends.qasm.convert_angle import qiskit_parameter
from qmlc.backends.qasm.emit_openqasm import emit_openqasm
from qmlc.backends.qasm.errors import NotExpressible
from qmlc.backends.qasm.logical_forms import logical_forms
from qmlc.backends.qasm.print_openqasm import print_openqasm
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.targets.read_dialect import read_dialect
from qmlc.testing import as_circuit, assert_equivalent

LOGICAL = ("openqasm3", "braket", "cirq", "azure")
HEADER = "OPENQASM 3.0;\n"
INCLUDED = f'{HEADER}include "stdgates.inc";\n'


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


HALF = "qubit[1] q;\nrx(1/2) q[0];\n"


@pytest.mark.parametrize(
    ("module", "read", "angle"),
    [
        ("qiskit", lambda: Statevector(qasm3.loads(INCLUDED + HALF)).data, 0),
        ("braket.default_simulator", lambda: braket_state(HEADER + HALF, {}, ["q[0]"]), 0),
        ("cirq", lambda: final_state(cirq_steps(INCLUDED + HALF, {}, ["q[0]"]), 1), 0.5),
    ],
)
def test_tools_divide_whole_numbers_differently(module, read, angle):
    pytest.importorskip(module)
    assert np.allclose(read(), [np.cos(angle / 2), -1j * np.sin(angle / 2)])


def test_whole_numbers_are_never_divided():
    circuit = QuantumCircuit(1)
    circuit.rx(qiskit_parameter("a") / 2, 0)
    circuit.rx(qiskit_parameter("a") * 3 / 2, 0)
    circuit.rx(3 * qiskit_parameter("a") + 2, 0)
    for name in LOGICAL:
        text = print_openqasm(circuit, read_dialect(name)).split("rx", 1)[1]
        assert not re.findall(r"(?<![\w.\[])\d+(?![\w.\]])", text)


def test_only_qdk_gives_what_is_controlled_the_phase_of_the_specification():
    pytest.importorskip("qdk")
    body = "h q[0];\nh q[1];\nctrl @ U(0.3, 0.5, 0.7) q[0], q[1];\nh q[0];\nh q[1];\n"
    text = f"{INCLUDED}output bit[2] c;\nqubit[2] q;\n{body}"
    found = dict.fromkeys([(0, 0), (0, 1), (1, 0), (1, 1)], 0.0)
    for state, bits in run_qir(qir_text(text + "c = measure q;\n"), 2):
        found[bits] += np.vdot(state, state).real
    other = np.abs(Statevector(qasm3.loads(f"{INCLUDED}qubit[2] q;\n{body}")).data) ** 2
    assert abs(found[0, 0] - other[0]) > 0.03
    # so none is written
    circuit = QuantumCircuit(2)
    circuit.append(UGate(0.3, 0.5, 0.7).control(1, ctrl_state=0), [0, 1])
    for name in LOGICAL:
        assert "ctrl" not in print_openqasm(circuit, read_dialect(name))


def branching():
    """Two bits, of which one is 1, and a gate that depends on both."""
    circuit = QuantumCircuit(3)
    circuit.add_register(ClassicalRegister(2, "c"), ClassicalRegister(1, "d"))
    circuit.x(0)
    circuit.measure([0, 1], [0, 1])
    with circuit.if_test((circuit.cregs[0], 1)):
        circuit.x(2)
    circuit.measure(2, 2)
    return circuit


def test_qdk_reads_registers_from_the_other_end():
    """So conditions ask bit by bit."""
    pytest.importorskip("qdk")
    from qdk import openqasm

    circuit = as_circuit(branching())
    text = emit_openqasm(circuit, "azure")
    assert "c ==" not in text
    whole = (
        f"{INCLUDED}qubit[3] q;\noutput bit[2] c;\noutput bit[1] d;\nx q[0];\n"
        "c[0] = measure q[0];\nc[1] = measure q[1];\nif (c == 1) { x q[2]; }\n"
        "d[0] = measure q[2];\n"
    )
    for written, seen in ((text, "One"), (whole, "Zero")):
        ((_, (bit,)),) = openqasm.run(written, shots=1)
        assert str(bit) == seen
    assert_equivalent(circuit, whole.replace("output ", ""))


def test_azure_takes_branches_in_adaptive_profiles_alone():
    pytest.importorskip("qdk")
    text = emit_openqasm(as_circuit(branching()), "azure")
    assert "define" in qir_text(text, adaptive=True)
    with pytest.raises(Exception, match="cannot use a dynamic bool value"):
        qir_text(text)


def test_qiskit_and_cirq_ask_for_bits_in_ways_of_their_own():
    pytest.importorskip("cirq")
    qubits, circuit = ["q[0]", "q[1]", "q[2]"], asked_once()
    plain, other = read_dialect("openqasm3"), read_dialect("cirq")
    qasm3.loads(print_openqasm(circuit, plain))
    with pytest.raises(qasm3.QASM3ImporterError, match="conditions must be"):
        qasm3.loads(print_openqasm(circuit, replace(plain, one="{} == 1")))
    list(cirq_steps(print_openqasm(circuit, other), {}, qubits))
    for entry in ({"one": "{}"}, {"conditions": "blocks"}, {"version": "3"}):
        with pytest.raises(Exception, match=r"at line|version"):
            list(cirq_steps(print_openqasm(circuit, replace(other, **entry)), {}, qubits))


def asked_once():
    circuit = QuantumCircuit(3, 1)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.x(1)
    return circuit


def test_no_symbolic_phase_is_left_to_qiskit():
    """It adds them up into an expression that takes minutes to bind."""
    c = CircuitBuilder("phases")
    x, q = c.input("x", 3), c.qubits("q", 3)
    for angle in x:
        c.p(angle, q[0])
        c.cp(angle * 2, q[0], q[1])
        c.controlled("", "u", angle, x[0], 0.3, q[2])
    circuit = c.build()
    ((form, *_),) = logical_forms(circuit, False, (), False)
    sizes = []
    for each in (form.circuit, to_qiskit(circuit)):
        compiled = transpile(each, basis_gates=["rz", "sx", "cx"], optimization_level=1)
        sizes.append(len(getattr(compiled.global_phase, "parameters", ())))
    assert sizes == [0, 3]
