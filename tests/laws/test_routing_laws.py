"""Circuits on any neighbours: the same state, allowed gates alone, as few as Qiskit's or fewer."""

import itertools
from dataclasses import replace

import numpy as np
import qiskit.qasm3
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from qasm_oracles import VALUES, unitary_circuits
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator
from qiskit.transpiler import generate_preset_pass_manager

from qmlc.backends.qasm.bind_circuit import bind_circuit, bind_value
from qmlc.backends.qasm.build_qiskit import to_qiskit
from qmlc.backends.qasm.device_template import device_templates
from qmlc.backends.qasm.emit_openqasm import scalar_values
from qmlc.backends.qasm.qiskit_target import NOT_GATES, qiskit_target
from qmlc.backends.qasm.transpile_circuit import count_two_qubit_gates, transpile_circuit
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.dense import instructions_matrix
from qmlc.ops.gates import gate_arity
from qmlc.targets.read_target import Target
from qmlc.types.polynomial import Polynomial, lift

few = settings(
    max_examples=25, deadline=None, phases=[p for p in Phase if p.name not in ("shrink", "explain")]
)
BASES = (("cz", "rz", "sx", "x"), ("cx", "rx", "ry", "rz"), ("ecr", "rz", "sx", "x"), ("cz", "r"))


@st.composite
def devices(draw, least=3):
    """A device of up to 6 qubits that hang together."""
    size = draw(st.integers(least, 6))
    tree = [(draw(st.integers(0, i - 1)), i) for i in range(1, size)]
    pairs = list(itertools.combinations(range(size), 2))
    edges = tuple(dict.fromkeys([*tree, *draw(st.lists(st.sampled_from(pairs), max_size=4))]))
    return Target("any", "Any", "nobody", size, draw(st.sampled_from(BASES)), edges=edges)


PAIRS = ("rzz", "rzz", "rzz", "cz", "cx", "cp", "rxx", "ryy", "swap")
SINGLES = ("h", "rx", "rz", "ry", "t", "sx")
FUNCTIONS = ("sin", "tanh", "exp", "floor", "atan")


@st.composite
def layered_circuits(draw, functions=()):
    """Gates on pairs of three to five qubits, in layers between gates on one qubit.

    Angles are numbers and symbols, or `functions` of these.
    """
    c = CircuitBuilder("layered")
    scalars = [*c.input("x", 2), *c.parameter("w", 1, 2).items, c.input("t")]
    scalars = [Polynomial.apply(f, s) for f in functions for s in scalars] or scalars
    q = c.qubits("q", draw(st.integers(3, 5)))

    def angles(name):
        number = draw(st.floats(-3, 3)) if draw(st.booleans()) else draw(st.sampled_from(scalars))
        return [number] if gate_arity(name)[0] else []

    for _ in range(draw(st.integers(1, 3))):
        kinds = draw(st.sampled_from([PAIRS, ("rzz",), ("cz", "cp")]))
        for a, b in draw(st.lists(st.sampled_from(list(itertools.permutations(q, 2))), max_size=9)):
            name = draw(st.sampled_from(kinds))
            c.controlled("", name, *angles(name), a, b)
        for qubit in draw(st.lists(st.sampled_from(q), max_size=4)):
            name = draw(st.sampled_from(SINGLES))
            c.controlled("", name, *angles(name), qubit)
    return c.build()


def acted(device, wires):
    """The matrix of a device circuit from where qubits begin to where they end, others in |0>."""
    whole = Operator(device.circuit).data
    first, last = (
        [sum((i >> q & 1) << place for q, place in enumerate(places)) for i in range(2**wires)]
        for places in (device.layout, device.final_layout)
    )
    return whole[np.ix_(last, first)]


def up_to_phase(left, right):
    return abs(abs(np.vdot(left, right)) / len(left) - 1) < 1e-7


ANY = st.one_of(unitary_circuits(), layered_circuits(), layered_circuits(FUNCTIONS))


@few
@given(ANY, VALUES, devices(5))
def test_routed_circuits_are_the_same_matrix(circuit, values, target):
    (device,) = transpile_circuit(circuit, target, measure=False, level=2, tries=2)
    for item in device.circuit.data:
        assert item.operation.name in (*target.basis, *NOT_GATES)
        places = [device.circuit.find_bit(q).index for q in item.qubits]
        assert len(places) == 1 or target.allows(*places)
    assert device.two_qubit_gates == count_two_qubit_gates(device.circuit)
    assert device.depth == device.circuit.depth()
    names = scalar_values(circuit, values)
    bound = device.circuit.assign_parameters({p: names[p.name] for p in device.circuit.parameters})
    wanted = instructions_matrix(
        bind_circuit(circuit, values).instructions, range(circuit.num_qubits)
    )
    found = acted(replace(device, circuit=bound), circuit.num_qubits)
    assert up_to_phase(wanted, found)


@few
@given(unitary_circuits(), devices())
def test_no_more_gates_than_qiskit(circuit, target):
    (device,) = transpile_circuit(circuit, target, measure=False)
    other = generate_preset_pass_manager(
        3, target=qiskit_target(target, circuit.num_qubits), seed_transpiler=0
    ).run(to_qiskit(circuit, arithmetic_only=True))
    assert device.two_qubit_gates <= count_two_qubit_gates(other)


@few
@given(layered_circuits(), st.sampled_from(FUNCTIONS), devices(5))
def test_functions_of_symbols_cost_what_symbols_do(circuit, function, target):
    symbols = {s for i in circuit.instructions for angle in i.angles for s in lift(angle).symbols()}
    values = {s: Polynomial.apply(function, Polynomial.symbol(s.name, s.index)) for s in symbols}
    instructions = (
        replace(i, angles=tuple(bind_value(a, values) for a in i.angles))
        for i in circuit.instructions
    )
    under = replace(circuit, instructions=tuple(instructions))
    costs = set()
    for each in (circuit, under):
        (device,) = transpile_circuit(each, target, measure=False, level=2, tries=2)
        costs.add((device.two_qubit_gates, device.depth))
    assert len(costs) == 1


@few
@given(ANY, VALUES, devices(5))
def test_templates_are_the_same_matrix(circuit, values, target):
    (template,) = device_templates(circuit, target, measure=False, level=2)
    values = {name: value for name, value in values.items() if name in names_of(circuit)}
    wanted = instructions_matrix(
        bind_circuit(circuit, values).instructions, range(circuit.num_qubits)
    )
    bound = template.circuit(values)
    assert not bound.parameters
    found = acted(replace(template.device, circuit=bound), circuit.num_qubits)
    assert up_to_phase(wanted, found)
    read = QuantumCircuit(target.qubits)
    loaded = qiskit.qasm3.loads(template.text(values))
    read.compose(loaded, range(loaded.num_qubits), inplace=True)
    found = acted(replace(template.device, circuit=read), circuit.num_qubits)
    assert up_to_phase(wanted, found)


def names_of(circuit):
    return {variable.name for variable in (*circuit.inputs, *circuit.parameters)}
