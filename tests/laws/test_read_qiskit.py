"""Law: what is read of a Qiskit circuit is that circuit, global phase included."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from qasm_oracles import (
    VALUES,
    measured_circuits,
    qiskit_outcomes,
    unitary_circuits,
)
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import (
    AnnotatedOperation,
    Clbit,
    ControlModifier,
    Gate,
    InverseModifier,
    Parameter,
    ParameterVector,
    PowerModifier,
    Qubit,
)
from qiskit.circuit.classical import expr
from qiskit.circuit.library import (
    DiagonalGate,
    MCXGate,
    PauliEvolutionGate,
    PermutationGate,
    QFTGate,
    RYGate,
    UnitaryGate,
    efficient_su2,
    zz_feature_map,
)
from qiskit.circuit.library.standard_gates import get_standard_gate_name_mapping
from qiskit.quantum_info import Operator, SparsePauliOp, Statevector, random_unitary
from qiskit.synthesis import SuzukiTrotter

import qmlc
from qmlc.backends.qasm.bind_circuit import bind_circuit
from qmlc.backends.qasm.build_qiskit import to_qiskit
from qmlc.backends.qasm.emit_openqasm import scalar_values
from qmlc.backends.qasm.read_qiskit import read_qiskit
from qmlc.ir.dense import instructions_matrix
from qmlc.testing.oracle import branches

GATES = {
    name: gate
    for name, gate in get_standard_gate_name_mapping().items()
    if name not in ("measure", "reset", "delay")
}


def matrix(circuit, values=None):
    read = bind_circuit(read_qiskit(circuit), values)
    return instructions_matrix(read.instructions, range(circuit.num_qubits))


def same(circuit):
    return np.allclose(matrix(circuit), Operator(circuit).data, atol=1e-9)


@given(unitary_circuits(), VALUES)
def test_what_is_written_for_qiskit_reads_back(circuit, values):
    """The scalars that stand for array elements and function values are variables then."""
    scalars = scalar_values(circuit, values)
    written = to_qiskit(circuit)
    used = {p.name: scalars[p.name] for p in written.parameters}
    wanted = instructions_matrix(
        bind_circuit(circuit, values).instructions, range(circuit.num_qubits)
    )
    assert np.allclose(matrix(written, used), wanted, atol=1e-8)


@given(measured_circuits(), VALUES)
def test_feed_forward_reads_back(circuit, values):
    written = to_qiskit(circuit, values)
    assert outcomes(read_qiskit(written)) == pytest.approx(qiskit_outcomes(written), abs=1e-9)


def outcomes(circuit):
    table = {}
    for state, bits in branches(circuit):
        table[bits] = table.get(bits, 0.0) + np.vdot(state, state).real
    return table


@pytest.mark.parametrize("name", GATES)
def test_every_gate_of_qiskit(name):
    rng = np.random.default_rng(3)
    gate = GATES[name].base_class(*rng.uniform(-3, 3, len(GATES[name].params)))
    circuit = QuantumCircuit(max(gate.num_qubits, 1) + 2, global_phase=0.3)
    order = list(rng.permutation(circuit.num_qubits))
    circuit.append(gate, order[: gate.num_qubits])
    circuit.append(gate.control(2, ctrl_state="01", annotated=False), order[: gate.num_qubits + 2])
    circuit.append(gate.control(2, ctrl_state=2, annotated=True), order[: gate.num_qubits + 2])
    circuit.append(gate.inverse(), order[: gate.num_qubits])
    assert same(circuit)


def opaque(name):
    inner = QuantumCircuit(2, global_phase=0.4, name=name)
    inner.cx(0, 1)
    inner.rz(0.3, 1)
    return inner.to_gate()


class Bare(Gate):
    """A gate with a matrix and no definition."""

    def __init__(self):
        super().__init__("bare", 1, [])

    def __array__(self, dtype=None, copy=None):
        return np.diag([1, np.exp(0.7j)])


def evolution(labels, coefficients=None, **options):
    operator = SparsePauliOp(labels, coefficients or [0.5 + i for i in range(len(labels))])
    return PauliEvolutionGate(operator, time=0.7, **options)


UNUSUAL = {
    "a gate named like another": opaque("h"),
    "controlled by its definition": opaque("block").control(1, ctrl_state=0, annotated=False),
    "a matrix": UnitaryGate(random_unitary(4, seed=1)),
    "a controlled matrix": UnitaryGate(random_unitary(2, seed=2)).control(2, annotated=False),
    "a matrix without definition": Bare(),
    "commuting terms": evolution(["ZZI", "IZZ", "III"]),
    "a controlled evolution": evolution(["XX", "ZZ"]).control(1, annotated=False),
    "a diagonal": DiagonalGate(np.exp(1j * np.arange(4))),
    "a permutation": PermutationGate([2, 0, 1]),
    "a Fourier transform": QFTGate(3),
    "many controls": MCXGate(4, ctrl_state="0110"),
    "modifiers": AnnotatedOperation(
        RYGate(0.4),
        [InverseModifier(), ControlModifier(1, 0), PowerModifier(2), ControlModifier(2, 1)],
    ),
    "a fractional power": AnnotatedOperation(opaque("block"), [PowerModifier(0.5)]),
}  # fmt: skip


@pytest.mark.parametrize("name", UNUSUAL)
def test_what_is_no_row(name):
    gate = UNUSUAL[name]
    circuit = QuantumCircuit(5)
    circuit.h(range(5))
    circuit.append(gate, [3, 1, 4, 0, 2][: gate.num_qubits])
    assert same(circuit)


@pytest.mark.parametrize("synthesis", [None, SuzukiTrotter(2, reps=3), SuzukiTrotter(4)])
def test_a_product_formula_is_what_is_run_where_terms_do_not_commute(synthesis):
    circuit = QuantumCircuit(3)
    circuit.append(evolution(["XYI", "IZZ", "YIY", "III"], synthesis=synthesis), [2, 0, 1])
    assert same(circuit.decompose(reps=2))
    assert np.allclose(matrix(circuit), Operator(circuit.decompose(reps=2)).data)


@pytest.mark.parametrize("fresh", [True, False])
def test_prepared_states(fresh):
    circuit = QuantumCircuit(3, global_phase=0.2)
    if not fresh:
        circuit.x(range(3))
        circuit.reset(range(3))
    circuit.initialize(np.array([1, 2j, 0, -1]) / math.sqrt(6), [2, 0])
    circuit.initialize("r", [1])
    module = qmlc.from_qiskit(circuit).double()
    found = module().detach().numpy()
    wanted = Statevector.from_label("000").evolve(circuit).data
    assert np.allclose(found, wanted if fresh else np.abs(wanted) ** 2)


def test_vectors_are_arrays_and_inputs_are_chosen():
    x, w, a = ParameterVector("x", 2), ParameterVector("w", 3), Parameter("$\\alpha$")
    circuit = QuantumCircuit(2)
    circuit.ry(x[0] * w[2] / 2 - 0.1, 0)
    circuit.rx((a**2).sin() + x[1] / a, 1)
    circuit.cx(0, 1)
    module = qmlc.from_qiskit(
        circuit, [SparsePauliOp(["ZI", "XX"], [1, a]), "IZ"], inputs=[x, "$\\alpha$"]
    ).double()
    assert {n: tuple(p.shape) for n, p in module.named_parameters()} == {"w": (3,)}
    values = torch.rand(5, 2).double(), torch.rand(5).double() + 0.5
    found = module(*values)
    assert found.shape == (5, 2)
    weights = module.w.tolist()
    for row, number, point in zip(*values, found, strict=True):
        bound = circuit.assign_parameters({x: row.numpy(), a: number.item(), w[2]: weights[2]})
        state = Statevector(bound)
        operators = SparsePauliOp(["ZI", "XX"], [1, number.item()]), SparsePauliOp("IZ")
        wanted = [state.expectation_value(operator).real for operator in operators]
        assert point.tolist() == pytest.approx(wanted)
    found.sum().backward()
    assert module.w.grad.abs().sum() > 0


def test_circuits_of_qiskits_library():
    circuit = zz_feature_map(3).compose(efficient_su2(3))
    module = qmlc.from_qiskit(circuit, "ZZZ", inputs=["x"])
    assert module(torch.rand(4, 3)).shape == (4,)


X, ALPHA = ParameterVector("x", 3), Parameter("alpha")


@pytest.mark.parametrize(
    ("inputs", "names"),
    [
        (list(X), ["x"]),
        ([X], ["x"]),
        (X, ["x"]),
        (["x"], ["x"]),
        ("alpha", ["alpha"]),
        (ALPHA, ["alpha"]),
        ([ALPHA, *X], ["alpha", "x"]),
        ([X[2], "alpha", X[0], "x[1]"], ["x", "alpha"]),
        ([*X, X, "x"], ["x"]),
        ({ALPHA, *X}, {"alpha", "x"}),
    ],
)
def test_inputs_are_named_in_any_way(inputs, names):
    circuit = QuantumCircuit(1)
    for angle in (*X, ALPHA):
        circuit.rx(angle, 0)
    read = read_qiskit(circuit, inputs)
    found = [v.name for v in read.inputs]
    assert (found if isinstance(names, list) else set(found)) == names
    assert {*found, *(v.name for v in read.parameters)} == {"x", "alpha"}


def test_elements_that_the_circuit_does_not_use_need_no_name():
    circuit = QuantumCircuit(1)
    circuit.rx(X[2], 0)
    assert [v.shape for v in read_qiskit(circuit, list(circuit.parameters)).inputs] == [(3,)]


def test_some_elements_of_a_vector_are_no_inputs():
    circuit = QuantumCircuit(1)
    circuit.rx(X[0] + X[1], 0)
    with pytest.raises(qmlc.CompileError, match=r"`x\[1\]` of it is not among the inputs"):
        qmlc.from_qiskit(circuit, inputs=[X[0]])


def test_measurements_at_the_end_are_what_is_returned():
    circuit = QuantumCircuit(3, 3)
    circuit.h(0)
    circuit.cx(0, 2)
    circuit.barrier()
    circuit.measure([2, 1], [0, 2])
    module = qmlc.from_qiskit(circuit)
    assert module.circuit_ir.results[0].qubits == (2, 1)
    assert torch.allclose(module(), torch.tensor([0.5, 0.5, 0, 0]))


def test_bits_that_are_measured_anew_within_their_own_branch():
    """Qiskit reads a condition once; bits are values here."""
    circuit = QuantumCircuit(3, 2)
    circuit.h([0, 1])
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)) as otherwise:
        circuit.measure(1, 0)
        circuit.x(2)
    with otherwise:
        circuit.h(2)
        circuit.measure(2, 0)
        circuit.ry(0.3, 2)
    with circuit.if_test((0, 1)):
        circuit.ry(0.7, 2)
    circuit.measure(1, 0)
    circuit.measure(2, 1)
    read = read_qiskit(circuit)
    table = {}
    for (first, second, *_), p in outcomes(read).items():
        table[first, second] = table.get((first, second), 0) + p
    assert table == pytest.approx(qiskit_outcomes(circuit))


def branching(test, size=3):
    register = ClassicalRegister(size, "c")
    circuit = QuantumCircuit(QuantumRegister(size, "q"), QuantumRegister(1, "t"), register)
    circuit.ry(0.7, range(size))
    circuit.measure(range(size), register)
    with circuit.if_test(test(register)) as otherwise:
        circuit.x(size)
    with otherwise:
        circuit.ry(0.5, size)
    return circuit


@pytest.mark.parametrize(
    ("test", "holds"),
    [
        (lambda c: (c, 5), lambda v: v == 5),
        (lambda c: (c[1], 0), lambda v: not v & 2),
        (lambda c: expr.less(c, 3), lambda v: v < 3),
        (lambda c: expr.logic_not(expr.logic_and(c[0], c[2])), lambda v: v & 5 != 5),
        (lambda c: expr.equal(expr.bit_not(c), 2), lambda v: v == 5),
        (lambda c: expr.bit_xor(c[0], expr.bit_not(c[1])), lambda v: v & 1 == v >> 1 & 1),
        (lambda c: expr.equal(expr.shift_left(c, 1), 4), lambda v: v & 3 == 2),
        (lambda c: expr.equal(expr.add(c, 6), 1), lambda v: v == 3),
        (lambda c: expr.index(c, 2), lambda v: v >= 4),
    ],
)
def test_conditions(test, holds):
    read = read_qiskit(branching(test))
    (turned,) = [i for i in read.instructions if i.name == "x"]
    (other,) = [i for i in read.instructions if i.name == "ry" and i.qubits == (3,)]
    for value in range(8):
        asked = sum((value >> bit & 1) << i for i, bit in enumerate(turned.condition.bits))
        assert (asked in turned.condition.values) == bool(holds(value))
        assert (asked in other.condition.values) != bool(holds(value))


def test_switches_loops_and_wide_registers():
    circuit = QuantumCircuit(2, 40)
    circuit.h(0)
    circuit.measure(0, 3)
    with circuit.if_test((circuit.cregs[0], 8)):
        circuit.x(1)
    with circuit.switch(circuit.clbits[3]) as case:
        with case(0):
            circuit.ry(0.1, 1)
        with case(case.DEFAULT):
            circuit.ry(0.2, 1)
    angle = Parameter("a")
    with circuit.for_loop(range(3), angle):
        circuit.rz(2 * angle + 1, 1)
    found = read_qiskit(circuit).instructions[2:]
    assert [(i.name, i.angles, i.condition and sorted(i.condition.values)) for i in found] == [
        ("x", (), [8]), ("ry", (0.1,), [0]), ("ry", (0.2,), [1]),
        ("rz", (1,), None), ("rz", (3,), None), ("rz", (5,), None),
    ]  # fmt: skip


def test_registers_and_wires_between_them():
    shared = QuantumRegister(2, "b")
    circuit = QuantumCircuit(
        [Qubit()], shared, QuantumRegister(name="over", bits=[shared[1], shared[0]]),
        [Qubit(), Clbit()], ClassicalRegister(2, "q"), ClassicalRegister(1, "lambda"),
    )  # fmt: skip
    read = read_qiskit(circuit)
    assert read.registers == (("q", 1), ("b", 2), ("q_", 1))
    assert read.bit_registers == (("c", 1), ("q__", 2), ("lambda_", 1))


def loop():
    circuit = QuantumCircuit(1, 1)
    with circuit.while_loop((0, 0)):
        circuit.h(0)
        circuit.measure(0, 0)
    return circuit


def stored():
    circuit = QuantumCircuit(1)
    circuit.add_var("a", expr.lift(True))
    return circuit


def waiting():
    circuit = QuantumCircuit(2)
    circuit.delay(100, 1, unit="dt")
    return circuit


def named():
    circuit = QuantumCircuit(2)
    circuit.append(Gate("oracle", 2, []), [1, 0])
    return circuit


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (loop, "instruction 0 of `{name}`, `while_loop` on q[0]"),
        (stored, "`store`"),
        (waiting, "instruction 0 of `{name}`, `delay` on q[1]: the length of its `dt`"),
        (named, "`oracle` on q[1], q[0]: it has no definition and no matrix"),
    ],
)
def test_what_cannot_be_read_is_named(make, words):
    circuit = make()
    with pytest.raises(qmlc.CompileError) as raised:
        qmlc.from_qiskit(circuit)
    (found,) = raised.value.diagnostics
    assert found.code == "E0607"
    assert words.format(name=circuit.name) in found.message_text


@pytest.mark.parametrize("observables", ["ZZZ", "Q", 3, [SparsePauliOp("Z", 1j)]])
def test_observables_that_do_not_fit(observables):
    with pytest.raises(qmlc.CompileError, match="E0607"):
        qmlc.from_qiskit(QuantumCircuit(1), observables)


def test_inputs_that_are_not_there():
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("theta"), 0)
    with pytest.raises(qmlc.CompileError, match="did you mean `theta`"):
        qmlc.from_qiskit(circuit, inputs=["thet"])
