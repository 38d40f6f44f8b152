"""What can be asked of a compilation, and what it reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class CompileOptions:
    """What the command line and Python can ask of a compilation."""

    output: Path | None = None
    target: str | None = None
    dialect: str | None = None
    """Of OpenQASM: else a device's own, or `openqasm3`."""
    state: Path | None = None
    """Trained weights (safetensors) that circuits are bound to."""
    inputs: Mapping[str, Path] = field(default_factory=dict)
    """Numbers for inputs of circuits, by name."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings and sizes that the program leaves open, by name: `n`, or `qaoa.n`."""
    level: int = 2
    stages: tuple[str, ...] = ()
    """Stages to write beside the rest, such as `qasm2`."""
    exports: tuple[str, ...] = ()
    """Formats to write models in: `onnx`, `aoti`."""
    verify: str = "auto"
    """How hard to prove what is written: `off`, `auto` (a moment a circuit) or `full`."""


@dataclass(frozen=True)
class CircuitSummary:
    """A file of OpenQASM in short."""

    circuit: str
    form: str
    """`OpenQASM 3`, or the device that it is for."""
    qubits: int
    depth: int | None
    """None where Qiskit cannot say it before the circuit has numbers."""
    two_qubit_gates: int | None
    proved: str | None
    """What was proved equal to the program, in the words of a certificate; None where nothing."""
    file: str


@dataclass(frozen=True)
class Report:
    """The files that were written, and what a user should know of what was not."""

    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()
    circuits: tuple[CircuitSummary, ...] = ()


@dataclass(frozen=True)
class Output:
    """What a compilation makes of a program, before it stands in a folder."""

    program: str
    texts: Mapping[str, str | bytes]
    """The files by name; bytes are models for other runtimes."""
    notes: tuple[str, ...]
    circuits: tuple[CircuitSummary, ...]
