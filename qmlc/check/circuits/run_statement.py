"""`measure q`, `reset q`, `barrier q`, `delay(t) q`: statements of circuits that are no gates."""

from __future__ import annotations

from typing import Any

from qmlc.check.circuits.declare_variables import add_instruction, measure_qubits
from qmlc.check.circuits.evaluate_operands import Operand, evaluate_angle
from qmlc.check.errors.qubits import WrongOperands
from qmlc.check.errors.types import WrongArguments
from qmlc.check.frame import Frame
from qmlc.check.values import Qubits, fail
from qmlc.ir.circuit import Instruction
from qmlc.syntax import tree

UNITS = {"s": 1, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
"""Units of time that a `delay` knows, in seconds."""


def run_statement(frame: Frame, node: tree.Apply, name: str, operands: list[Operand]) -> None:
    """`measure q`, `reset q`, `barrier q`, `delay(t) q`."""
    circuit = frame.circuit
    assert circuit is not None
    if not operands and name == "barrier":
        operands = [Operand(Qubits(circuit.every_qubit(), True), node)]
    if not operands:
        fail(WrongOperands, node, f"`{name}` needs qubits", "none given", f"write `{name} q`")
    angles = _plain_angles(frame, node, name)
    qubits = tuple(q for o in operands for q in o.qubits.indices)
    if name == "barrier":
        add_instruction(frame, Instruction("barrier", qubits))
    elif name == "measure":
        for operand in operands:
            measure_qubits(frame, node, operand.qubits, "m")
    else:
        for qubit in qubits:
            add_instruction(frame, Instruction(name, (qubit,), angles))
    if name == "reset":
        circuit.mixed = circuit.mixed or node.span
        for qubit in qubits:
            circuit.measured.pop(qubit, None)


def _plain_angles(frame: Frame, node: tree.Apply, name: str) -> tuple[Any, ...]:
    """The time of a `delay`; the others take no number."""
    if name == "delay":
        if len(node.gate.arguments) != 1:
            what = "`delay` takes the time in seconds"
            fail(WrongArguments, node.gate, what, "not given", "write `delay(100 * ns) q`")
        inner = frame.inner()
        for unit, seconds in UNITS.items():
            inner.scope.bind(unit, seconds)
        return (evaluate_angle(inner, node.gate.arguments[0]),)
    if node.gate.arguments:
        fail(WrongArguments, node.gate, f"`{name}` takes no numbers", "too many")
    return ()
