"""Warnings of a gate statement: that it undoes the one before, that its angles are too large."""

from __future__ import annotations

from collections.abc import Sequence

from qmlc.check.errors.lints import GatesCancel, PrecisionLost
from qmlc.check.frame import Frame
from qmlc.ir.circuit import Instruction
from qmlc.ir.modify_gates import inverse
from qmlc.source.diagnostic import Label
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial, lift

LARGE = 1e5
"""From here on float32 (24 binary digits) knows a number to 0.008 at best."""
MAX_COMPARED = 1_000


def lint_gates(frame: Frame, node: tree.Apply, added: list[Instruction]) -> None:
    """Warn of what the circuit's own statement `node`, which added these, is hardly meant to do."""
    circuit = frame.circuit
    assert circuit is not None
    if circuit.capture is not None:
        return
    before, circuit.before = circuit.before, (node.span, added)
    if before is not None and undoes(added, before[1]):
        circuit.before = None
        frame.session.report(
            GatesCancel(
                node.span,
                (Label(before[0], "this is undone"),),
                what="two gate statements cancel each other",
                where="together they do nothing",
                proposal="remove both, or put between them what is meant to stand there",
            )
        )
    large = max([_magnitude(i) for i in added], default=0)
    if large >= LARGE:
        frame.session.report(
            PrecisionLost(
                node.gate.span,
                what=f"an angle with {large:g} in it is not precise in float32",
                where=f"known to {large * 2**-23:.2g} radians",
                proposal="scale the input down, or compute with `precision=float64`",
            )
        )


def undoes(late: Sequence[Instruction], early: Sequence[Instruction]) -> bool:
    """Whether gates are, as written, the inverse of those before them."""
    if not 0 < len(late) == len(early) <= MAX_COMPARED or late[-1].qubits != early[-1].qubits:
        return False
    if not all(i.unitary and _says_so(i) for i in early):
        return False
    wanted = inverse(early)
    if wanted == list(late):
        return True
    # gates on different qubits may stand in any order
    distinct = len({q for i in early for q in i.qubits}) == sum(len(i.qubits) for i in early)
    return distinct and wanted[::-1] == list(late)


def _says_so(instruction: Instruction) -> bool:
    """Whether it shows in the text that the angles cancel: of settings it may be by chance."""
    return all(lift(angle).constant is None for angle in instruction.angles)


def _magnitude(instruction: Instruction) -> float:
    """The largest number beside the symbols of an angle that holds any."""
    angles = [a for a in instruction.angles if isinstance(a, Polynomial) and a.constant is None]
    return max([abs(c) for a in angles for _, c in a.terms], default=0)
