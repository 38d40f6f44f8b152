"""Circuits mean the same at all levels, in all forms, on all devices: `make test-deep` is this."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from qmlc.backends.hqm.errors import NotPrintable
from qmlc.backends.hqm.print_hqm import print_hqm
from qmlc.backends.qasm.bind_circuit import bind_circuit
from qmlc.backends.qasm.build_qiskit import to_qiskit
from qmlc.backends.qasm.emit_openqasm import emit_device_program, emit_openqasm, scalar_values
from qmlc.backends.qasm.errors import NotExpressible
from qmlc.backends.qasm.read_qiskit import read_qiskit
from qmlc.backends.qasm.transpile_circuit import transpile_circuit
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.circuit import Result
from qmlc.ir.modify_gates import inverse
from qmlc.ir.operator import Operator
from qmlc.ir.program import Program, Unit
from qmlc.ops.gates import GATES, Phase, Rotation
from qmlc.output.errors import UnreadableCircuit
from qmlc.output.import_openqasm import import_openqasm
from qmlc.passes.optimise_for_device import optimise_for_device
from qmlc.passes.pipeline import optimise
from qmlc.source.compile_error import CompileError
from qmlc.source.span import Source
from qmlc.targets.read_dialect import list_dialects, read_dialect
from qmlc.targets.read_target import read_target
from qmlc.testing import as_circuit, assert_equivalent, circuits, gates, parameter_values, targets
from qmlc.types.tensors import TensorType
from qmlc.verify.certify import certify_program, certify_text
from qmlc.verify.verdict import Certificate

DEEP = settings.default.max_examples > 100
WIDTH, LENGTH = (8, 24) if DEEP else (4, 10)

unitary = circuits(WIDTH, LENGTH, kinds=(), preparation=False)
measured = circuits(WIDTH, LENGTH, kinds=(), preparation=False, measurements=True)
any_circuit = st.one_of(unitary, measured)
returning = st.one_of(
    circuits(min(WIDTH, 6), LENGTH), circuits(min(WIDTH, 6), LENGTH, measurements=True)
)
measurable = st.one_of(
    circuits(WIDTH, LENGTH, kinds=("expval", "variance", "probs")),
    circuits(WIDTH, LENGTH, kinds=("expval", "variance", "probs"), measurements=True),
)
# parsing takes its time
narrow = st.one_of(
    circuits(4, 10, kinds=(), preparation=False),
    circuits(4, 10, kinds=(), preparation=False, measurements=True),
)
levels = st.integers(0, 3)
LOGICAL = tuple(name for name in list_dialects() if not read_dialect(name).physical)
"""The dialects of circuits that are for no device."""


def optimised(circuit, level):
    """A circuit after the pipeline of programs."""
    unit = Unit(circuit.name, "C", "circuit", (), TensorType("real"), circuit=circuit)
    return optimise(Program("p", units=(unit,)), level).units[0].circuit


def gates_only(circuit):
    return all(i.unitary for i in circuit.instructions)


def express(function, *arguments, **options):
    """What a form or device takes; others are not drawn."""
    try:
        return function(*arguments, **options)
    except (NotExpressible, NotPrintable):
        assume(False)
    except CompileError as error:
        assume(error.diagnostics[0].code != UnreadableCircuit.code)
        raise


@given(any_circuit, levels)
def test_levels_keep_what_is_done(circuit, level):
    assert_equivalent(circuit, optimised(circuit, level))


@given(returning, levels)
def test_levels_keep_what_is_returned(circuit, level):
    assert_equivalent(circuit, optimised(circuit, level))


@given(st.data(), any_circuit, levels)
def test_qiskit_has_the_same_circuit(data, circuit, level):
    values = data.draw(parameter_values(circuit))
    better = optimised(circuit, level)
    written = express(to_qiskit, better, arithmetic_only=True)
    assert_equivalent(circuit, written, {**values, **scalar_values(better, values)})
    bound = to_qiskit(better, values)
    assert_equivalent(circuit, bound, values)
    again = read_qiskit(bound)
    # a bit that is measured within its own branch becomes two
    assume(again.num_bits == circuit.num_bits)
    assert_equivalent(circuit, to_qiskit(again), values)


@given(st.data(), any_circuit, levels)
def test_openqasm_has_the_same_circuit(data, circuit, level):
    values = data.draw(parameter_values(circuit))
    better = optimised(circuit, level)
    text = express(emit_openqasm, better)
    assert_equivalent(circuit, text, {**values, **scalar_values(better, values)})
    older = express(emit_openqasm, better, "openqasm2", values)
    assert_equivalent(circuit, older, values, phase=False)


@given(st.data(), narrow)
def test_programs_are_imported_as_the_same_circuit(data, circuit):
    values = data.draw(parameter_values(circuit))
    text = express(emit_openqasm, circuit, "openqasm2", values)
    program = express(import_openqasm, Source("drawn.qasm", text), Path("drawn.qasm"))
    # global phases are lost in OpenQASM 2
    assert_equivalent(returns("probs", circuit), returns("probs", as_circuit(program)), values)


def returns(kind, circuit):
    """A circuit that returns its state or all probabilities."""
    return replace(circuit, results=(Result(kind, qubits=tuple(range(circuit.num_qubits))),))


def measured_twice(registers):
    """Found by `make test-deep`: a list of qubits is not measured as one."""
    c = CircuitBuilder("c")
    qubits = [q for n in range(registers) for q in c.qubits(f"q{n}")]
    c.measure([qubits[0], qubits[-1]], c.bits("c", 2))
    c.x(qubits[0])
    return c.build()


@given(narrow)
@example(measured_twice(1))
@example(measured_twice(2))
def test_printed_programs_have_the_same_circuit(circuit):
    complete = returns("state" if gates_only(circuit) else "probs", circuit)
    assert_equivalent(complete, express(print_hqm, complete))


@given(st.data(), any_circuit, levels, st.sampled_from(LOGICAL))
def test_dialects_say_the_same_circuit(data, circuit, level, dialect):
    """As our own reader has them, which knows nothing of the printer."""
    free = read_dialect(dialect).inputs and data.draw(st.booleans())
    values = {} if free else data.draw(parameter_values(circuit))
    better = optimised(circuit, level)
    text = express(emit_openqasm, better, dialect, values)
    verdict = certify_text(circuit, better, values, text, "full")
    assert isinstance(verdict, Certificate), verdict
    assert verdict.equal == "unitary", verdict


@given(st.data(), measurable, levels, st.integers(0, 9), st.booleans())
def test_devices_return_the_same_results(data, circuit, level, seed, bound):
    """The whole of a compilation: passes, forms, routing, measurements, a device's text."""
    target = data.draw(targets(circuit.num_qubits))
    dialect = data.draw(st.sampled_from([None] * len(list_dialects()) + list(list_dialects())))
    bound = bound or not read_dialect(dialect or target.dialect).inputs
    values = data.draw(parameter_values(circuit)) if bound else {}
    returns_the_same(circuit, target, values, dialect, level, seed)


def returns_the_same(circuit, target, values=None, dialect=None, level=0, seed=0):
    better = optimised(circuit, level)
    program = express(
        emit_device_program, better, target, values, dialect, level=level, seed=seed, tries=1
    )
    verdict = certify_program(circuit, better, values or {}, program, program.texts, "full")
    assert isinstance(verdict, Certificate), verdict


@pytest.mark.parametrize(
    ("strings", "number"),
    [
        (["XX", "YY"], 0.0),  # nothing is left of ZZ in the square
        (["XI", "YY", "IX", "ZZ"], 0.01),  # rounding left something of YZ
    ],
)
def test_groups_of_measurements_do_not_depend_on_numbers(strings, number):
    """Found by `make test-deep`: the plan was the circuit's, the files those of the bound one."""
    c = CircuitBuilder("c")
    x = c.input("x")
    c.qubits("q", 2)
    c.returns(
        "variance", Operator.from_labels([(s, x if s == strings[-1] else 1) for s in strings])
    )
    returns_the_same(c.build(), read_target("quantinuum:h1"), {"x": number})


def test_rounding_is_no_difference():
    """Found by `make test-deep`: where a coefficient is 1e11, 1e-5 is nothing."""
    c = CircuitBuilder("c")
    x, (q,) = c.input("x"), c.qubits("q")
    c.rz(x, q)
    c.expval(Operator.from_labels([("X", 1e12)]))
    returns_the_same(c.build(), read_target("azure:ionq_aria"))


@given(st.data(), any_circuit, levels, st.integers(0, 9), st.booleans())
def test_devices_run_the_same_circuit(data, circuit, level, seed, bound):
    """Bound before or after; whatever the seed."""
    target = data.draw(targets(circuit.num_qubits))
    values = data.draw(parameter_values(circuit))
    given_values = values if bound else None
    (device,) = express(
        transpile_circuit, circuit, target, given_values, measure=False, level=level, seed=seed,
        tries=1,
    )  # fmt: skip
    known = {**values, **scalar_values(circuit, values)}
    # Qiskit leaves out rotations that change a gate's fidelity by less than about 1e-9
    assert_equivalent(circuit, device, known, phase=False, everywhere=False, tolerance=1e-4)


@given(any_circuit, st.sampled_from([("cx",), ("cz",), ("rzz",), ("rxx",)]), st.booleans())
def test_passes_for_devices_keep_what_is_done(circuit, native, whole):
    keep = "unitary" if whole and gates_only(circuit) else "state"
    after = optimise_for_device(circuit, native, keep)
    assert_equivalent(circuit, after, everywhere=keep == "unitary")


@given(st.data(), any_circuit, levels)
def test_binding_before_is_binding_after(data, circuit, level):
    values = data.draw(parameter_values(circuit))
    before = optimised(bind_circuit(circuit, values), level)
    after = bind_circuit(optimised(circuit, level), values)
    assert_equivalent(before, after)


@given(unitary, levels)
def test_a_circuit_and_its_inverse_are_nothing(circuit, level):
    both = (*circuit.instructions, *inverse(circuit.instructions))
    nothing = replace(circuit, instructions=())
    assert_equivalent(optimised(replace(circuit, instructions=both), level), nothing)


@given(st.data(), any_circuit, levels)
def test_qubits_may_have_other_numbers(data, circuit, level):
    order = data.draw(st.permutations(range(circuit.num_qubits)))

    def relabelled(subject, places):
        moved = (
            replace(i, qubits=tuple(places[q] for q in i.qubits)) for i in subject.instructions
        )
        return replace(subject, instructions=tuple(moved))

    back = [order.index(q) for q in range(circuit.num_qubits)]
    found = relabelled(optimised(relabelled(circuit, order), level), back)
    assert_equivalent(circuit, found)


@given(st.data(), any_circuit, levels)
def test_what_undoes_itself_may_be_added(data, circuit, level):
    place = data.draw(st.integers(0, len(circuit.instructions)))
    extra = data.draw(gates(circuit.num_qubits))
    around = (extra, *inverse([extra]))
    steps = circuit.instructions
    more = replace(circuit, instructions=(*steps[:place], *around, *steps[place:]))
    assert_equivalent(circuit, optimised(more, level))


@given(any_circuit, levels)
def test_angles_may_be_split(circuit, level):
    found = []
    for i in circuit.instructions:
        splits = isinstance(GATES.get(i.name), Rotation | Phase) or i.name in ("rotation", "gphase")
        half = replace(i, angles=tuple(a * 0.5 for a in i.angles)) if splits else i
        found += [half, half] if splits else [i]
    assert_equivalent(circuit, optimised(replace(circuit, instructions=tuple(found)), level))


@given(st.data(), any_circuit, levels)
def test_gates_apart_may_change_places(data, circuit, level):
    steps = list(circuit.instructions)
    for place in data.draw(st.lists(st.integers(0, max(len(steps) - 2, 0)), max_size=6)):
        pair = steps[place : place + 2]
        apart = len(pair) == 2 and not set(pair[0].qubits) & set(pair[1].qubits)
        if apart and all(i.condition is None and not i.bits for i in pair):
            steps[place : place + 2] = reversed(pair)
    assert_equivalent(circuit, optimised(replace(circuit, instructions=tuple(steps)), level))
