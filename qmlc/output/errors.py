"""What a device or a form of OpenQASM cannot take, and what handed-over numbers do not fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from qmlc.source.diagnostic import Problem


@dataclass(frozen=True)
class NotForTarget(Problem):
    """A circuit cannot be written for the target that was asked for.

    A device must be told a method for an evolution whose terms do not commute
    (`evolve(H, time=t, method=trotter(steps=10))`), has a number of qubits, and yields measured
    values only. OpenQASM 2 has no inputs: bind them with `--state` and `--input`.
    """

    code: ClassVar[str] = "E0501"
    title: ClassVar[str] = "not for this target"


@dataclass(frozen=True)
class NoSuchTarget(Problem):
    """There is no device of that name; `qmlc targets` lists them."""

    code: ClassVar[str] = "E0502"
    title: ClassVar[str] = "no such target"


@dataclass(frozen=True)
class BadNumbers(Problem):
    """The numbers handed over for inputs or parameters do not fit the circuit."""

    code: ClassVar[str] = "E0602"
    title: ClassVar[str] = "numbers do not fit"
