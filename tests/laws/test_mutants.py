"""Texts that were tampered with are refused if and only if they do something else."""

import re
from dataclasses import replace

import numpy as np
import qiskit.qasm2
import qiskit.qasm3
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from qasm_oracles import VALUES, measured_circuits, qiskit_states, unitary_circuits
from qiskit.quantum_info import Operator

from qmlc.backends.qasm.bind_circuit import bind_circuit
from qmlc.backends.qasm.emit_openqasm import emit_device_program, emit_openqasm
from qmlc.ir.circuit import Instruction, Result
from qmlc.targets.read_target import read_target
from qmlc.testing.oracle import simulate
from qmlc.verify.certify import certify_program, certify_text
from qmlc.verify.verdict import Certificate, Difference

few = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[p for p in Phase if p.name not in ("shrink", "explain")],
)
CALL = re.compile(r"^\s*[a-z]\w*(\(.*\))? [a-z]\w*(\[\d+\])?(, [a-z]\w*(\[\d+\])?)*;$")
SMALL, LARGE = 1e-7, 1e-3
"""What the verdict must call equal, and what it must not."""


def drop(line):
    return ""


def turn_back(line):
    """The other sign for the first angle."""
    return re.sub(r"\(([^(),]+)([,)])", r"(-1.0*(\1)\2", line, count=1)


def turn_further(line):
    """A whole turn more, which controlled rotations see."""
    return re.sub(r"\(([^(),]+)([,)])", r"(6.283185307179586+\1\2", line, count=1)


def exchange(line):
    """The last two operands the other way round."""
    return re.sub(r"(\w+(?:\[\d+\])?), (\w+(?:\[\d+\])?);$", r"\2, \1;", line)


def other_gate(line):
    names = {"s": "sdg", "sdg": "s", "t": "tdg", "h": "x", "cx": "cz", "rz": "rx", "crz": "cry"}
    return re.sub(r"^(\s*)(\w+)", lambda m: m[1] + names.get(m[2], m[2]), line)


def other_place(line):
    return line.replace("q[0]", "q[7]").replace("q[1]", "q[0]").replace("q[7]", "q[1]")


def other_bit(line):
    return line.replace("m[0]", "m[7]").replace("m[1]", "m[0]").replace("m[7]", "m[1]")


def halve(line):
    """Half of the first angle, in whole numbers: none of it."""
    return re.sub(r"\(([^(),]+)([,)])", r"(1/2*(\1)\2", line, count=1)


def unconditional(line):
    return re.sub(r"^if \(\w+==\d+\) ", "", line)


def other_end(line):
    """The value that a register has where its first bit is taken for the last one."""
    return re.sub(r"==([12])\)", lambda m: f"=={3 - int(m[1])})", line)


ON_MEASUREMENTS = [other_bit, unconditional, other_end]
CHANGES = [drop, turn_back, turn_further, exchange, other_gate, other_place]


@st.composite
def mutants(draw, text, changes):
    """`text` with one line changed."""
    change = draw(st.sampled_from(changes))
    lines = text.splitlines()
    places = [i for i, line in enumerate(lines) if CALL.match(line) or change in ON_MEASUREMENTS]
    places = [i for i in places if change(lines[i]) != lines[i]]
    assume(places)
    place = draw(st.sampled_from(places))
    return "\n".join([*lines[:place], change(lines[place]), *lines[place + 1 :]]) + "\n"


def gap(left, right):
    """How far matrices or vectors are apart up to a phase, compared with their size."""
    return np.sqrt(max(0.0, 1 - abs(np.vdot(left, right)) / np.vdot(left, left).real))


@few
@given(unitary_circuits(size=4), VALUES, st.data())
def test_mutants_of_gates(circuit, values, data):
    assume(not circuit.results)
    bound = bind_circuit(circuit, values)
    text = emit_openqasm(bound)
    mutant = data.draw(mutants(text, [halve, *CHANGES]))
    matrices = [Operator(qiskit.qasm3.loads(t)).data for t in (text, mutant)]
    verdict = certify_text(bound, bound, {}, mutant)
    whole, first = gap(*matrices), gap(*(m[:, 0] for m in matrices))
    if whole < SMALL:
        assert isinstance(verdict, Certificate), verdict
        assert verdict.equal == "unitary"
    elif first > LARGE:
        assert isinstance(verdict, Difference), (mutant, verdict)
    elif first < SMALL and whole > LARGE:
        assert isinstance(verdict, Certificate), verdict
        assert verdict.equal == "state"


@few
@given(measured_circuits(), VALUES, st.booleans(), st.data())
def test_mutants_of_measurements(circuit, values, older, data):
    bound = bind_circuit(circuit, values)
    text = emit_openqasm(bound, "openqasm2" if older else None)
    mutant = data.draw(mutants(text, [*ON_MEASUREMENTS, *CHANGES]))
    load = qiskit.qasm2.loads if older else qiskit.qasm3.loads
    found = [qiskit_states(load(t)) for t in (text, mutant)]
    mixtures = [sum(np.outer(s, s.conj()) for s in states) for states in found]
    apart = np.max(np.abs(mixtures[0] - mixtures[1]))
    verdict = certify_text(bound, bound, {}, mutant)
    if apart < SMALL:
        assert isinstance(verdict, Certificate), (mutant, verdict)
    elif apart > LARGE:
        assert not isinstance(verdict, Certificate) or verdict.equal == "results", mutant


@few
@given(unitary_circuits(size=4), VALUES, st.data())
def test_layouts_that_were_exchanged(circuit, values, data):
    angles = data.draw(st.permutations([0.3, 1.1, 2.0]))
    turns = tuple(Instruction("ry", (q,), (a,)) for q, a in enumerate(angles))
    order = tuple(data.draw(st.permutations(range(3))))
    circuit = replace(
        bind_circuit(circuit, values),
        inputs=(),
        parameters=(),
        instructions=(*turns, *bind_circuit(circuit, values).instructions),
        results=(Result("probs", qubits=order),),
    )
    program = emit_device_program(circuit, read_target("ibm:torino"), level=1, tries=1)
    (group,) = program.plan.groups
    a, b = data.draw(st.permutations(range(3)))[:2]
    lines = program.texts[0].splitlines()
    measures = [i for i, line in enumerate(lines) if "= measure" in line]
    first, second = measures[a], measures[b]
    wires = [lines[i].partition("measure ")[2] for i in (first, second)]
    lines[first] = lines[first].replace(wires[0], wires[1])
    lines[second] = lines[second].replace(wires[1], wires[0])
    verdict = certify_program(circuit, circuit, {}, program, ["\n".join(lines)])
    swapped = {group.qubits[a]: group.qubits[b], group.qubits[b]: group.qubits[a]}
    other = replace(
        circuit, results=(Result("probs", qubits=tuple(swapped.get(q, q) for q in order)),)
    )
    apart = np.max(np.abs(simulate(circuit, {})[0] - simulate(other, {})[0]))
    if apart < SMALL:
        assert isinstance(verdict, Certificate), verdict
    elif apart > LARGE:
        assert isinstance(verdict, Difference), verdict
