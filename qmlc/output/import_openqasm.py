"""A file in OpenQASM as a program."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from qmlc.backends.hqm.errors import NotPrintable
from qmlc.backends.hqm.print_hqm import print_hqm
from qmlc.backends.qasm.errors import NotReadable
from qmlc.backends.qasm.load_openqasm import Refused, load_openqasm
from qmlc.backends.qasm.read_definitions import read_definitions, used_definitions
from qmlc.backends.qasm.read_qiskit import read_qiskit
from qmlc.backends.qasm.return_results import return_results
from qmlc.output.errors import UnreadableCircuit
from qmlc.source.compile_error import CompileError
from qmlc.source.span import NOWHERE, Source, Span


def import_openqasm(source: Source, path: Path) -> str:
    """The program that a text in OpenQASM 2 or 3 is; CompileError.

    Inputs stay inputs, registers and gates keep their names. It returns the probabilities of what
    is measured at the end, or the state. `path` names the circuit, and is where included files lie.
    """
    try:
        circuit = load_openqasm(source, path.parent)
        definitions = read_definitions(source.text)
        inputs = [p.name for p in circuit.parameters]
        read = return_results(read_qiskit(circuit, inputs, kept=definitions, matrices=False))
        used = used_definitions(read.instructions, definitions.values())
        return print_hqm(replace(read, name=path.stem), used, [f"Imported from {path.name}."])
    except Refused as error:
        raise _error(error.message, "", error.place) from None
    except (NotReadable, NotPrintable) as error:
        raise _error(error.message, error.proposal) from None


def _error(what: str, proposal: str, place: Span = NOWHERE) -> CompileError:
    return CompileError((UnreadableCircuit(place, what=what, proposal=proposal),))
