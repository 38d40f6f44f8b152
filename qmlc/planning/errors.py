"""What cannot be planned, and wrong files of costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from qmlc.source.diagnostic import Problem


@dataclass(frozen=True)
class WrongHostCosts(Problem):
    """The file that says what work costs on a host cannot be read, or says something else.

    It is the one that the environment variable `QMLC_HOST` names; `QMLC_HOST=typical` takes the
    costs that qmlc brings along, and without it those are taken that `qmlc measure-host` measured.
    """

    code: ClassVar[str] = "E0611"
    title: ClassVar[str] = "costs that cannot be read"


@dataclass(frozen=True)
class NothingToPlan(Problem):
    """A plan was asked for of a part that the program does not have, or of none at all.

    `qmlc explain-plan` plans circuits, kernels, layers, models and losses, once all their settings
    are known: `--set n=6` fills one that is left open.
    """

    code: ClassVar[str] = "E0610"
    title: ClassVar[str] = "nothing to plan"
