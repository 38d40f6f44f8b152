"""What a device cannot run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from qmlc.source.diagnostic import Problem


@dataclass(frozen=True)
class NotForTarget(Problem):
    """A circuit cannot be written for the target that was asked for.

    A device must be told a method for an evolution whose terms do not commute
    (`evolve(H, time=t, method=trotter(steps=10))`), has a number of qubits, and yields measured
    values only. OpenQASM 2 has no inputs: bind them with `--state` and `--input`, or leave the
    dialect to the device, which gets a template in OpenQASM 3 then. Each dialect of OpenQASM lacks
    something else; `--dialect openqasm3` lacks least.
    """

    code: ClassVar[str] = "E0501"
    title: ClassVar[str] = "not for this target"


@dataclass(frozen=True)
class BeyondLimits(Problem):
    """A device does not take as much at once as is asked for.

    Vendors limit how often a circuit runs (shots), and how often all circuits of a task run
    (executions). `qmlc explain ibm:torino` prints the limits of a device that are published, and
    where. An expectation value takes a circuit for each group of observables that can be measured
    together.
    """

    code: ClassVar[str] = "E0506"
    title: ClassVar[str] = "beyond the limits of a device"
