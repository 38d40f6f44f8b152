"""What is wrong with exporting a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from qmlc.source.compile_error import CompileError
from qmlc.source.diagnostic import Problem
from qmlc.source.span import NOWHERE

INSTEAD = "`--emit aoti` packages the model with its circuits as they run here"
"""What is proposed for what ONNX cannot hold."""


@dataclass(frozen=True)
class NotExportable(Problem):
    """A model cannot be written in the format asked for with `--emit onnx` or `--emit aoti`.

    ONNX has neither complex numbers nor circuits, so circuits are written as real arithmetic on
    their amplitudes: those of many qubits or gates, and results that are drawn at random, are
    not. A package of AOTInductor (`--emit aoti`) calls the kernels that run circuits here, of any
    size, and needs a C++ compiler to be made. Both need a package of Python to be installed, and
    all sizes of the model's weights to be known.
    """

    code: ClassVar[str] = "E0609"
    title: ClassVar[str] = "a model cannot be exported"


class NotExportableError(CompileError):
    """What raises it."""

    def __init__(self, what: str, proposal: str = "") -> None:
        super().__init__((NotExportable(NOWHERE, what=what, proposal=proposal),))
