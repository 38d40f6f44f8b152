"""Laws: a printed program is its circuit, and an imported one its file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from qasm_oracles import VALUES, measured_circuits, unitary_circuits

from qmlc.backends.hqm.errors import NotPrintable
from qmlc.backends.hqm.print_hqm import print_hqm
from qmlc.backends.qasm.emit_openqasm import emit_openqasm, scalar_values
from qmlc.driver import analyse
from qmlc.ir.circuit import Result
from qmlc.output.import_openqasm import import_openqasm
from qmlc.source.span import Source
from qmlc.testing.oracle import simulate
from qmlc.testing.strategies import circuits


def compiled(text):
    """The circuit of a program."""
    program = analyse(Source("printed.hqm", text)).checked().program
    (unit,) = [u for u in program.units if u.kind == "circuit"]
    return unit.circuit


def values_of(circuit, numbers):
    """Some number for each element of the inputs and parameters."""
    stream = iter(numbers * 100)
    return {
        v.name: np.array([next(stream) for _ in range(int(np.prod(v.shape)))]).reshape(v.shape)
        for v in (*circuit.inputs, *circuit.parameters)
    }


def same(left, right, values):
    for a, b in zip(simulate(left, values), simulate(right, values), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-9)


NUMBERS = st.lists(st.floats(-2, 2).map(lambda a: round(a, 2)), min_size=6, max_size=6)


@given(st.one_of(circuits(), circuits(measurements=True)), NUMBERS)
def test_a_printed_program_is_its_circuit(circuit, numbers):
    assume(all(i.name != "unitary" for i in circuit.instructions))
    try:
        text = print_hqm(circuit)
    except NotPrintable as error:
        assert "measured in a branch" in error.message
        return
    found = compiled(text)
    same(found, circuit, values_of(circuit, numbers))
    assert print_hqm(compiled(print_hqm(found))) == print_hqm(found)


def imported(text, name="file.qasm"):
    return compiled(import_openqasm(Source(name, text), Path(name)))


@given(st.one_of(unitary_circuits(), measured_circuits()), VALUES)
def test_openqasm_is_imported_as_it_was_written(circuit, values):
    """All qubits' probabilities at the end, and the state where nothing was measured."""
    measured = any(not i.unitary for i in circuit.instructions)
    kind = "probs" if measured else "state"
    result = Result(kind, qubits=tuple(range(circuit.num_qubits)))
    wanted = simulate(replace(circuit, results=(result,)), values)
    found = imported(emit_openqasm(circuit))
    scalars = scalar_values(circuit, values)
    same_numbers(found, {v.name: scalars[v.name] for v in found.inputs}, result, wanted)


@given(st.one_of(unitary_circuits(), measured_circuits()), VALUES)
def test_openqasm2_is_imported_as_it_was_written(circuit, values):
    result = Result("probs", qubits=tuple(range(circuit.num_qubits)))
    wanted = simulate(replace(circuit, results=(result,)), values)
    same_numbers(imported(emit_openqasm(circuit, "openqasm2", values)), {}, result, wanted)


def same_numbers(found, values, result, wanted):
    (number,) = simulate(replace(found, results=(result,)), values)
    np.testing.assert_allclose(number, wanted[0], atol=1e-8)
