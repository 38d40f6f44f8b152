"""Random circuits, and exact simulations of circuits that measure on the way."""

import numpy as np
from hypothesis import strategies as st
from qiskit.quantum_info import Operator as QiskitOperator

from qmlc.ir.array import Array
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.operator import Operator
from qmlc.ops.gates import GATES, gate_arity
from qmlc.ops.matrices import embed, gate_matrix
from qmlc.types.polynomial import Polynomial

WIDTH = 3
GATE_NAMES = sorted(name for name in GATES if gate_arity(name)[1] <= WIDTH)
NUMBERS = st.floats(-4, 4, allow_nan=False).map(lambda a: round(a, 2))
PAULIS = st.text("IXYZ", min_size=WIDTH, max_size=WIDTH)
VALUES = st.fixed_dictionaries(
    {
        "x": st.lists(NUMBERS, min_size=2, max_size=2),
        "w": st.lists(st.lists(NUMBERS, min_size=2, max_size=2), min_size=1, max_size=1),
        "t": NUMBERS,
    }
)
FUNCTIONS = ("sin", "cos", "atan", "tanh", "sigmoid", "abs", "sinh", "floor", "round", "relu")


def pauli_operator(letters, coefficient=1):
    string = tuple((i, letter) for i, letter in enumerate(letters) if letter != "I")
    return Operator(((string, coefficient),))


@st.composite
def angles(draw, scalars):
    """A number, or a polynomial of the scalars, sometimes under a function."""
    if not scalars or draw(st.booleans()):
        return draw(NUMBERS)
    a, b = draw(st.sampled_from(scalars)), draw(st.sampled_from(scalars))
    value = draw(NUMBERS) * a + draw(st.integers(-2, 2)) * a * b + draw(NUMBERS)
    if draw(st.integers(0, 3)) == 0 and isinstance(value, Polynomial):
        value = 2 * Polynomial.apply(draw(st.sampled_from(FUNCTIONS)), value) + b
    return value


@st.composite
def add_instruction(draw, c, q, scalars):
    """Add one random gate, of any kind, to the builder `c`."""
    order = draw(st.permutations(q))
    kind = draw(st.sampled_from(["gate", "gate", "rotation", "gphase", "unitary", "evolve"]))
    states = draw(st.text("01", max_size=2 if kind == "gphase" else 1))
    angle = draw(angles(scalars))
    if kind == "gate":
        count, width = gate_arity(name := draw(st.sampled_from(GATE_NAMES)))
        states = states if width < WIDTH else ""
        operands = [draw(angles(scalars)) for _ in range(count)]
        c.controlled(states, name, *operands, *order[: width + len(states)])
    elif kind == "gphase":
        c.controlled(states, "gphase", angle, *order[: len(states)])
    elif kind == "rotation":
        pauli = draw(PAULIS)[: WIDTH - len(states)]
        c.rotation(pauli, angle, *order, controls=states)
    elif kind == "unitary":
        matrix = gate_matrix("u", [draw(NUMBERS) for _ in range(3)])
        payload = tuple(tuple(complex(v) for v in row) for row in matrix)
        c.unitary(payload, *order[: 1 + len(states)], controls=states)
    else:
        terms = pauli_operator("ZZ", draw(angles(scalars))) + pauli_operator("XX", 0.5)
        c.evolve(terms + draw(NUMBERS), angle, *order[: 2 + len(states)], controls=states)


@st.composite
def unitary_circuits(draw, symbolic=True, size=6):
    """A circuit of gates on three qubits, over x[2], w[1, 2] and t."""
    c = CircuitBuilder("random")
    scalars = [*c.input("x", 2), *c.parameter("w", 1, 2).items, c.input("t")]
    q = (*c.qubits("q", 2), *c.qubits("x", 1))
    for _ in range(draw(st.integers(0, size))):
        draw(add_instruction(c, q, scalars if symbolic else []))
    return c.build()


@st.composite
def measured_circuits(draw, single=False, resets=True):
    """A circuit that measures, resets and branches on the way, and returns results.

    Branches look at all bits together, or with `single` at one; they may hold `resets`.
    """
    c = CircuitBuilder("measured")
    scalars = [*c.input("x", 2), *c.parameter("w", 1, 2).items, c.input("t")]
    q, m = c.qubits("q", WIDTH), c.bits("m", 2)
    for _ in range(draw(st.integers(1, 3))):
        draw(add_instruction(c, q, scalars))
        c.measure([draw(st.sampled_from(q))], [draw(st.sampled_from(m))])
        asked = [draw(st.sampled_from(m))] if single else m
        with c.when(asked, draw(st.sets(st.integers(0, 2 ** len(asked) - 1), min_size=1))):
            draw(add_instruction(c, q, scalars))
            if resets and draw(st.booleans()):
                c.reset(draw(st.sampled_from(q)))
    operators = [pauli_operator(draw(PAULIS), draw(NUMBERS)) + draw(NUMBERS) for _ in range(2)]
    c.expval(Array.stack([*operators, pauli_operator("ZIX", scalars[0])]))
    c.returns("variance", pauli_operator("XYI") + 0.5 * pauli_operator("IZZ"), "spread")
    c.probs(tuple(draw(st.permutations(q))[:2]))
    return c.build()


def project(state, qubit, outcome, to_zero=False):
    """`state` where `qubit` is `outcome`, and moved to |0> for a reset."""
    size = len(state).bit_length() - 1
    matrix = np.zeros((2, 2))
    matrix[0 if to_zero else outcome, outcome] = 1
    return embed(matrix.astype(complex), [qubit], size) @ state


def qiskit_outcomes(circuit):
    """Probabilities of the values of all classical bits of a Qiskit circuit, exactly."""
    used = sorted(set(_used(circuit, range(circuit.num_qubits))))
    place = {circuit.qubits[index]: i for i, index in enumerate(used)}
    bit_place = {bit: i for i, bit in enumerate(circuit.clbits)}
    start = np.zeros(2 ** len(used), dtype=complex)
    start[0] = 1
    branches = _run(circuit, place, bit_place, [(start, (0,) * len(circuit.clbits))])
    table = {}
    for state, bits in branches:
        table[bits] = table.get(bits, 0.0) + np.vdot(state, state).real
    return table


def qiskit_states(circuit):
    """The unnormalised states of all branches of a Qiskit circuit, global phase included."""
    place = {qubit: i for i, qubit in enumerate(circuit.qubits)}
    bit_place = {bit: i for i, bit in enumerate(circuit.clbits)}
    start = np.zeros(2**circuit.num_qubits, dtype=complex)
    start[0] = np.exp(1j * float(circuit.global_phase))
    branches = _run(circuit, place, bit_place, [(start, (0,) * len(circuit.clbits))])
    return [state for state, _ in branches]


def _used(circuit, wires):
    """The qubits that something acts on: branches list those that they only pass by as well."""
    for item in circuit.data:
        places = [wires[circuit.find_bit(q).index] for q in item.qubits]
        if item.operation.name == "if_else":
            for block in item.operation.blocks:
                yield from _used(block, places)
        elif item.operation.name != "barrier":
            yield from places


def _run(circuit, place, bit_place, branches):
    for item in circuit.data:
        branches = [new for b in branches for new in _qiskit_step(item, place, bit_place, *b)]
    return branches


def _qiskit_step(item, place, bit_place, state, bits):
    operation, qubits = item.operation, [place.get(q) for q in item.qubits]
    if operation.name in ("barrier", "delay"):
        return [(state, bits)]
    if operation.name in ("measure", "reset"):
        found = []
        for outcome in (0, 1):
            new = project(state, qubits[0], outcome, operation.name == "reset")
            if np.vdot(new, new).real > 1e-14:
                changed = list(bits)
                for clbit in item.clbits:
                    changed[bit_place[clbit]] = outcome
                found.append((new, tuple(changed)))
        return found
    if operation.name == "if_else":
        return _qiskit_branch(item, place, bit_place, state, bits)
    size = len(state).bit_length() - 1
    return [(embed(QiskitOperator(operation).data, qubits, size) @ state, bits)]


def _qiskit_branch(item, place, bit_place, state, bits):
    target, wanted = item.operation.condition
    if hasattr(target, "size"):
        holds = sum(bits[bit_place[b]] << i for i, b in enumerate(target)) == wanted
    else:
        holds = bits[bit_place[target]] == wanted
    block = item.operation.blocks[0 if holds else -1]
    if not holds and len([b for b in item.operation.blocks if b is not None]) < 2:
        return [(state, bits)]
    inner = {q: place.get(o) for q, o in zip(block.qubits, item.qubits, strict=True)}
    inner_bits = {b: bit_place[o] for b, o in zip(block.clbits, item.clbits, strict=True)}
    return _run(block, inner, inner_bits, [(state, bits)])


def register_outcomes(circuit, name):
    """Probabilities of the values of one classical register."""
    register = next(r for r in circuit.cregs if r.name == name)
    places = [circuit.find_bit(b).index for b in register]
    table = {}
    for bits, p in qiskit_outcomes(circuit).items():
        value = sum(bits[place] << i for i, place in enumerate(places))
        table[value] = table.get(value, 0.0) + p
    return table
