"""What cannot be diagnosed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from qmlc.source.diagnostic import Problem


@dataclass(frozen=True)
class NothingToDiagnose(Problem):
    """A circuit was to be diagnosed that the program does not have, or whose sizes are open.

    `qmlc diagnose` measures circuits and kernels, once all their settings are known: `--set n=6`
    fills one that is left open, `--sweep n=2,4,6` goes through several.
    """

    code: ClassVar[str] = "E0612"
    title: ClassVar[str] = "no circuit to diagnose"
