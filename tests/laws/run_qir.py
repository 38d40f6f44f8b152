"""QIR, the language of LLVM in which Azure Quantum takes circuits: made by qdk, run in complex128.

Of LLVM only this is read: calls of gates and measurements, jumps on what was measured, and truth
values that depend on where one came from.
"""

import os
import re
from dataclasses import dataclass, field, replace

import numpy as np
from qasm_oracles import project

from qmlc.ops.matrices import embed, gate_matrix

CALL = re.compile(r"call .*@__quantum__(qis|rt)__(\w+?)(?:__(body|adj))?\((.*)\)")
MEASURED = ("m", "mz", "mresetz")


def qir_text(text, adaptive=False):
    """The QIR that Microsoft's qdk makes of a text of OpenQASM."""
    os.environ["QDK_PYTHON_TELEMETRY"] = "none"
    from qdk import TargetProfile, openqasm

    profile = TargetProfile.Adaptive_RI if adaptive else TargetProfile.Base
    return str(openqasm.compile(text, target_profile=profile))


@dataclass(frozen=True)
class Branch:
    """A state, what was measured, the truth values, the block and the one before, the output."""

    state: np.ndarray
    results: dict = field(default_factory=dict)
    values: dict = field(default_factory=dict)
    block: str = ""
    before: str = ""
    output: tuple = ()


def run_qir(text, size):
    """(unnormalised state, outcomes in the order of the output) of every branch."""
    blocks, name = {}, None
    body = text.split("@ENTRYPOINT__main", 1)[1].split("\n}")[0]
    for line in body.splitlines()[1:]:
        if label := re.match(r"(\w+):", line):
            name = label[1]
            blocks[name] = []
        elif line.strip():
            blocks[name].append(line.strip())
    start = np.zeros(2**size, dtype=complex)
    start[0] = 1
    return [(b.state, b.output) for b in _run(blocks, next(iter(blocks)), Branch(start))]


def _run(blocks, name, branch):
    branches = [replace(branch, block=name, before=branch.block)]
    for line in blocks[name]:
        branches = [new for b in branches for new in _line(blocks, line, b)]
    return branches


def _line(blocks, line, branch):
    if jump := re.match(r"br label %(\w+)", line):
        return _run(blocks, jump[1], branch)
    if jump := re.match(r"br i1 %(\w+), label %(\w+), label %(\w+)", line):
        return _run(blocks, jump[2] if branch.values[jump[1]] else jump[3], branch)
    if call := CALL.search(line):
        return _call(line, branch, *call.groups())
    if line.startswith("ret "):
        return [branch]
    name, text = line.removeprefix("%").split(" = ")
    return [_valued(branch, name, _value(text, branch))]


def _valued(branch, name, value):
    return replace(branch, values=branch.values | {name: value})


def _value(text, branch):
    """A truth value: another one's opposite, or one for each block that one may come from."""
    if chosen := re.match(rf"phi i1 .*\[([^,]*), %{branch.before}\]", text):
        return branch.values[chosen[1][1:]] if chosen[1][0] == "%" else chosen[1] == "true"
    negated = re.match(r"(?:xor i1 %(\w+), true|icmp eq i1 %(\w+), false)", text)
    return not branch.values[negated[1] or negated[2]]


def _call(line, branch, room, name, form, arguments):
    angles = [float(x) for x in re.findall(r"double (\S+?)(?:,|$)", arguments)]
    places = [int(x) for x in re.findall(r"i64 (\d+) to %(?:Qubit|Result)\*", arguments)]
    if name == "read_result":
        return [_valued(branch, line.split()[0][1:], branch.results[places[0]])]
    if name == "result_record_output":
        return [replace(branch, output=(*branch.output, branch.results[places[0]]))]
    if room == "rt":
        return [branch]
    if name in (*MEASURED, "reset"):
        return list(_measure(branch, name, places))
    matrix = gate_matrix(name, angles)
    matrix = matrix.conj().T if form == "adj" else matrix
    size = len(branch.state).bit_length() - 1
    return [replace(branch, state=embed(matrix, places, size) @ branch.state)]


def _measure(branch, name, places):
    for outcome in (0, 1):
        state = project(branch.state, places[0], outcome, name in ("mresetz", "reset"))
        if np.vdot(state, state).real > 1e-14:
            seen = {places[1]: outcome} if name in MEASURED else {}
            yield replace(branch, state=state, results=branch.results | seen)
