"""The Pauli strings of all observables, those that flip the same bits together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from qmlc.ir.operator import Operator
from qmlc.runtime.native.angle_rows import whole
from qmlc.runtime.native.rotations import Frame, place_pauli
from qmlc.runtime.normal_form import Array
from qmlc.runtime.normalise import pauli_masks
from qmlc.types.polynomial import lift


class Groups(NamedTuple):
    """Records of five numbers a group, and its strings' masks and uses in operators."""

    records: Array
    masks: Array
    starts: Array
    operators: Array
    coefficients: Array


def measured_groups(
    operators: Sequence[Operator], frames: Sequence[Frame], lane_bits: int
) -> Groups:
    """The groups of operators with numbers for coefficients."""
    found: dict[tuple[int, int], dict[int, list[tuple[int, float]]]] = {}
    for position, operator in enumerate(operators):
        for string, coefficient in operator.terms:
            flips, signs = pauli_masks(string)
            ys = (flips & signs).bit_count()
            flip, mask, negative = place_pauli(frames, flips, signs)
            number = lift(coefficient).constant
            assert number is not None
            # i**ys w has the real part Re w, -Im w, -Re w, Im w
            factor = (1.0, -1.0, -1.0, 1.0)[ys % 4] * (-1.0) ** negative
            uses = found.setdefault((flip, ys % 2), {}).setdefault(mask, [])
            uses.append((position, factor * float(complex(number).real)))
    records: list[int] = []
    masks: list[int] = []
    starts = [0]
    uses_of: list[tuple[int, float]] = []
    for (flip, imaginary), strings in found.items():
        first = len(masks)
        for mask, uses in strings.items():
            masks.append(mask)
            uses_of += uses
            starts.append(len(uses_of))
        lanes = flip & (1 << lane_bits) - 1
        records += [flip >> lane_bits, lanes, imaginary, first, len(masks)]
    return Groups(
        whole(records),
        whole(masks),
        whole(starts),
        whole(position for position, _ in uses_of),
        np.array([coefficient for _, coefficient in uses_of]),
    )
