"""A file of OpenQASM, and what it was made of."""

from __future__ import annotations

from dataclasses import dataclass

from qmlc.backends.qasm.emit_openqasm import DeviceProgram
from qmlc.output.find_circuits import Use


@dataclass(frozen=True)
class CircuitFile:
    """A file with OpenQASM of a circuit; for a device, the part of its program in it."""

    use: Use
    name: str
    dialect: str
    device: DeviceProgram | None = None
    group: int = 0
    qir: str = ""
    """The name of the file with the same as QIR, if there is one."""
