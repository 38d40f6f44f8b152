"""Rules keep the meaning of circuits, whatever stands between their gates."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qasm_oracles import VALUES, add_instruction, measured_circuits

from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.dense import instructions_matrix
from qmlc.ir.modify_gates import control
from qmlc.ir.rules import GateRule, gate_cost
from qmlc.passes.library_rules import MODULES, library_rules
from qmlc.passes.rewrite_gates import rewrite_gates
from qmlc.testing.oracle import bind, simulate, symbol_values
from qmlc.types.polynomial import lift

RULES = [r for module in MODULES for r in library_rules(module) if isinstance(r, GateRule)]


def placed(rule, order, values):
    """The left side of a rule on other qubits, with values for its angles."""
    numbers = dict(zip(rule.symbols, values, strict=False))
    return [
        replace(
            i,
            qubits=tuple(order[q] for q in i.qubits),
            angles=tuple(lift(a).substitute(numbers) for a in i.angles),
        )
        for i in rule.before
    ]


@st.composite
def interleaved(draw):
    """Left sides of rules, sometimes under a control, mixed with one another and random gates."""
    c = CircuitBuilder("mixed")
    scalars = [*c.input("x", 2), *c.parameter("w", 1, 2).items, c.input("t")]
    q = (*c.qubits("q", 2), *c.qubits("r", 1))
    streams = []
    for _ in range(draw(st.integers(1, 3))):
        rule, order = draw(st.sampled_from(RULES)), draw(st.permutations(q))
        gates = placed(rule, order, [draw(st.sampled_from([*scalars, 0.5])) for _ in rule.symbols])
        if rule.num_qubits < 3 and draw(st.booleans()):
            gates = control(gates, (order[2],), draw(st.sampled_from("01")))
        streams.append(gates)
    while any(streams):
        stream = draw(st.sampled_from([s for s in streams if s]))
        c.append(stream.pop(0))
        if draw(st.integers(0, 5)) == 0:
            draw(add_instruction(c, q, scalars))
    return c.build()


@given(circuit=interleaved(), values=VALUES)
def test_rules_keep_the_unitary_and_never_cost_more(circuit, values):
    numbers = symbol_values((*circuit.inputs, *circuit.parameters), values)
    found = rewrite_gates(RULES, circuit.instructions)
    assert gate_cost(found) <= gate_cost(circuit.instructions)
    assert rewrite_gates(RULES, found) == found
    before, after = (
        instructions_matrix([bind(i, numbers) for i in side], range(circuit.num_qubits))
        for side in (circuit.instructions, found)
    )
    np.testing.assert_allclose(after, before, atol=1e-9)


@given(circuit=measured_circuits(), other=interleaved(), values=VALUES)
def test_rules_keep_the_results_of_circuits_with_feed_forward(circuit, other, values):
    """Left sides are laid under the conditions and between the measurements of a circuit."""
    extra = list(other.instructions)
    mixed = []
    for instruction in circuit.instructions:
        mixed += [instruction, *(replace(i, condition=instruction.condition) for i in extra[:2])]
        del extra[:2]
    before = replace(circuit, instructions=tuple(mixed))
    after = replace(before, instructions=rewrite_gates(RULES, before.instructions))
    for a, b in zip(simulate(after, values), simulate(before, values), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-9)


@st.composite
def dense(draw):
    """Few gates on few qubits, often controlled or fed forward, so that places overlap."""
    c = CircuitBuilder("dense")
    c.input("x", 2), c.parameter("w", 1, 2), c.input("t")
    q, m = c.qubits("q", 3), c.bits("m", 1)
    for _ in range(draw(st.integers(4, 14))):
        a, b, other = draw(st.permutations(q))
        kind = draw(st.sampled_from("x h z cx cx cz ccx rz if if measure".split()))
        if kind == "if":
            with c.when(m, [draw(st.integers(0, 1))]):
                draw(st.sampled_from((c.x, c.h)))(a)
        elif kind == "measure":
            c.measure(a, m[0])
        elif kind == "rz":
            c.rz(0.25, a)
        else:
            getattr(c, kind)(*(a, b, other)[: {"cx": 2, "cz": 2, "ccx": 3}.get(kind, 1)])
    c.probs(q)
    return c.build()


@given(circuit=dense(), values=VALUES)
def test_rules_keep_the_results_of_dense_circuits(circuit, values):
    after = replace(circuit, instructions=rewrite_gates(RULES, circuit.instructions))
    for a, b in zip(simulate(after, values), simulate(circuit, values), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-9)


@given(circuit=interleaved())
def test_the_look_at_neighbours_loses_no_application(circuit):
    found = rewrite_gates(RULES, circuit.instructions)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qmlc.passes.rewrite_gates.qubits_beside", lambda search, last: 0)
        assert rewrite_gates(RULES, circuit.instructions) == found
