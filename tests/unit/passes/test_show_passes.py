"""What the command line shows of passes."""

from __future__ import annotations

import pytest

from qmlc.driver import emit_after, emit_stage, explain_passes, time_passes
from qmlc.output.options import CompileOptions
from qmlc.passes.pipeline import PIPELINE
from qmlc.source.compile_error import CompileError

PROGRAM = (
    "circuit c(x: real) -> real {\n qubit q\n h q\n h q\n rx(x) q\n rx(x) q\n return expval(Z(q)) }"
)


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "program.hqm"
    path.write_text(PROGRAM)
    return path


def test_the_program_after_a_pass(program):
    after = [emit_after(program, each.name, CompileOptions()) for each in PIPELINE]
    counts = [text.count("q\n") for text in after]
    assert counts[-4:] == [2, 1, 1, 1] and set(counts[:-4]) == {4}
    assert after[-1] == emit_stage(program, "optimised", CompileOptions())


def test_an_unknown_pass_has_a_proposal(program):
    with pytest.raises(CompileError, match="no pass `merge`"):
        emit_after(program, "merge", CompileOptions())
    with pytest.raises(CompileError, match="at -O 0 there are none"):
        emit_after(program, "cancel_gates", CompileOptions(level=0))


def test_a_line_for_each_pass(program):
    lines = list(time_passes(program, CompileOptions()))
    assert [line.split()[0] for line in lines] == [
        "pass",
        "elaboration",
        *(p.name for p in PIPELINE),
    ]
    gates = [line.split()[2] for line in lines[1:]]
    assert gates[-4:] == ["2", "1", "1", "1"] and set(gates[:-4]) == {"4"}


def test_passes_for_a_device(program):
    options = CompileOptions(target="ibm:torino")
    lines = list(time_passes(program, options))
    assert [line.split()[0] for line in lines[-2:]] == ["optimise_for_device", "compile_for_device"]
    written = emit_after(program, "compile_for_device", options)
    assert "sx() device" in written and "rx" not in written
    assert "rx(2*x) q" in emit_after(program, "optimise_for_device", options)
    assert any(line.startswith("compile_for_device: ") for line in explain_passes(program, options))
    with pytest.raises(CompileError, match="no pass `compile_for_device`"):
        emit_after(program, "compile_for_device", CompileOptions())
