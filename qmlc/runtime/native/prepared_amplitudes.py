"""The amplitudes that a circuit begins with: their parts are numbers of samples, as angles are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from qmlc.runtime.native.angle_rows import AngleRows, whole
from qmlc.runtime.native.coset_tables import span
from qmlc.runtime.native.rotations import Item, Prepare
from qmlc.runtime.normal_form import Array
from qmlc.runtime.plan_steps import real_and_imaginary
from qmlc.types.polynomial import Value


class Prepared(NamedTuple):
    """Storage indices, and the rows of the parts of their amplitudes; none for |0...0>."""

    places: Array
    reals: Array
    imaginaries: Array


def prepared_amplitudes(items: Iterable[Item], angles: AngleRows) -> Prepared:
    """The product of all vectors that `items` prepare; `angles` grow by its parts."""
    places: list[int] = [0]
    amplitudes: list[Value] = [1]
    for item in items:
        if isinstance(item, Prepare):
            steps = span([place.flips for place in item.places])
            places = [place ^ step for step in steps for place in places]
            amplitudes = [old * new for new in item.amplitudes for old in amplitudes]
    if len(places) == 1:
        places.clear()
        amplitudes.clear()
    parts = [real_and_imaginary(amplitude) for amplitude in amplitudes]
    reals, imaginaries = (whole(angles.add_sample(pair[i]) for pair in parts) for i in (0, 1))
    return Prepared(whole(places), reals, imaginaries)
