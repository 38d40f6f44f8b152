"""A text of OpenQASM, once read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from qmlc.verify.steps import Steps


@dataclass(frozen=True)
class Written:
    """The names of inputs, qubits (`q[0]`, or `$0`) and bits, and what is done.

    `lower` makes steps of numbers for the inputs. Physical qubits are all those from `$0` on.
    """

    inputs: tuple[str, ...]
    qubits: tuple[str, ...]
    bits: tuple[str, ...]
    lower: Callable[[Mapping[str, float]], Steps]
