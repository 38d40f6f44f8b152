"""Whatever is written is proved."""

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from qasm_oracles import VALUES, measured_circuits, unitary_circuits

from qmlc.backends.qasm.emit_openqasm import emit_device_program, emit_openqasm
from qmlc.backends.qasm.errors import NotExpressible, Unbound
from qmlc.passes.optimise_for_device import optimise_for_device
from qmlc.targets.read_dialect import list_dialects, read_dialect
from qmlc.targets.read_target import list_targets, read_target
from qmlc.testing.strategies import circuits
from qmlc.verify.certify import certify_program, certify_text
from qmlc.verify.verdict import Certificate

few = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[p for p in Phase if p.name not in ("shrink", "explain")],
)
DIALECTS = [d for d in list_dialects() if not read_dialect(d).physical]
TARGETS = st.sampled_from(list_targets())


@few
@given(st.one_of(unitary_circuits(), measured_circuits()))
def test_texts_are_proved(circuit):
    verdict = certify_text(circuit, circuit, {}, emit_openqasm(circuit))
    assert isinstance(verdict, Certificate), verdict
    assert verdict.equal == "unitary"


@few
@given(st.one_of(unitary_circuits(), measured_circuits(), circuits(max_gates=8)), TARGETS)
def test_programs_for_devices_are_proved(circuit, name):
    target = read_target(name)
    try:
        program = emit_device_program(circuit, target, level=2, tries=2)
    except (NotExpressible, Unbound):
        assume(False)
    verdict = certify_program(circuit, circuit, {}, program, program.texts)
    assert isinstance(verdict, Certificate), verdict


@few
@given(circuits(max_gates=8).filter(lambda c: c.results))
def test_a_circuit_that_only_keeps_its_results_is_proved_by_them(circuit):
    shorter = optimise_for_device(circuit, ("cx",), "results")
    try:
        text = emit_openqasm(shorter)
    except (NotExpressible, Unbound):
        assume(False)
    verdict = certify_text(circuit, shorter, {}, text)
    assert isinstance(verdict, Certificate), verdict


@few
@given(st.one_of(unitary_circuits(), measured_circuits(single=True)), st.data())
def test_texts_in_every_dialect_are_proved(circuit, data):
    name = data.draw(st.sampled_from(DIALECTS))
    values = None if read_dialect(name).inputs else data.draw(VALUES)
    try:
        text = emit_openqasm(circuit, name, values)
    except NotExpressible:
        assume(False)
    verdict = certify_text(circuit, circuit, values or {}, text)
    assert isinstance(verdict, Certificate), verdict
    assert verdict.equal == "unitary"
