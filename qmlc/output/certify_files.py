"""Prove of each file of OpenQASM that it is what the program says; refuse it if it is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from qmlc.ir.program import Program
from qmlc.output.circuit_file import CircuitFile
from qmlc.output.errors import WrongOpenQASM
from qmlc.source.compile_error import CompileError
from qmlc.source.span import NOWHERE
from qmlc.verify.certify import certify_program, certify_text
from qmlc.verify.verdict import Certificate, Difference, Undecided, Verdict

Proof: TypeAlias = Certificate | Undecided
"""What a file may be written with."""


def certify_files(
    elaborated: Program, files: Sequence[CircuitFile], texts: Mapping[str, str], effort: str
) -> dict[str, Proof]:
    """What is proved of each file, by its name, against the program as its author has written it.

    CompileError for a file that differs; nothing with the effort `off`.
    """
    if effort == "off":
        return {}
    found: dict[str, Proof] = {}
    for file in files:
        program = [f for f in files if f is file or (f.device and f.device is file.device)]
        for names in ([f.name for f in program], [f.qir for f in program]):
            if names[0] and names[0] not in found:
                verdict = _certify(elaborated, file, [texts[name] for name in names], effort)
                if isinstance(verdict, Difference):
                    raise _refuse(file, names[0], verdict)
                found |= dict.fromkeys(names, verdict)
    return found


def _certify(elaborated: Program, file: CircuitFile, texts: Sequence[str], effort: str) -> Verdict:
    """Whether the texts of a circuit, or of all its measurements on a device, are right."""
    source = elaborated.unit(file.use.unit.class_name).circuit
    assert source is not None
    circuit, given = file.use.circuit, file.use.values
    if file.device is None:
        return certify_text(source, circuit, given, texts[0], effort)
    return certify_program(source, circuit, given, file.device, texts, effort)


def _refuse(file: CircuitFile, name: str, difference: Difference) -> CompileError:
    what = f"`{name}` would differ from the program: {difference}"
    proposal = "this is a bug in qmlc or in Qiskit; `-O 0` or another target may avoid it"
    place = file.use.unit.place or NOWHERE
    return CompileError((WrongOpenQASM(place, what=what, where="this circuit", proposal=proposal),))
