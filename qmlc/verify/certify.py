"""Prove that emitted texts yield what their source says, by the first method that can."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from qmlc.backends.qasm.emit_openqasm import DeviceProgram
from qmlc.backends.qasm.transpile_circuit import DeviceCircuit
from qmlc.ir.circuit import Circuit, Result
from qmlc.verify.by_decision_diagrams import by_decision_diagrams
from qmlc.verify.by_stabilisers import by_stabilisers
from qmlc.verify.by_statevectors import by_statevectors
from qmlc.verify.emitted import Emitted, Text, Values
from qmlc.verify.read_openqasm import read_openqasm
from qmlc.verify.read_qir import KEPT
from qmlc.verify.verdict import BUDGETS, Certificate, Difference, Undecided, Verdict
from qmlc.verify.written import Written

METHODS: tuple[Callable[[Emitted, float], Certificate | Difference], ...] = (
    by_statevectors,
    by_stabilisers,
    by_decision_diagrams,
)
"""From the strongest to the weakest."""


def certify_text(
    source: Circuit, circuit: Circuit, given: Values, text: str, effort: str = "auto"
) -> Verdict:
    """Whether `text`, written for `circuit`, is what `source` says; no bits but its own."""

    def emitted() -> Emitted:
        written = read_openqasm(text)
        _require_returned(written)
        every, bits = tuple(range(circuit.num_qubits)), tuple(range(len(written.bits)))
        return Emitted(source, circuit, given, (Text(written, every, every, bits),))

    return _certify(emitted, effort)


def certify_program(
    source: Circuit,
    circuit: Circuit,
    given: Values,
    program: DeviceProgram,
    texts: Sequence[str],
    effort: str = "auto",
) -> Verdict:
    """Whether a device that runs `texts` measures the results of `source`."""

    def emitted() -> Emitted:
        read = tuple(
            _device_text(text, made) for text, made in zip(texts, program.circuits, strict=True)
        )
        plan = program.plan if program.plan.readings else None
        if plan is None:
            _require_returned(read[0].written)
        if plan is None and program.circuits[0].target.native:
            # vendors' native gates leave out the phases that no measurement sees
            seen = Result("probs", qubits=tuple(range(source.num_qubits)))
            return Emitted(
                replace(source, results=(seen,)), replace(circuit, results=(seen,)), given, read
            )
        return Emitted(source, circuit, given, read, plan)

    return _certify(emitted, effort)


def _device_text(text: str, made: DeviceCircuit) -> Text:
    """A text, and where the qubits of the circuit lie in it."""
    written = read_openqasm(text)
    places = list(range(made.circuit.num_qubits))
    if made.target.labels and written.qubits[:1] == ("$0",):
        # a physical qubit has the number that its vendor gives it
        places = [int(re.sub(r"\D", "", label)) for label in made.target.labels]
    starts, ends = (tuple(places[q] for q in layout) for layout in (made.layout, made.final_layout))
    return Text(written, starts, ends, tuple(range(len(written.bits))))


def _require_returned(written: Written) -> None:
    """Undecided where QIR does not return all bits: which ones they are, it does not say."""
    if KEPT in "".join(written.bits):
        raise Undecided("QIR does not return all bits")


def _certify(make: Callable[[], Emitted], effort: str) -> Verdict:
    reasons = []
    try:
        emitted = make()
        for method in METHODS:
            try:
                return method(emitted, BUDGETS[effort])
            except Undecided as undecided:
                reasons.append(undecided.reason)
    except Undecided as undecided:
        reasons.append(undecided.reason)
    return Undecided("; ".join(reasons))
