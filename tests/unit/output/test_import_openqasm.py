"""Files in OpenQASM as people write them: the program that each becomes, and what it computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from qasm_oracles import qiskit_outcomes

from qmlc.backends.qasm.load_openqasm import load_openqasm
from qmlc.driver import analyse
from qmlc.output.import_openqasm import import_openqasm
from qmlc.source.compile_error import CompileError
from qmlc.source.span import Source
from qmlc.testing import assert_equivalent
from qmlc.testing.oracle import simulate

FILES = sorted((Path(__file__).parent / "imported").glob("*.qasm"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_it_becomes(path, snapshot):
    snapshot(
        import_openqasm(Source(path.name, path.read_text("utf-8")), path), path.with_suffix(".hqm")
    )


@pytest.mark.parametrize("path", [p for p in FILES if p.stem != "wide"], ids=lambda path: path.stem)
def test_what_it_computes(path):
    """The probabilities of the measured qubits are those of Qiskit's bits."""
    text = path.with_suffix(".hqm").read_text("utf-8")
    program = analyse(Source("p.hqm", text)).checked().program
    (unit,) = [u for u in program.units if u.kind == "circuit"]
    source = load_openqasm(Source(path.name, path.read_text("utf-8")))
    numbers = {p.name: 0.3 + 0.4 * i for i, p in enumerate(source.parameters)}
    bound = source.assign_parameters(numbers)
    values = {v.name: x for v, x in zip(unit.circuit.inputs, numbers.values(), strict=True)}
    (found,) = simulate(unit.circuit, values)
    if unit.circuit.results[0].kind == "state":
        found = np.abs(found) ** 2
        bound.measure_all()
    table = qiskit_outcomes(bound)
    # bits that were measured on the way are not returned: they come first in these files
    count = len(unit.circuit.results[0].qubits)
    wanted = np.zeros(2**count)
    for bits, p in table.items():
        wanted[sum(b << i for i, b in enumerate(bits[len(bits) - count :]))] += p
    np.testing.assert_allclose(found, wanted, atol=1e-9)


WRONG = {
    "OPENQASM 3.0;\nqubit[2] q;\nh q;\n": ((3, 1), "gate 'h' is not defined"),
    "OPENQASM 3.0;\nqubit[2] q\nx q;\n": ((3, 1), "`x` is not expected here"),
    'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\n  foo q[0];\n': ((4, 3), "'foo' is not"),
    'OPENQASM 2.0;\ninclude "lost.inc";\n': ((2, 9), "unable to find 'lost.inc'"),
    "OPENQASM 3.0;\nbit b;\nqubit q;\nwhile (b == 0) { b = measure q; }\n": ((4, 1), "a `while`"),
    "OPENQASM 3.0;\nint n = 2;\nbit b;\nif (b) { n = 3; }\n": ((4, 10), "`n` would depend"),
    "OPENQASM 3.0;\nbit[2] b;\nb = 3;\n": ((3, 1), "bits are set by measurements"),
    "OPENQASM 3.0;\ndef f(qubit q) { }\nf();\n": ((3, 1), "`f` takes 1 arguments"),
    "OPENQASM 3.0;\nextern f(int) -> int;\nint n = f(2);\n": ((3, 9), "it is `extern`"),
    "OPENQASM 3.0;\nbit[2] b = 2;\nqubit q;\nb[0] = measure q;\n": ((4, 1), "`b` would stay 1"),
    "": ((1, 1), "there is nothing in it"),
    "hello world": ((1, 12), "is not expected here"),
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_has_its_place(text):
    with pytest.raises(CompileError) as raised:
        import_openqasm(Source("wrong.qasm", text), Path("wrong.qasm"))
    (found,) = raised.value.diagnostics
    place, words = WRONG[text]
    assert found.code == "E0607" and words in found.message_text
    assert found.at.source.position(found.at.start) == place


HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[3] q;\nbit[3] c;\n'

SAME = {
    "loops": ("for int i in [0:2] { rx(i * pi / 4) q[i]; }", "rx(pi/4) q[1]; rx(pi/2) q[2];"),
    "sets and steps": (
        "for uint i in {2, 0} { x q[i]; } for int i in [2:-2:0] { h q[i]; }",
        "x q[2]; x q[0]; h q[2]; h q[0];",
    ),
    "arithmetic": (
        "const int n = 7; int m = n / 2; m += 1; float f = m ** 2 % 7 * 0.5; rz(f) q[0];",
        "rz(1.0) q[0];",
    ),
    "whole quotients": (
        "const int n = 7; rz(n / 2) q[0]; ry(n / 2.0) q[0];", "rz(3) q[0]; ry(3.5) q[0];",
    ),
    "bits of numbers": (
        "uint[3] n = 5; for int i in [0:2] { if (bool(n[i])) x q[i]; }", "x q[0]; x q[2];",
    ),
    "scopes": ("int i = 1; for int i in [0:0] { x q[i]; } z q[i];", "x q[0]; z q[1];"),
    "while": ("int i = 0; while (i < 3) { h q[i]; i += 1; }", "h q[0]; h q[1]; h q[2];"),
    "switch": ("int i = 2; switch (i) { case 1 { x q[0]; } case 2, 3 { y q[0]; } }", "y q[0];"),
    "subroutines": (
        "def f(qubit a, qubit[2] b, float t) { cx a, b[0]; rz(t) b[1]; } f(q[2], q[0:1], 0.5);",
        "cx q[2], q[0]; rz(0.5) q[1];",
    ),
    "measuring subroutines": (
        "def f(qubit a) -> bit { bit r; h a; r = measure a; return r; } "
        "c[1] = f(q[2]); c[0] = f(q[1]);",
        "h q[2]; c[1] = measure q[2]; h q[1]; c[0] = measure q[1];",
    ),
    "names of gates": (
        "qubit a; x a; gate f(t) a, c { rx(t / 2) a; cx a, c; } f(1.0) q[0], a;",
        "qubit[1] a; x a[0]; rx(0.5) q[0]; cx q[0], a[0];",
    ),
    "aliases": ("let a = q[1:2]; let b = q[0]; cx b, a[1];", "cx q[0], q[2];"),
    "tests of bits": (
        "h q; c = measure q; if (c[0] == 1 && c[1] != 1) x q[2]; "
        "if (!c[2] || c[0] == 0) { y q[0]; }",
        "h q; c = measure q; if (c[0]) { if (!c[1]) { x q[2]; } } "
        "if (!c[2]) { y q[0]; } else { if (!c[0]) { y q[0]; } }",
    ),
    "tests of registers": (
        "h q; c = measure q; if (int[3](c) != 5) x q[2]; "
        "switch (c) { case 1, 2 { z q[0]; } default { h q[0]; } }",
        "h q; c = measure q; if (c == 5) { } else { x q[2]; } "
        "if (c == 1) { z q[0]; } else { if (c == 2) { z q[0]; } else { h q[0]; } }",
    ),
    "bits that are known": (
        'bit[2] b = "01"; bit[3] sum = bit[3](3 + 3); if (b[0]) x q[0]; if (sum[1]) x q[1]; '
        "b = measure q[0:1]; if (b[1]) z q[2];",
        "bit[2] b; bit[3] sum; x q[0]; x q[1]; b = measure q[0:1]; if (b[1]) z q[2];",
    ),
    "the end": ("x q[0]; end; x q[1];", "x q[0];"),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_what_is_known_before_anything_is_measured(name):
    text, plain = SAME[name]
    assert_equivalent(HEAD + text, HEAD + plain)


TESTS = {
    "c[0] ^ c[1]": lambda c: c in (1, 2, 5, 6),
    "(c[0] ^ c[1] ^ c[2]) == false": lambda c: c in (0, 3, 5, 6),
    "c[0] == c[2]": lambda c: c in (0, 2, 5, 7),
    "c < 3": lambda c: c < 3,
    "3 <= int[3](c)": lambda c: c >= 3,
    "c[1:2] == 1": lambda c: c in (2, 3),
    "~c == 6": lambda c: c == 1,
    "c[0] | c[1] && !c[2]": lambda c: c in (1, 2, 3),
    "popcount(c) == 2": lambda c: c in (3, 5, 6),
}


def test_branches_ask_for_what_is_computed_from_bits():
    """One qubit for each test, a few in a circuit, for all values of the bits."""
    programs = []
    for tests in [list(TESTS.items())[i : i + 4] for i in range(0, len(TESTS), 4)]:
        lines = [f"if ({test}) x out[{i}]; else z out[{i}];" for i, (test, _) in enumerate(tests)]
        text = f"{HEAD}qubit[{len(tests)}] out;\nh q;\nc = measure q;\n" + "\n".join(lines)
        programs.append(import_openqasm(Source("tests.qasm", text), Path("tests.qasm")))
        source = Source("tests.hqm", programs[-1])
        (unit,) = analyse(source).checked().program.units
        (found,) = simulate(unit.circuit, {})
        for value in range(8):
            place = sum(bool(holds(value)) << 3 + i for i, (_, holds) in enumerate(tests))
            np.testing.assert_allclose(found[value + place], 1 / 8)
    for short in ("if c[0] == c[1] {", "if c != 1 {", "if c[0] == c[2] {", "if c >= 3 {"):
        assert any(short in program for program in programs)


def test_a_vector_of_angles_may_lie_on_controls():
    text = (
        f"{HEAD}qubit out; h q; h out; crx(0.1) q[0], out; crx(0.2) q[1], out; crx(0.3) q[2], out;"
    )
    found = import_openqasm(Source("vector.qasm", text), Path("vector.qasm"))
    assert "crx([0.1, 0.2, 0.3]) q, out" in found
    assert_equivalent(text, found)


def test_gates_of_a_file_may_be_called_like_others():
    text = """OPENQASM 2.0;
include "qelib1.inc";
gate turn c, t { u1(-3*pi/8) t; cx c, t; u1(3*pi/8) t; cx c, t; }
gate cu c, t { turn c, t; }
qreg q[2];
h q;
cu q[0], q[1];
"""
    found = import_openqasm(Source("own.qasm", text), Path("own.qasm"))
    assert "gate cu_2() c, t {\n    turn c, t\n}" in found and "    cu_2 q[0], q[1]\n" in found
    assert_equivalent(text, found)


def test_bits_that_end_with_their_branch_are_refused():
    text = """OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q; bit[2] c;
h q;
c[0] = measure q[0];
if (c[0]) { c[1] = measure q[1]; }
if (c[1]) { x q[0]; }
"""
    with pytest.raises(CompileError, match="a bit that is measured in a branch"):
        import_openqasm(Source("branch.qasm", text), Path("branch.qasm"))


def test_angles_of_gates_are_taken_in_the_order_of_the_text():
    """Qiskit's importer takes them in the order of their names."""
    text = """OPENQASM 3.0;
include "stdgates.inc";
gate turn(b, a, unused) q { rx(a) q; rz(b) q; }
qubit q;
turn(0.1, 0.2, 0.3) q;
"""
    found = import_openqasm(Source("turn.qasm", text), Path("turn.qasm"))
    assert "gate turn(b: real, a: real, unused: real) q {\n    rx(a) q\n    rz(b) q\n}" in found
    assert "turn(0.1, 0.2, 0.3) q" in found
