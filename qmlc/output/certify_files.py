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
    programs: dict[int, Verdict] = {}
    found: dict[str, Proof] = {}
    for file in files:
        source = elaborated.unit(file.use.unit.class_name).circuit
        assert source is not None
        circuit, given = file.use.circuit, file.use.values
        if file.device is None:
            verdict = certify_text(source, circuit, given, texts[file.name], effort)
        else:
            key = id(file.device)
            if key not in programs:
                own = [texts[f.name] for f in files if f.device is file.device]
                programs[key] = certify_program(source, circuit, given, file.device, own, effort)
            verdict = programs[key]
        if isinstance(verdict, Difference):
            raise _refuse(file, verdict)
        found[file.name] = verdict
    return found


def _refuse(file: CircuitFile, difference: Difference) -> CompileError:
    what = f"`{file.name}` would differ from the program: {difference}"
    proposal = "this is a bug in qmlc or in Qiskit; `-O 0` or another target may avoid it"
    place = file.use.unit.place or NOWHERE
    return CompileError((WrongOpenQASM(place, what=what, where="this circuit", proposal=proposal),))
