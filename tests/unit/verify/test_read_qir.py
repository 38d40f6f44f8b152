"""QIR is read as it is meant, and what differs from its OpenQASM is found."""

import importlib.util
import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from qasm_oracles import VALUES, measured_circuits

from qmlc.backends.qasm.emit_openqasm import emit_openqasm
from qmlc.backends.qasm.make_qir import make_qir
from qmlc.verify.compare_texts import compare_texts
from qmlc.verify.read_openqasm import read_openqasm
from qmlc.verify.steps import Branch, Measure
from qmlc.verify.verdict import Certificate, Difference, Undecided

with_qdk = pytest.mark.skipif(importlib.util.find_spec("qdk") is None, reason="qdk not installed")
few = settings(max_examples=12)

PROGRAM = """define i64 @ENTRYPOINT__main() #0 {
block_0:
  call void @__quantum__rt__initialize(i8* null)
  call void @__quantum__qis__h__body(%Qubit* null)
  call void @__quantum__qis__t__adj(%Qubit* null)
  call void @__quantum__qis__m__body(%Qubit* null, %Result* null)
  call void @__quantum__qis__m__body(ONE, %Result* inttoptr (i64 1 to %Result*))
  %a = call i1 @__quantum__rt__read_result(%Result* null)
  br i1 %a, label %block_1, label %block_2
block_1:
  %b = call i1 @__quantum__rt__read_result(%Result* inttoptr (i64 1 to %Result*))
  br label %block_2
block_2:
  %c = phi i1 [false, %block_0], [%b, %block_1]
  %d = xor i1 %c, true
  br i1 %d, label %block_3, label %block_4
block_3:
  call void @__quantum__qis__rx__body(double 0.5, %Qubit* inttoptr (i64 2 to %Qubit*))
  br label %block_4
block_4:
  call void @__quantum__rt__result_record_output(%Result* inttoptr (i64 1 to %Result*), i8* null)
  ret i64 0
}
attributes #0 = { "entry_point" "required_num_qubits"="3" "required_num_results"="2" }
""".replace("ONE", "%Qubit* inttoptr (i64 1 to %Qubit*)")


def test_truth_values_along_paths():
    written = read_openqasm(PROGRAM)
    assert written.qubits == ("q[0]", "q[1]", "q[2]")
    assert written.bits == ("kept[0]", "r[0]")
    h, t, first, second, empty, branch = written.lower({})
    assert (h.matrix[1, 1].real < 0) and t.matrix[1, 1].imag < 0
    assert (first, second) == (Measure((0,), 0), Measure((1,), 1))
    assert empty == Branch((0,), frozenset([1]), ())
    # not (a and b)
    assert (branch.bits, branch.values) == ((0, 1), frozenset([0, 1, 2]))
    assert branch.then[0].letters == "X"


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("@__quantum__qis__t__adj", "@__quantum__qis__magic__body"),
        ("label %block_4\nblock_3", "label %block_0\nblock_3"),
        ("xor i1 %c, true", "icmp slt i64 %c, 3"),
        ("%Result* inttoptr (i64 1 to %Result*))\n  %a", "%Result* null)\n  %a"),
        ("define", "declare"),
    ],
)
def test_what_is_not_read_is_undecided(line, changed):
    assert line in PROGRAM
    with pytest.raises(Undecided):
        read_openqasm(PROGRAM.replace(line, changed))


@with_qdk
@few
@given(measured_circuits(), VALUES)
def test_qir_is_its_openqasm(circuit, values):
    text = emit_openqasm(circuit, "azure", values)
    returned = re.findall(r"^output bit", text, re.M)
    assume(len(returned) == len(re.findall(r"^(?:output )?bit", text, re.M)))
    verdict = compare_texts(text, make_qir(text, "adaptive"))
    assert isinstance(verdict, Certificate), verdict


@with_qdk
@few
@given(st.data())
def test_qir_with_another_gate_is_refused(data):
    text = """OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
output bit[2] c;
ry(0.4) q[0];
ry(1.1) q[1];
cx q[0], q[1];
rx(0.3) q[0];
c[0] = measure q[0];
if (c[0]) {
  ry(0.7) q[1];
}
c[1] = measure q[1];
"""
    lines = make_qir(text, "adaptive").splitlines()
    gates = [i for i, line in enumerate(lines) if "call void @__quantum__qis__" in line]
    place = data.draw(st.sampled_from([i for i in gates if "__m__" not in lines[i]]))
    del lines[place]
    verdict = compare_texts(text, "\n".join(lines))
    assert isinstance(verdict, Difference), verdict
