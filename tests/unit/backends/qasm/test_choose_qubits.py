"""Where circuits are laid on devices whose errors are known."""

import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit

from qmlc.backends.qasm.errors import TooFewQubits
from qmlc.backends.qasm.estimate_success import estimate_success
from qmlc.backends.qasm.transpile_circuit import transpile_circuit
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.operator import Operator
from qmlc.output.estimate_price import estimate_price
from qmlc.targets.exceeded_limit import exceeded_limit
from qmlc.targets.read_target import read_target

TORINO = read_target("ibm:torino")


def chain(length):
    """A circuit whose gates lie on a line of qubits."""
    c = CircuitBuilder("chain")
    w = c.parameter("w", length)
    q = c.qubits("q", length)
    for i in range(length):
        c.ry(w[i], q[i])
    for i in range(length - 1):
        c.cx(q[i], q[i + 1])
    c.expval(Operator.pauli("Z", length - 1))
    return c.build()


def by_hand(device):
    """The product over gates and measurements, from the tables of the file."""
    tables, target = dict(device.target.calibration), device.target
    pairs = {frozenset(e): x for e, x in zip(target.edges, tables["two_qubit_error"], strict=True)}
    product = 1
    for item in device.circuit.data:
        qubits = [device.circuit.find_bit(q).index for q in item.qubits]
        if item.name == "measure":
            product *= 1 - tables["readout_error"][qubits[0]]
        elif len(qubits) == 2:
            product *= 1 - pairs[frozenset(qubits)]
        elif item.name not in target.virtual:
            product *= 1 - tables["one_qubit_error"][qubits[0]]
    return product


@pytest.mark.parametrize("name", ["ibm:torino", "ibm:brisbane", "google:willow", "iqm:garnet"])
@pytest.mark.parametrize("level", [0, 2])
def test_success_is_the_product_of_what_succeeds(name, level):
    (device,) = transpile_circuit(chain(4), read_target(name), level=level, tries=1)
    assert device.success == pytest.approx(by_hand(device))
    medians = replace(device.target, calibration=())
    assert estimate_success(device.circuit, medians) != pytest.approx(device.success)


@given(st.data())
def test_no_other_place_is_better(data):
    """Of all three neighbours of a device with errors of its own, the best are found."""
    edges = read_target("iqm:garnet").edges
    error = st.floats(0.001, 0.2)
    one, two, read = (
        tuple(data.draw(st.lists(error, min_size=n, max_size=n))) for n in (20, len(edges), 20)
    )
    target = replace(
        TORINO,
        qubits=20,
        edges=edges,
        calibration=(("one_qubit_error", one), ("two_qubit_error", two), ("readout_error", read)),
    )
    (device,) = transpile_circuit(chain(2), target, level=2, tries=1)
    counts = {q: [0, 0] for q in device.layout}
    for item in device.circuit.data:
        if item.name in ("sx", "x", "measure"):
            place = device.circuit.find_bit(item.qubits[0]).index
            counts[place][item.name == "measure"] += 1
    gates = [counts[q] for q in device.layout]

    def success(places):
        found = (1 - two[edges.index(tuple(sorted(places)))]) ** device.two_qubit_gates
        for place, (singles, measured) in zip(places, gates, strict=True):
            found *= (1 - one[place]) ** singles * (1 - read[place]) ** measured
        return found

    best = max(success(p) for edge in edges for p in itertools.permutations(edge))
    assert math.isclose(device.success, best)


def test_what_does_not_work_is_not_used():
    """Four qubits of the snapshot have no neighbour."""
    for level in (0, 2):
        (device,) = transpile_circuit(chain(25), TORINO, level=level, tries=1)
        used = {device.circuit.find_bit(q).index for i in device.circuit.data for q in i.qubits}
        assert not used & {19, 58, 86, 97}
    with pytest.raises(TooFewQubits, match="needs 130 qubits and ibm:torino has 129"):
        transpile_circuit(chain(130), TORINO)


def test_the_worse_block_of_a_branch_counts():
    circuit = QuantumCircuit(3, 1)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)) as otherwise:
        circuit.x(1)
    with otherwise:
        circuit.cz(1, 2)
    tables = dict(TORINO.calibration)
    wanted = (1 - tables["readout_error"][0]) * (
        1 - tables["two_qubit_error"][TORINO.edges.index((1, 2))]
    )
    assert estimate_success(circuit, TORINO) == pytest.approx(wanted)
    assert estimate_success(circuit, read_target("google:sycamore")) is None


def test_prices_are_the_vendors_formulas():
    (device,) = transpile_circuit(chain(3), read_target("quantinuum:h1"), level=0)
    names = device.circuit.count_ops()
    one = sum(n for name, n in names.items() if name in ("rx", "ry", "rz"))
    credits = 5 + 100 * (one + 10 * names["rzz"] + 5 * (3 + names["measure"])) / 5000
    assert estimate_price([device], 100) == pytest.approx(credits)
    (device,) = transpile_circuit(chain(3), read_target("ionq:forte"), level=0)
    assert estimate_price([device, device], 100) == pytest.approx(2 * (0.3 + 100 * 0.08))
    (device,) = transpile_circuit(chain(3), read_target("azure:rigetti_ankaa_3"), level=0)
    assert estimate_price([device], 100) is None


def test_limits():
    assert exceeded_limit(TORINO, 100_000) == ""
    assert "100,000 times" in exceeded_limit(TORINO, 100_001)
    assert "101 circuits with 100,000 shots are 10,100,000" in exceeded_limit(TORINO, 100_000, 101)
    assert exceeded_limit(read_target("simulator"), 10**9, 10**6) == ""
