"""Drawings of circuits, by Qiskit."""

from __future__ import annotations

from typing import Any

from qmlc.backends.qasm.build_qiskit import to_qiskit
from qmlc.ir.circuit import Circuit


def draw_circuit(circuit: Circuit, output: str = "text", values: Any = None) -> Any:
    """`circuit` drawn by Qiskit: a string for `text` and `latex_source`, a figure for `mpl`."""
    drawing = to_qiskit(circuit, values).draw(output=output, fold=100)
    return str(drawing) if output == "text" else drawing
