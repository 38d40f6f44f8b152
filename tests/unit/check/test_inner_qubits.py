"""Qubits of gates and of inner blocks, feed-forward and its scopes: against the same without."""

from __future__ import annotations

import pytest
import torch

import qmlc
from qmlc.driver import check_text

HELPED = """
gate parity(t: real) q[n] {
    qubit helper
    for i in range(n) { cx q[i], helper }
    rz(t) helper
    for i in range(n) { cx q[n - 1 - i], helper }
}
"""
ALONE = """
gate parity(t: real) q[n] {
    for i in range(n - 1) { cx q[i], q[i + 1] }
    rz(t) q[n - 1]
    for i in range(n - 1) { cx q[n - 2 - i], q[n - 1 - i] }
}
"""
BODY = """
circuit c(t: real) -> complex[8] {
    qubit q[3]
    ry(t) q[0]
    h q[1:3]
    for i in range(2) { parity(t) q }
    ctrl @ parity(0.3 * t) q[0], q[1:3]
    inv @ parity(2 * t) [q[2], q[0]]
    pow(2) @ parity(t) q[0:2]
    return state(q)
}
"""


def test_a_gate_with_a_qubit_of_its_own_is_the_gate_without():
    t = torch.tensor(0.7, dtype=torch.float64)
    helped, alone = (qmlc.compile(text + BODY).c().double() for text in (HELPED, ALONE))
    torch.testing.assert_close(helped(t), alone(t))
    assert helped.circuit_ir.num_qubits == 4, "the helper is declared again, not anew"


LOOP = """
circuit c(x: real) -> real[2] {
    qubit q[2]
    ry(x) q
    let m = measure q[0]
    for i in range(2) {
        if m == 1 { ry(0.4) q[1] }
        reset q[0]
        ry(x) q[0]
        m = measure q[0]
    }
    return expval(Z(q))
}
"""
LIST = """
circuit c(x: real) -> real[2] {
    qubit q[4]
    ry(x) q[0:2]
    let a = measure q[0]
    let b = measure q[1]
    if [a, b] == 2 { ry(0.4) q[2] } else {
        if [a, b] > 2 { ry(1.1) q[2] }
    }
    if a != b { ry(0.2) q[3] }
    return (expval([Z(q[2]), Z(q[3])]))
}
"""
WITHIN = """
gate flip() a, b {
    qubit coin
    h coin
    let m = measure coin
    if m { x a } else { x b }
}
circuit c(x: real) -> real[2] {
    qubit q[3]
    ry(x) q[2]
    let m = measure q[2]
    if m == 1 { flip q[0], q[1] }
    return expval(Z(q[0:2]))
}
"""


def z(*angles: float) -> torch.Tensor:
    """The mean of Z after rotations about Y."""
    return torch.tensor(sum(angles)).cos()


def test_bits_bound_again_in_a_loop_are_those_of_the_last_round():
    x = 0.9
    found = qmlc.compile(LOOP).c()(torch.tensor(x))
    one = torch.sin(torch.tensor(x / 2)) ** 2
    rest = 1 - one
    # q[1] turns by 0.4 for each 1 of the first two measurements
    wanted = rest**2 * z(x) + 2 * one * rest * z(x, 0.4) + one**2 * z(x, 0.8)
    torch.testing.assert_close(found, torch.stack([z(x), wanted]))


def test_a_list_of_bits_reads_as_a_number():
    x = 0.9
    found = qmlc.compile(LIST).c()(torch.tensor(x))
    one = torch.sin(torch.tensor(x / 2)) ** 2
    rest = 1 - one
    first = one * rest * z(0.4) + one**2 * z(1.1) + rest
    second = 2 * one * rest * z(0.2) + one**2 + rest**2
    torch.testing.assert_close(found, torch.stack([first, second]))


def test_feed_forward_inside_a_gate_is_joined_with_that_around_it():
    x = 0.9
    found = qmlc.compile(WITHIN).c()(torch.tensor(x))
    rest = torch.cos(torch.tensor(x / 2)) ** 2
    torch.testing.assert_close(found, rest.expand(2))


@pytest.mark.parametrize(
    ("gate", "code"),
    [
        ("cx a, h", "E0410"),
        ("cx a, h\n    if m { reset h }", "E0410"),
        ("cx a, h\n    reset h", ""),
        ("ry(t) h\n    ry(0.5 * t) h\n    ry(-1.5 * t) h", ""),
        ("ry(asin(t)) h\n    ry(-asin(t)) h", ""),
        ("ry(asin(t)) h\n    ry(-acos(t)) h", "E0410"),
    ],
)
def test_qubits_of_a_gate_end_in_zero(gate, code):
    text = f"""
gate g(t: real) a, b {{
    let m = measure b
    qubit h
    {gate}
}}
circuit c(t: real) -> real {{
    qubit q[2]
    g(t) q[0], q[1]
    return expval(Z(q[0]))
}}
"""
    text = text if "{ reset" in gate else text.replace("    let m = measure b\n", "    z b\n")
    assert [d.code for d in check_text(text)] == [code] * bool(code)


@pytest.mark.parametrize(
    ("time", "seconds"), [("100 * ns", 1e-7), ("2 * us", 2e-6), ("0.5", 0.5), ("3 * ms", 3e-3)]
)
def test_delay_knows_units(time, seconds):
    text = f"circuit c() -> real {{\n qubit q\n delay({time}) q\n return expval(Z(q))\n}}"
    (delay,) = qmlc.compile(text).c().circuit_ir.instructions
    assert float(delay.angles[0]) == pytest.approx(seconds)
