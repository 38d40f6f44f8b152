"""Two texts of OpenQASM: equal, different with the numbers, or undecided with the reason."""

import pytest
from click.testing import CliRunner

from qmlc.backends.qasm.emit_openqasm import emit_openqasm
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.targets.read_target import read_target
from qmlc.tools.verify import verify
from qmlc.verify.compare_texts import compare_texts
from qmlc.verify.verdict import Certificate, Difference, Undecided

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'


def text(body, qubits=2, bits=2):
    return f"{HEAD}input float[64] a;\nqubit[{qubits}] q;\nbit[{bits}] c;\n{body}\n"


EQUAL = [
    ("cx q[0], q[1]; rz(a) q[1]; cx q[0], q[1];", "cx q[1], q[0]; rz(a) q[0]; cx q[1], q[0];"),
    ("ctrl @ rz(a) q[0], q[1];", "rz(a/2) q[1]; cx q[0], q[1]; rz(-a/2) q[1]; cx q[0], q[1];"),
    ("negctrl @ x q[0], q[1];", "x q[0]; cx q[0], q[1]; x q[0];"),
    ("inv @ s q[0]; pow(2) @ t q[1];", "sdg q[0]; s q[1];"),
    ("ctrl @ gphase(a) q[0];", "p(a) q[0];"),
    ("h q; c = measure q;", "h q[1]; h q[0]; c[1] = measure q[1]; c[0] = measure q[0];"),
    ("c[0] = measure q[0]; if (c[0]) { x q[1]; }", "c[0]=measure q[0]; if (c==1) x q[1];"),
    ("c[0] = measure q[0]; if (!c[0]) x q[1];", "x q[1]; c[0]=measure q[0]; if (c[0]) x q[1];"),
    ("h q[0]; c[0] = measure q[0]; rz(a) q[0];", "h q[0]; c[0] = measure q[0];"),
    ("rx(pi/2) q[0]; gphase(1);", "rx(1.5707963267948966) q[0]; // the phase is not seen"),
    ("gate g(t, s) x { rz(t) x; ry(s) x; } g(a, 0.5) q[0];", "rz(a) q[0]; ry(1/2.0) q[0];"),
]
WEAKER = [
    ("state", "rz(a) q[0];", "rz(-a) q[0];"),
    ("state", "cx q[0], q[1];", "cx q[0], q[1]; swap q[0], q[1];"),
    ("results", "x q; c = measure q; if (c == 2) reset q;", "x q; c = measure q; reset q;"),
]
DIFFERENT = [
    ("h q[0]; rz(1/2) q[0]; h q[0];", "h q[0]; rz(1.0/2) q[0]; h q[0];"),  # whole numbers: 0
    ("x q[0]; cx q[0], q[1];", "x q[0]; cx q[1], q[0];"),
    ("h q[0]; ctrl @ rz(a) q[0], q[1];", "h q[0]; ctrl @ rz(a + 2*pi) q[0], q[1];"),
    ("h q[0]; ctrl @ gphase(a) q[0];", "h q[0]; gphase(a);"),
    ("x q[0]; c = measure q;", "x q[0]; c[1] = measure q[0]; c[0] = measure q[1];"),
    ("x q[0]; c = measure q; if (c == 1) { x q[1]; } c = measure q;", "x q[0]; c = measure q;"),
]


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_equal_texts(left, right):
    verdict = compare_texts(text(left), text(right))
    assert isinstance(verdict, Certificate), verdict
    assert verdict.equal == "unitary"


@pytest.mark.parametrize(("equal", "left", "right"), WEAKER)
def test_texts_that_are_equal_in_less(equal, left, right):
    verdict = compare_texts(text(left), text(right))
    assert isinstance(verdict, Certificate), verdict
    assert verdict.equal == equal


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_different_texts(left, right):
    verdict = compare_texts(text(left), text(right))
    assert isinstance(verdict, Difference), verdict


def test_a_difference_comes_with_its_numbers():
    verdict = compare_texts(text("rx(a) q[0]; c = measure q;"), text("c = measure q;"))
    assert isinstance(verdict, Difference)
    assert "the bits 00 have chances" in verdict.what
    assert list(verdict.values) == ["a"]


@pytest.mark.parametrize(
    "body", ["while (true) { x q[0]; }", "frob q[0];", "rx(1/0) q[0];", "x q[7];", "rx(b) q[0];"]
)
def test_what_cannot_be_read_is_undecided(body):
    verdict = compare_texts(text(body), text(""))
    assert isinstance(verdict, Undecided)
    assert "line" in verdict.reason


def test_what_is_too_large_is_undecided():
    left = text("h q; rz(a) q; rz(0.3) q; cx q[0], q[39];", qubits=40)
    assert isinstance(compare_texts(left, left.replace("rz(a)", "rz(-a)")), Undecided)


def test_qiskit_reads_what_our_reader_does_not():
    loop = text("for int i in [0:2] { s q[1]; h q[0]; }")
    verdict = compare_texts(loop, text("sdg q[1]; h q[0];"))
    assert isinstance(verdict, Certificate), verdict
    assert verdict.equal == "unitary"


def test_bits_that_their_own_branch_measures_are_not_told_apart():
    """Read by Qiskit they are more bits than the text has."""
    body = "h q[0]; c[0] = measure q[0]; if (c[0]) { c[0] = measure q[1]; } else { x q[1]; }"
    loop = text(f"for int i in [0:1] {{ s q[1]; }} {body}")
    assert isinstance(compare_texts(loop, text(f"z q[1]; {body}")), Undecided)


def test_openqasm_2_has_no_whole_numbers():
    old = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; rx(1/2) q[0]; cu1(2^2) q[0],q[1];'
    assert isinstance(compare_texts(old, text("rx(0.5) q[0]; cp(4) q[0], q[1];")), Certificate)


def test_layouts_in_the_head_are_understood():
    c = CircuitBuilder("routed")
    angle = c.input("a")
    q = c.qubits("q", 4)
    for first in q:
        for second in q:
            if first != second:
                c.rx(angle, first)
                c.cx(first, second)
    circuit = c.build()
    logical = emit_openqasm(circuit)
    for name in ("ibm:torino", "iqm:garnet", "rigetti:ankaa_3"):
        routed = emit_openqasm(circuit, target=read_target(name), tries=1)
        verdict = compare_texts(logical, routed)
        assert isinstance(verdict, Certificate), (name, verdict)
        assert verdict.equal == "unitary"
        moved = routed.replace("// layout q[0] on", "// layout q[1] on", 1)
        moved = moved.replace(", q[1] on", ", q[0] on", 1)
        verdict = compare_texts(logical, moved)
        assert isinstance(verdict, Difference) or verdict.equal == "state"


@pytest.mark.parametrize(
    ("body", "status", "start"),
    [("z q[0];", 0, "equal state"), ("x q[0];", 1, "different: "), ("f q[0];", 2, "undecided: ")],
)
def test_the_status_of_the_verb(body, status, start, tmp_path):
    names = [tmp_path / "a.qasm", tmp_path / "b.qasm"]
    for name, content in zip(names, ("", body), strict=True):
        name.write_text(text(content))
    result = CliRunner().invoke(verify, [str(name) for name in names])
    assert result.exit_code == status
    assert result.output.startswith(start)
