"""`prepare(x) q`: from |0…0> to the normalised vector `x`."""

from __future__ import annotations

from qmlc.check.errors.qubits import WrongOperands
from qmlc.check.errors.types import WrongArguments
from qmlc.check.evaluate import require_value
from qmlc.check.frame import Frame
from qmlc.check.values import describe, fail
from qmlc.ir.array import Array
from qmlc.ir.circuit import Instruction
from qmlc.ir.operator import Operator
from qmlc.syntax import tree


def preparation(frame: Frame, node: tree.Apply, qubits: tuple[int, ...]) -> list[Instruction]:
    """The instruction that prepares `qubits`, nothing having acted on them."""
    assert frame.circuit is not None
    if frame.circuit.dirty & set(qubits):
        what = "amplitudes are prepared on qubits in |0>, before any gate"
        place = frame.circuit.statement or node.span
        fail(WrongOperands, place, what, "these were used before", "prepare them first")
    if len(node.gate.arguments) != 1 or node.gate.keywords:
        fail(WrongArguments, node.gate, "`prepare` takes one vector", "does not fit")
    value = require_value(frame, node.gate.arguments[0])
    size = 2 ** len(qubits)
    numbers = isinstance(value, Array) and not any(isinstance(v, Operator) for v in value.items)
    if not numbers or value.shape != (size,):
        what = f"{len(qubits)} qubits have {size} amplitudes"
        fail(WrongArguments, node.gate.arguments[0], what, f"this is {describe(value)}")
    return [Instruction("prepare", qubits, value.items)]
