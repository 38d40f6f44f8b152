"""OpenQASM 2 and 3: by our own reader, and where that does not do, by Qiskit's. QIR: by ours."""

from __future__ import annotations

import re
from collections.abc import Mapping

import qiskit.qasm2
import qiskit.qasm3
from qiskit import QuantumCircuit

from qmlc.backends.qasm.bind_circuit import bind_circuit
from qmlc.backends.qasm.errors import NotReadable
from qmlc.backends.qasm.read_qiskit import read_qiskit
from qmlc.verify.lower_circuit import lower_circuit
from qmlc.verify.read_qir import is_qir, read_qir
from qmlc.verify.read_text import read_text
from qmlc.verify.split_tokens import Unreadable
from qmlc.verify.steps import Steps
from qmlc.verify.verdict import Undecided
from qmlc.verify.written import Written


def read_openqasm(text: str) -> Written:
    """What a text says; Undecided where no one can read it."""
    if is_qir(text):
        try:
            return read_qir(text)
        except Unreadable as unreadable:
            raise Undecided(str(unreadable)) from None
    try:
        return read_text(text)
    except Unreadable as unreadable:
        try:
            return _written(_load(text))
        except Undecided as error:
            raise Undecided(f"{unreadable}; {error}") from None


def _load(text: str) -> QuantumCircuit:
    second = re.search(r"^\s*OPENQASM\s+2", text, re.MULTILINE)
    try:
        return qiskit.qasm2.loads(text) if second else qiskit.qasm3.loads(text)
    # the importers raise errors of several packages, and some of Python's own
    except Exception as error:
        raise Undecided(f"Qiskit cannot read it: {error}") from error


def _written(loaded: QuantumCircuit) -> Written:
    try:
        circuit = read_qiskit(loaded, [p.name for p in loaded.parameters])
    except NotReadable as error:
        raise Undecided(error.message) from None
    if circuit.num_bits > loaded.num_clbits:
        raise Undecided("a bit is measured in a branch that depends on it")

    def lower(values: Mapping[str, float]) -> Steps:
        return lower_circuit(bind_circuit(circuit, values))

    qubits, bits = (_names(wires, loaded) for wires in (loaded.qubits, loaded.clbits))
    return Written(tuple(v.name for v in circuit.inputs), qubits, bits, lower)


def _names(wires: list[object], circuit: QuantumCircuit) -> tuple[str, ...]:
    places = (circuit.find_bit(wire).registers for wire in wires)
    return tuple(
        f"{found[0][0].name}[{found[0][1]}]" if found else str(i) for i, found in enumerate(places)
    )
