"""Evolution under a Hamiltonian that changes in time, as evolutions under constant ones."""

from __future__ import annotations

import math

from qmlc.ir.operator import Operator
from qmlc.types.polynomial import Polynomial, Symbol, Value, lift

NOW = Symbol("time of evolve")
"""The time inside an evolution; no author's name has spaces."""
MAGNUS_STEPS = 100
"""How many steps an evolution without a method takes."""

Piece = tuple[Operator, Value]
"""An operator, and the time for which it acts."""


def depends_on_time(operator: Operator) -> bool:
    """Whether the operator changes while it acts."""
    return NOW in operator.symbols()


def at_time(operator: Operator, now: Value) -> Operator:
    """The operator at the time `now`."""
    terms = []
    for string, coefficient in operator.terms:
        if isinstance(coefficient, Polynomial):
            coefficient = coefficient.substitute({NOW: now})
        terms.append((string, coefficient))
    return Operator(tuple(terms)).simplified()


def midpoints(operator: Operator, time: Value, steps: int) -> list[Piece]:
    """The operator at the middle of each of `steps` equal steps: exact to second order."""
    step = lift(time) / steps
    return [(at_time(operator, step * (k + 0.5)), step) for k in range(steps)]


def magnus(operator: Operator, time: Value, steps: int) -> list[Piece]:
    """Two exponentials a step, exact to fourth order: the commutator-free Magnus integrator.

    CF4:2 of A. Alvermann and H. Fehske, J. Comput. Phys. 230, 5930 (2011), arXiv:1102.5071, whose
    error falls as steps**-4; at the two Gauss points of each step.
    """
    step = lift(time) / steps
    near, far = 0.25 + math.sqrt(3) / 6, 0.25 - math.sqrt(3) / 6
    pieces: list[Piece] = []
    for k in range(steps):
        early = at_time(operator, step * (k + 0.5 - math.sqrt(3) / 6))
        late = at_time(operator, step * (k + 0.5 + math.sqrt(3) / 6))
        pieces += [(early * near + late * far, step), (early * far + late * near, step)]
    return pieces
