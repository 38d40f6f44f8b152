"""What is done to a module once it is made: `freeze(m)`, `load(m, path)`, `prune(m, amount)`.

By name: the arguments behind the module, and the function of the runtime that does it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qmlc.ops.parameters import Parameter


@dataclass(frozen=True, slots=True)
class Change:
    """`python` takes the module and yields it, changed; `beside`: it needs to know for whom."""

    python: str
    parameters: tuple[Parameter, ...] = ()
    beside: bool = False
    masks: bool = False
    """Whether the module computes with other numbers than its parameters hold while it learns."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What an argument may be: in words, and as a test."""

    words: str
    test: Callable[[Any], bool]


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


TEXT = Allowed("is a text", lambda value: isinstance(value, str))
ARGUMENTS = {
    "path": TEXT,
    "at": TEXT,
    "amount": Allowed(
        "is a share of the weights, between 0 and 1", lambda v: _number(v) and 0 < v < 1
    ),
    "bits": Allowed("is a whole number from 2 to 8", lambda v: type(v) is int and v in range(2, 9)),
}
"""What the arguments of all changes may be, by name."""

CHANGES: dict[str, Change] = {
    "freeze": Change("freeze"),
    "load": Change("load_part", (Parameter("path"), Parameter("at", "")), beside=True),
    "prune": Change("prune", (Parameter("amount"),), masks=True),
    "quantize": Change("quantize", (Parameter("bits", 8),)),
}
