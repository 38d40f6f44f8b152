"""Tables that make the matrices of all runs of one-qubit gates at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from qmlc.runtime.normal_form import Array, Turn
from qmlc.runtime.normalise import turn_matrix
from qmlc.runtime.plan import Turns
from qmlc.runtime.pool import Pool

_IDENTITY = np.eye(2, dtype=np.complex128)
_NOTHING = np.zeros((2, 2), dtype=np.complex128)


def plan_turns(
    runs: Sequence[Sequence[Turn]], pool: Pool, *, identity: bool
) -> tuple[Turns | None, list[int]]:
    """The table of all `runs`, and where each comes out of it.

    With `identity` the last matrix of the table is one.
    """
    folded = [fold_constants(run) for run in runs]
    longest: dict[int, list[int]] = {}
    for position, (gates, _) in enumerate(folded):
        if gates:
            padded = 1 << (len(gates) - 1).bit_length()
            longest.setdefault(padded, []).append(position)
    gates = []
    groups: list[Array | None] = []
    places = [0] * len(runs)
    count = 0
    for length, positions in sorted(longest.items()):
        first = len(gates)
        for position in positions:
            run = folded[position][0]
            idle = replace(run[-1], constant=_IDENTITY, cosine=_NOTHING, sine=_NOTHING)
            gates += run + [idle] * (length - len(run))
            places[position] = count
            count += 1
        groups.append(np.arange(first, len(gates)).reshape(-1, length))
    fixed = []
    for position, (symbolic, constant) in enumerate(folded):
        if not symbolic:
            places[position] = count + len(fixed)
            fixed.append(constant)
    if identity:
        fixed.append(_IDENTITY)
    if not gates and not fixed:
        return None, places
    if len(groups) == 1 and groups[0] is not None and groups[0].shape[1] == 1:
        groups = [None]
    table = Turns(
        angles=pool.add(turn.angle for turn in gates).positions,
        constant=_column([turn.constant for turn in gates]),
        cosine=_column([turn.cosine for turn in gates]),
        sine=_column([turn.sine for turn in gates]),
        groups=tuple(groups),
        fixed=_column(fixed) if fixed else None,
    )
    return table, places


def fold_constants(run: Sequence[Turn]) -> tuple[list[Turn], Array]:
    """The turns by symbolic angles, the constant ones absorbed in them; else their product."""
    gates: list[Turn] = []
    pending = _IDENTITY
    for turn in run:
        matrix = turn_matrix(turn)
        if matrix is None:
            gates.append(_times(turn, right=pending))
            pending = _IDENTITY
        elif gates:
            gates[-1] = _times(gates[-1], left=matrix)
        else:
            pending = matrix @ pending
    return gates, pending


def _times(turn: Turn, left: Array = _IDENTITY, right: Array = _IDENTITY) -> Turn:
    return replace(
        turn,
        constant=left @ turn.constant @ right,
        cosine=left @ turn.cosine @ right,
        sine=left @ turn.sine @ right,
    )


def _column(matrices: Sequence[Array]) -> Array:
    return np.array(matrices, dtype=np.complex128).reshape(-1, 2, 2, 1)
