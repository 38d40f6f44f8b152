"""What a device or a form of OpenQASM cannot take, and what is wrong with the options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from qmlc.source.diagnostic import Problem


@dataclass(frozen=True)
class NoSuchTarget(Problem):
    """There is no device of that name; `qmlc targets` lists them."""

    code: ClassVar[str] = "E0502"
    title: ClassVar[str] = "no such target"


@dataclass(frozen=True)
class WrongOpenQASM(Problem):
    """The OpenQASM that was made of a circuit does not do what the circuit says.

    Every text is read again and compared with the program before it is written; this one differs,
    at the numbers that are named, and nothing was written. It is a bug in the compiler or in
    Qiskit. `--verify off` writes the text all the same.
    """

    code: ClassVar[str] = "E0505"
    title: ClassVar[str] = "OpenQASM that differs"


@dataclass(frozen=True)
class BadNumbers(Problem):
    """The numbers handed over for inputs or parameters do not fit the circuit."""

    code: ClassVar[str] = "E0602"
    title: ClassVar[str] = "numbers do not fit"


@dataclass(frozen=True)
class NoSuchSetting(Problem):
    """A setting was given that no part of the program has, or a size that is no whole number.

    `--set n=6` (in Python `qmlc.load("p.hqm", n=6)`) fills a setting or a size of every part that
    has one of that name, `--set qaoa.n=6` only that of `qaoa`.
    """

    code: ClassVar[str] = "E0603"
    title: ClassVar[str] = "no such setting"


@dataclass(frozen=True)
class UnwritableFile(Problem):
    """A file cannot be written: the folder is read-only, is a file, or the disk is full.

    What stood there before is left as it was.
    """

    code: ClassVar[str] = "E0604"
    title: ClassVar[str] = "unwritable file"


@dataclass(frozen=True)
class UnreadableCircuit(Problem):
    """A circuit from elsewhere holds what cannot be read: the instruction is named.

    `qmlc.from_qiskit` and `qmlc import` read gates (a gate without a row here is what its
    definition or its matrix says), measurement, reset, barriers, delays in seconds, and branches on
    bits; of OpenQASM 3 also loops, subroutines and classical variables that do not depend on a
    measurement. Those that do have no counterpart here.
    """

    code: ClassVar[str] = "E0607"
    title: ClassVar[str] = "a circuit that cannot be read"
