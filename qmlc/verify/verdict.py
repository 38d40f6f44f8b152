"""What became of a comparison of two circuits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

TOLERANCE = 1e-9
"""How far amplitudes, probabilities and mean values may lie apart."""

SMALL = 1e-4
"""Differences below this may be rotations so small that Qiskit leaves them out."""

BUDGETS = {"auto": 3e7, "full": 3e11}
"""How many amplitudes may be computed, by effort: a moment, or an hour."""

MAX_SHOWN = 24
"""Numbers that are printed of a difference."""

POINTS = 2
"""At how many values: one proves it, a second is for what rounding may have hidden."""

METHOD = "statevectors"


@dataclass(frozen=True)
class Certificate:
    """That two circuits are equal, and how it was found.

    `equal` says in what: `unitary` (from every state, measurements on the way included),
    `state` (from |0…0>), or `results` (what is measured in the end, from |0…0>). All are up to
    a global phase.
    """

    equal: str
    method: str
    angles: str = ""
    """At which angles; empty where none is free, or where the method is for all."""

    def __str__(self) -> str:
        return f"equal {self.equal}, by {self.method}" + (self.angles and f" at {self.angles}")


@dataclass(frozen=True)
class Difference:
    """That two circuits differ: what does, and at which values of the free scalars."""

    what: str
    values: Mapping[str, float]

    def __str__(self) -> str:
        shown = [f"{name} = {number!r}" for name, number in self.values.items()]
        if len(shown) > MAX_SHOWN:
            shown = [*shown[:MAX_SHOWN], f"{len(shown) - MAX_SHOWN} more"]
        return self.what + (f" at {', '.join(shown)}" if shown else "")


class Undecided(Exception):
    """That a method cannot tell, and why: raised by methods, and the last verdict of all."""

    @property
    def reason(self) -> str:
        """Why, in one sentence without a full stop."""
        return str(self)


def require_difference(gap: float) -> None:
    """Undecided where the gap is very small."""
    if gap <= SMALL:
        raise Undecided(f"they differ by {gap:.0e}, as where tiny rotations are left out")


Verdict: TypeAlias = Certificate | Difference | Undecided
