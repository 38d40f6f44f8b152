"""What is wrong with modules that do not come from the program's text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from qmlc.source.compile_error import CompileError
from qmlc.source.diagnostic import Problem
from qmlc.source.span import NOWHERE


@dataclass(frozen=True)
class ExternNotAllowed(Problem):
    """A program names code of its own (`extern layer`), and was not allowed to run it.

    Reading, checking and compiling a program never runs code that it names. Training, measuring and
    predicting do, so they ask: `qmlc train FILE --allow-extern`, in Python
    `qmlc.load(FILE, allow_extern=True)`. Allow it for programs whose code you would import
    yourself. Generated Python runs it as soon as you import it and make its modules.
    """

    code: ClassVar[str] = "E0605"
    title: ClassVar[str] = "extern code is not allowed"


@dataclass(frozen=True)
class ForeignModuleUnfit(Problem):
    """A module from elsewhere is not what the program takes it for.

    An `extern` class cannot be imported or made, or yields another type than declared; saved
    weights that are loaded into a part have other names or shapes; a pretrained model lacks
    weights, or the modules that are to be adapted.
    """

    code: ClassVar[str] = "E0606"
    title: ClassVar[str] = "a foreign module does not fit"


@dataclass(frozen=True)
class TooLarge(Problem):
    """The states that a circuit is simulated with do not fit in the memory that is free.

    A state doubles with each qubit, and with each measurement or reset between gates; each sample
    of a batch has one. `module.memory(samples)` says what a call needs, the manifest that `qmlc
    compile` writes what the states of one sample do. Take fewer qubits or a smaller `batch`; for
    a device, a circuit of any size can be compiled.
    """

    code: ClassVar[str] = "E0608"
    title: ClassVar[str] = "a simulation does not fit in memory"


class TooLargeError(CompileError, ValueError):
    """What raises it, as modules raise ValueError for calls that they cannot answer."""

    def __init__(self, what: str, proposal: str = "") -> None:
        super().__init__((TooLarge(NOWHERE, what=what, proposal=proposal),))


def unfit(what: str, proposal: str = "") -> CompileError:
    """The error that a module from elsewhere does not fit, to be raised."""
    return CompileError((ForeignModuleUnfit(NOWHERE, what=what, proposal=proposal),))
