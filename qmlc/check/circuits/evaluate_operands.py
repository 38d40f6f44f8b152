"""What a gate statement is given: qubits, and angles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qmlc.check.errors.names import WrongKind
from qmlc.check.errors.types import BadOperation
from qmlc.check.evaluate import attempt, require_value
from qmlc.check.frame import Frame
from qmlc.check.values import Qubits, Stop, as_qubits, describe, fail
from qmlc.ir.array import Array
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial


@dataclass(frozen=True)
class Operand:
    """Qubits, and where they are named."""

    qubits: Qubits
    node: tree.Node


def evaluate_operand(frame: Frame, node: tree.Expression) -> Operand:
    """The qubits of an operand; Stop where it is anything else."""
    value = require_value(frame, node)
    qubits = as_qubits(value)
    if qubits is None:
        fail(
            WrongKind,
            node,
            "a gate acts on qubits",
            f"this is {describe(value)}",
            "declare qubits with `qubit q[n]`",
        )
    return Operand(qubits, node)


def evaluate_operands(frame: Frame, node: tree.Apply) -> list[Operand]:
    """The operands of a gate statement; Stop where any is wrong, after a look at the rest of it."""
    operands = []
    for operand in node.operands:
        try:
            operands.append(evaluate_operand(frame, operand))
        except Stop as stop:
            frame.go_on(stop, operand.span)
    if len(operands) < len(node.operands):
        for argument in node.gate.arguments:
            attempt(frame, argument)
        raise Stop(None)
    return operands


def evaluate_angle(frame: Frame, node: tree.Expression) -> Any:
    """A number, or an array of numbers; Stop where it is anything else."""
    value = require_value(frame, node)
    if isinstance(value, bool) or not isinstance(value, int | float | Polynomial | Array):
        fail(BadOperation, node, "an angle is a number", f"this is {describe(value)}")
    return value
