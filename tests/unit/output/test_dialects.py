"""Files for devices and in dialects, as `qmlc compile` writes them."""

import json
import sys

import numpy as np
import pytest

from qmlc.driver import compile_file, emit_stage
from qmlc.output.options import CompileOptions
from qmlc.source.compile_error import CompileError

PROGRAM = """circuit turned(x: real) -> real {
    qubit q[2]
    ry(x) q[0]
    cry(-x / 2) q[0], q[1]
    return expval(Z(q[0]) * Z(q[1]))
}
"""
FED = """circuit fed() -> real {
    qubit q[2]
    h q[0]
    let m = measure q[0]
    if m == 1 { x q[1] }
    return expval(Z(q[1]))
}
"""


@pytest.fixture
def program(tmp_path):
    def write(text, deploy=""):
        (tmp_path / "p.hqm").write_text(text + deploy)
        np.save(tmp_path / "x.npy", np.array(0.3))
        return tmp_path / "p.hqm"

    return write


def compiled(path, **options):
    report = compile_file(path, CompileOptions(output=path.parent / "out", **options))
    return {file.name: file.read_text() for file in report.files}, report.notes


def bound(path):
    return {"x": path.parent / "x.npy"}


def test_a_circuit_in_a_dialect(program):
    texts, _ = compiled(program(PROGRAM), dialect="braket")
    assert "cnot q[0], q[1];" in texts["turned.qasm"]
    assert "include" not in texts["turned.qasm"]
    (entry,) = json.loads(texts["manifest.json"])["circuits"][0]["files"]
    assert (entry["form"], entry["dialect"]) == ("OpenQASM 3", "braket")


def test_a_device_in_its_dialect_unless_asked_otherwise(program):
    path = program(PROGRAM)
    assert "box {" in compiled(path, target="ionq:forte")[0]["turned.ionq_forte.qasm"]
    other = compiled(path, target="ionq:forte", dialect="openqasm3")[0]["turned.ionq_forte.qasm"]
    assert "box {" not in other and "ry(" in other


def test_azure_gets_qir_when_all_numbers_are_known(program):
    pytest.importorskip("qdk")
    path = program(PROGRAM)
    texts, notes = compiled(path, target="azure:rigetti_ankaa_3")
    assert "turned.azure_rigetti_ankaa_3.ll" not in texts
    assert notes == (
        "turned on azure:rigetti_ankaa_3: no QIR before all of its inputs have numbers",
    )
    texts, notes = compiled(path, target="azure:rigetti_ankaa_3", inputs=bound(path))
    qir = texts["turned.azure_rigetti_ankaa_3.ll"]
    assert "base_profile" in qir and "@__quantum__qis__cz__body" in qir and not notes
    (device,) = json.loads(texts["manifest.json"])["circuits"][0]["files"][1:]
    assert device["qir"]["file"] == "turned.azure_rigetti_ankaa_3.ll"
    assert device["qir"]["certificate"] == device["certificate"]
    assert device["certificate"]["equal"] == "results"
    options = CompileOptions(target="azure:rigetti_ankaa_3", inputs=bound(path))
    assert emit_stage(path, "qir", options) == qir


def test_qir_that_differs_is_not_written(program, monkeypatch):
    pytest.importorskip("qdk")
    from qmlc.output import print_qasm

    make = print_qasm.make_qir
    broken = lambda *given: make(*given).replace("double ", "double 1")  # noqa: E731
    monkeypatch.setattr(print_qasm, "make_qir", broken)
    path = program(PROGRAM)
    with pytest.raises(CompileError) as caught:
        compiled(path, target="azure:rigetti_ankaa_3", inputs=bound(path))
    (error,) = caught.value.diagnostics
    assert error.code == "E0505"
    assert "`turned.azure_rigetti_ankaa_3.ll` would differ" in error.message_text


def test_devices_of_rigetti_and_azure_in_programs(program):
    pytest.importorskip("qdk")
    deploy = 'deploy fed to azure("quantinuum_h2") { shots = 10 }\n'
    deploy += 'deploy fed to rigetti("ankaa_3") {}\n'
    with pytest.raises(CompileError) as caught:
        compiled(program(FED, deploy))
    (error,) = caught.value.diagnostics
    assert (error.code, error.message_text) == (
        "E0501",
        "Rigetti Ankaa-3 cannot make gates depend on measured bits, as `fed` does",
    )
    texts, _ = compiled(program(FED, deploy.splitlines()[0]))
    assert "adaptive_profile" in texts["fed.azure_quantinuum_h2.ll"]


def test_what_a_dialect_cannot_say_is_an_error_at_the_circuit(program):
    with pytest.raises(CompileError) as caught:
        compiled(program(PROGRAM), target="quantinuum:h2", dialect="quantinuum")
    (error,) = caught.value.diagnostics
    assert error.code == "E0501" and error.at.text == "turned"
    assert error.message_text == "Quantinuum's OpenQASM 2 needs numbers for `x`"
    assert "--input" in error.help_text


def test_before_it_has_numbers_a_circuit_is_a_template(program):
    """Quantinuum's OpenQASM 2 has no inputs."""
    path = program(PROGRAM, 'deploy turned to quantinuum("h2") { shots = 100 }')
    texts, notes = compiled(path)
    text = texts["turned.quantinuum_h2.qasm"]
    assert "input float[64] x_;" in text and "rzz(" in text
    (_, entry) = json.loads(texts["manifest.json"])["circuits"][0]["files"]
    assert (entry["dialect"], entry["certificate"]["equal"]) == ("openqasm3", "results")
    (note,) = notes
    assert "a template in OpenQASM 3; Quantinuum's OpenQASM 2 has no inputs, give --state" in note
    texts, notes = compiled(path, inputs=bound(path))
    assert "hqslib1.inc" in texts["turned.quantinuum_h2.qasm"] and not notes


def test_without_qdk_azure_is_told_what_to_install(program, monkeypatch):
    monkeypatch.setitem(sys.modules, "qdk", None)
    with pytest.raises(CompileError) as caught:
        compiled(program(FED), target="azure:quantinuum_h2")
    (error,) = caught.value.diagnostics
    assert error.message_text == "QIR is made by Microsoft's `qdk`, which is not installed"
    assert error.help_text == "pip install 'qmlc[azure]'"


def test_what_lacks_a_setting_is_named(program):
    text = "circuit wide(n: int)() -> real {\n qubit q[n]\n h q\n return expval(Z(q[0]))\n}\n"
    path = program(text)
    assert emit_stage(path, "qasm3", CompileOptions()) == "// wide: give --set n=… to write it\n"
    assert "qubit[2] q;" in emit_stage(path, "qasm3", CompileOptions(settings={"n": 2}))
