"""What gates cost on devices whose qubits are not all connected."""

import itertools

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import Operator

from qmlc.backends.qasm.routing.collect_blocks import collect_blocks
from qmlc.backends.qasm.routing.embed_wires import embed_wires
from qmlc.backends.qasm.routing.find_routes import find_route
from qmlc.backends.qasm.routing.merge_singles import GateWriter, merge_singles
from qmlc.backends.qasm.routing.places import read_places
from qmlc.backends.qasm.routing.route_circuit import route_circuit, unroll
from qmlc.backends.qasm.routing.route_segments import route_segments
from qmlc.backends.qasm.routing.weave_phases import plan_weave, write_weave
from qmlc.backends.qasm.routing.write_blocks import write_block
from qmlc.targets.read_target import read_target

TORINO = read_target("ibm:torino")
HEXAGONS = read_places(TORINO.qubits, TORINO.edges)
A, B, C = (Parameter(name) for name in "abc")
NUMBERS = {A: 0.3, B: -1.1, C: 2.2}
LINE = read_places(6, tuple((i, i + 1) for i in range(5)))


def pair(*gates):
    """A circuit on two qubits of (name, angles, qubits)."""
    circuit = QuantumCircuit(2)
    for name, angles, qubits in gates:
        getattr(circuit, name)(*angles, *qubits)
    return circuit


def matrix(circuit):
    used = {p: v for p, v in NUMBERS.items() if p in circuit.parameters}
    return Operator(circuit.assign_parameters(used)).data


def same(left, right):
    return abs(abs(np.vdot(left, right)) / len(left) - 1) < 1e-9


ONE = (0, 1)
BLOCKS = [
    (pair(("cx", (), ONE)), 1, 2),
    (pair(("rzz", (A,), ONE)), 2, 3),
    (pair(("cp", (0.3,), ONE)), 2, 3),
    (pair(("cx", (), ONE), ("p", (A,), (1,)), ("cx", (), ONE)), 2, 3),
    (pair(("rxx", (A,), ONE), ("ryy", (B,), ONE), ("rzz", (C,), ONE)), 3, 3),
    (pair(("rzz", (A,), ONE), ("h", (), (0,)), ("cx", (), (1, 0))), 2, 3),
    (pair(("cx", (), ONE), ("rx", (A,), (0,)), ("ry", (B,), (1,)), ("cx", (), (1, 0))), 2, 3),
    (pair(("cx", (), ONE), ("u", (0.1, 0.2, 0.3), (0,)), ("cx", (), ONE)), 2, 3),
    (pair(("cx", (), ONE), ("cx", (), (1, 0))), 2, 1),
]


@pytest.mark.parametrize("exchange", [False, True])
@pytest.mark.parametrize(("circuit", "alone", "merged"), BLOCKS)
def test_block(circuit, alone, merged, exchange):
    (block,) = collect_blocks(unroll(circuit)).blocks
    assert (block.cost, block.cost + block.merged) == (alone, merged)
    gates = []
    write_block(block, 0, 1, exchange, gates.append)
    written = QuantumCircuit(2)
    merge_singles(gates, GateWriter(written))
    assert written.count_ops().get("cz", 0) == (merged if exchange else alone)
    wanted = circuit.copy()
    if exchange:
        wanted.swap(0, 1)
    assert same(matrix(written), matrix(wanted))


def complete(count):
    circuit = QuantumCircuit(count)
    circuit.rx(A, range(count))
    for i, j in itertools.combinations(range(count), 2):
        circuit.rzz(B * (i + j), i, j)
    circuit.rx(C, range(count))
    return circuit


def fourier(count):
    circuit = QuantumCircuit(count)
    for i in reversed(range(count)):
        circuit.h(i)
        for j in range(i):
            circuit.cp(A * 2 ** (j - i), j, i)
    return circuit


@pytest.mark.parametrize(("make", "gates", "depth"), [(complete, 30, 20), (fourier, 45, 30)])
def test_weave(make, gates, depth):
    network = collect_blocks(make(6))
    weave = plan_weave(network, LINE)
    assert weave.gates <= gates and weave.depth <= depth
    written = QuantumCircuit(6)
    merge_singles(write_weave(network, weave), GateWriter(written))
    assert written.count_ops()["cz"] == weave.gates
    wanted = make(6)
    # each wire from where it begins, and back from where it ends
    first, last = QuantumCircuit(6), QuantumCircuit(6)
    first.append(permutation(weave.start), range(6))
    last.append(permutation(weave.end).inverse(), range(6))
    assert same(matrix(first.compose(written).compose(last)), matrix(wanted))


def permutation(places):
    circuit = QuantumCircuit(len(places))
    places = list(places)
    for i in range(len(places)):
        while places[i] != i:
            j = places[i]
            circuit.swap(i, j)
            places[i], places[j] = places[j], places[i]
    return circuit.to_gate()


def test_weave_is_not_for_other_gates():
    circuit = QuantumCircuit(3)
    circuit.cx(0, 1)
    assert plan_weave(collect_blocks(circuit), LINE) is None


def test_the_same_call_has_the_same_result():
    network = collect_blocks(complete(5))
    assert find_route(network, LINE, 4, 2, 7) == find_route(network, LINE, 4, 2, 7)


def test_exchanges_of_the_circuit_are_not_carried_out():
    circuit = QuantumCircuit(6)
    circuit.cx(0, 5)
    circuit.swap(0, 3)
    circuit.swap(3, 4)
    routed = route_circuit([circuit], LINE, 4, 0)
    assert routed.two_qubit_gates == 1
    assert sorted(routed.final_layout) == list(range(6))


def test_what_is_no_gate_is_left_to_others():
    circuit = QuantumCircuit(2, 1)
    circuit.measure(0, 0)
    circuit.x(0)
    assert route_circuit([circuit], LINE, 1, 0) is None


@pytest.mark.parametrize(
    "edges",
    [
        [(i, i + 1) for i in range(19)],
        [(i, (i + 1) % 12) for i in range(12)],
        [(0, i) for i in (1, 2, 3)] + [(1, 4), (4, 5), (2, 6)],
    ],
)
def test_what_fits_is_put_where_it_fits(edges):
    circuit = QuantumCircuit(20)
    for edge in edges:
        circuit.cx(*edge)
    network = collect_blocks(unroll(circuit))
    route = find_route(network, HEXAGONS, 1, 1, 0)
    assert route.cost == 0 and route.start == route.end
    assert all(HEXAGONS.distances[route.start[a], route.start[b]] == 1 for a, b in edges)


def test_what_fits_nowhere_is_not_put_anywhere():
    circuit = QuantumCircuit(3)
    for edge in ((0, 1), (1, 2), (2, 0)):
        circuit.rzz(0.3, *edge)
    assert embed_wires(collect_blocks(circuit), HEXAGONS) is None


def test_gates_stay_on_their_side_of_a_barrier():
    circuit = QuantumCircuit(4, 1)
    circuit.cz(0, 1)
    circuit.barrier(0, 1)
    circuit.cz(0, 1)
    for other in (1, 2, 3):
        circuit.cx(0, other)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.sxdg(2)
    circuit.reset(0)
    circuit.cx(0, 3)
    routed = route_segments(circuit, LINE, 4, 0)
    names = [item.operation.name for item in routed.circuit.data]
    first, barrier, *_ = [i for i, name in enumerate(names) if name in ("cz", "barrier")]
    assert names[barrier] == "barrier" and "measure" in names and "reset" in names
    assert {*routed.circuit.data[first].qubits} == {*routed.circuit.data[barrier].qubits}
    assert routed.two_qubit_gates == names.count("cz")
    (branch,) = [i.operation for i in routed.circuit.data if i.operation.name == "if_else"]
    assert {i.operation.name for i in branch.blocks[0].data} <= {"rz", "sx"}


def test_branches_on_several_qubits_are_not_routed():
    circuit = QuantumCircuit(2, 1)
    with circuit.if_test((0, 1)):
        circuit.cx(0, 1)
    assert route_segments(circuit, LINE, 1, 0) is None


def test_what_is_measured_last_stays_last():
    """Some vendors take measurements at the end only."""
    circuit = QuantumCircuit(3, 1)
    circuit.measure(0, 0)
    circuit.barrier(1, 2)
    circuit.cz(1, 2)
    routed = route_segments(circuit, LINE, 1, 0)
    names = [item.operation.name for item in routed.circuit.data]
    assert names[0] == "barrier" and names[-1] == "measure" and names.count("cz") == 1


def test_turns_about_z_pass_cz_and_leave_zeros_alone():
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.rz(A, 0)
    circuit.cz(0, 1)
    circuit.rz(B, 0)
    circuit.measure([0, 1], [0, 1])
    routed = route_circuit([circuit], LINE, 1, 0)
    assert [item.operation.name for item in routed.circuit.data][:3] == ["sx", "cz", "rz"]
    kept = route_circuit([circuit.remove_final_measurements(inplace=False)], LINE, 1, 0)
    assert [item.operation.name for item in kept.circuit.data].count("rz") == 2
