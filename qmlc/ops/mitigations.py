"""Error mitigation that a `deploy` block may ask for, as rows of data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from qmlc.ops.parameters import Parameter


@dataclass(frozen=True, slots=True)
class Mitigation:
    """A method: its parameters, and what they must be, in words and as a test."""

    doc: str
    parameters: tuple[Parameter, ...] = ()
    takes: str = ""
    fits: Callable[[Mapping[str, Any]], bool] = lambda values: True


def _are_scales(values: Mapping[str, Any]) -> bool:
    scales = values["scales"]
    return (
        isinstance(scales, tuple)
        and len(scales) > 1
        and all(isinstance(s, int | float) and s >= 1 for s in scales)
        and all(a < b for a, b in pairwise(scales))
    )


MITIGATIONS: dict[str, Mitigation] = {
    "readout": Mitigation("errors of the measurement, undone by their measured rates"),
    "zne": Mitigation(
        "zero-noise extrapolation: circuits folded to these multiples of their noise "
        "(Temme, Bravyi and Gambetta, PRL 119, 180509, 2017)",
        (Parameter("scales", (1, 3, 5)),),
        "`scales`: at least two numbers from 1 upwards, ascending",
        _are_scales,
    ),
}
"""By name, in the order of the reference."""
