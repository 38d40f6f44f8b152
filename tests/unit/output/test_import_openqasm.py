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
    "OPENQASM 3.0;\nint i = 2;\n": ((2, 1), "'int' are not supported"),
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
