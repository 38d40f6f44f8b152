"""What is done to a module once it is made: `freeze(m)`, `load(m, path)`.

By name: the arguments behind the module, and the function of the runtime that does it.
"""

from __future__ import annotations

from dataclasses import dataclass

from qmlc.ops.parameters import Parameter


@dataclass(frozen=True, slots=True)
class Change:
    """`python` takes the module and yields it, changed; `beside`: it needs to know for whom."""

    python: str
    parameters: tuple[Parameter, ...] = ()
    beside: bool = False


CHANGES: dict[str, Change] = {
    "freeze": Change("freeze"),
    "load": Change("load_part", (Parameter("path"), Parameter("at", "")), beside=True),
}
