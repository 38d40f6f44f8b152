"""`KernelModule`: the overlaps of the states that a circuit prepares."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from torch import Tensor

from qmlc.ir.circuit import Circuit, Result
from qmlc.runtime.circuit_module import CircuitModule
from qmlc.runtime.overlaps import overlaps


class KernelModule(CircuitModule):
    """The matrix abs(<a|b>)**2 of `[..., M, n]` and `[..., N, n]`: `[..., M, N]`.

    Each row is prepared once, also where both are the same tensor; the overlaps are one matrix
    product.
    """

    def _adopt(self, circuit: Circuit) -> None:
        state = Result("state", qubits=tuple(range(circuit.num_qubits)))
        super()._adopt(replace(circuit, results=(state,)))

    def forward(self, a: Any, b: Any) -> Tensor:
        """The overlap of each row of `a` with each row of `b`, between 0 and 1."""
        left = super().forward(a)
        right = left if b is a else super().forward(b)
        return overlaps(left, right)
