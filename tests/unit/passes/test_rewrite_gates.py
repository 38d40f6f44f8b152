"""Where rules of gates apply and where they do not: order, controls, feed-forward."""

from __future__ import annotations

import pytest

from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.circuit import Instruction
from qmlc.ir.rules import GateRule
from qmlc.passes.library_rules import library_rules
from qmlc.passes.rewrite_gates import rewrite_gates
from qmlc.types.polynomial import Polynomial, Symbol

RULES = [r for module in ("cancel", "simplify", "conjugate") for r in library_rules(module)]


def circuit(write):
    c = CircuitBuilder("c")
    q, m = c.qubits("q", 4), c.bits("m", 2)
    write(c, q, m)
    return c.build().instructions


def rewritten(write):
    return rewrite_gates(RULES, circuit(write))


def names(instructions):
    return [(i.controls, i.name, i.qubits) for i in instructions]


def fan(c, q, m):
    c.cx(q[0], q[1])
    c.cx(q[0], q[2])


def fan_with_a_gate_between(c, q, m):
    c.cx(q[0], q[1])
    c.cx(q[1], q[2])
    c.cx(q[0], q[2])


def test_a_gate_that_has_to_come_between_hides_a_place():
    rule = GateRule("fan", 3, (), circuit(fan), ())
    assert rewrite_gates([rule], circuit(fan)) == ()
    between = circuit(fan_with_a_gate_between)
    assert rewrite_gates([rule], between) == between


def other_control(c, q, m):
    c.controlled("1", "x", q[0], q[2])
    c.controlled("1", "x", q[1], q[2])


def other_state(c, q, m):
    c.controlled("1", "x", q[0], q[2])
    c.controlled("0", "x", q[0], q[2])


def measured_between(c, q, m):
    with c.when(m[:1], [1]):
        c.x(q[0])
    c.measure(q[1], m[0])
    with c.when(m[:1], [1]):
        c.x(q[0])


def measured_between_and_moved(c, q, m):
    with c.when(m[:1], [1]):
        c.h(q[1])
    c.cx(q[0], q[1])
    c.y(q[0])
    c.measure(q[2], m[0])
    with c.when(m[:1], [1]):
        c.h(q[1])


def other_value(c, q, m):
    with c.when(m[:1], [1]):
        c.x(q[0])
    with c.when(m[:1], [0]):
        c.x(q[0])


def unconditional(c, q, m):
    with c.when(m[:1], [1]):
        c.x(q[0])
    c.x(q[0])


def reset_between(c, q, m):
    c.x(q[0])
    c.reset(q[0])
    c.x(q[0])


def barrier_between(c, q, m):
    c.x(q[0])
    c.barrier(q[0])
    c.x(q[0])


@pytest.mark.parametrize(
    "write",
    [other_control, other_state, measured_between, measured_between_and_moved, other_value,
     unconditional, reset_between, barrier_between],
)  # fmt: skip
def test_what_only_looks_like_a_place_stays(write):
    assert rewritten(write) == circuit(write)


def under_common_controls(c, q, m):
    c.controlled("10", "h", q[0], q[1], q[2])
    c.controlled("01", "x", q[1], q[0], q[2])
    c.controlled("10", "h", q[0], q[1], q[2])


def in_one_branch(c, q, m):
    c.measure(q[3], m[0])
    with c.when(m, [1, 2]):
        c.h(q[0])
        c.x(q[0])
    c.h(q[1])
    with c.when(m, [1, 2]):
        c.h(q[0])


def moved_out_of_the_way(c, q, m):
    c.h(q[1])
    c.cx(q[0], q[1])
    c.t(q[0])
    c.measure(q[0], m[0])
    with c.when(m, [1]):
        c.x(q[2])
    c.h(q[1])


def exchanged_operands(c, q, m):
    c.cz(q[0], q[1])
    c.cz(q[1], q[0])
    c.rzz(0.25, q[0], q[1])
    c.rzz(0.5, q[1], q[0])


@pytest.mark.parametrize(
    ("write", "wanted"),
    [
        (under_common_controls, [("10", "z", (0, 1, 2))]),
        (in_one_branch, [("", "measure", (3,)), ("", "h", (1,)), ("", "z", (0,))]),
        (
            moved_out_of_the_way,
            [("1", "z", (0, 1)), ("", "t", (0,)), ("", "measure", (0,)), ("", "x", (2,))],
        ),
        (exchanged_operands, [("", "rzz", (1, 0))]),
    ],
)
def test_what_is_a_place_is_found(write, wanted):
    found = rewritten(write)
    assert names(found) == wanted
    kept = {i.condition for i in circuit(write)}
    assert {i.condition for i in found} <= kept


def test_angles_are_found_in_expressions_and_the_same_name_is_the_same_angle():
    def pattern(c, q, m):
        u = c.input("u")
        c.rz(2 * u + 1, q[0])
        c.rx(u, q[0])

    def given(second):
        def write(c, q, m):
            w, u = c.parameter("w"), c.input("u")
            c.rz(2 * w * u + 3, q[1])
            c.rx(w * u + second, q[1])

        return circuit(write)

    u = Polynomial.symbol("u")
    result = Instruction("ry", (0,), (3 * u,))
    rule = GateRule("rule", 1, (Symbol("u"),), circuit(pattern), (result,))
    (found,) = rewrite_gates([rule], given(1))
    assert found == Instruction("ry", (1,), (3 * Polynomial.symbol("w") * u + 3,))
    assert rewrite_gates([rule], given(2)) == given(2)
