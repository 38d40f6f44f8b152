"""Dialects of OpenQASM as data: one TOML file each, in the folder `dialects` beside this module."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from qmlc.source.nearest import nearest


@dataclass(frozen=True)
class Dialect:
    """What the readers of some OpenQASM take, as far as our files differ by it.

    `gates` are known by these names of Qiskit's, or by what `names` makes of them: another name, or
    a call in which `{0}` stands for the first angle. Other gates are defined in the file where
    `definitions` are read, and written out as known ones where not. Where `inputs` are not read,
    circuits must be bound. `phase` says whether a global phase is kept, `physical` whether qubits
    are `$0`, `$1`, …, `verbatim` whether gates stand in a box that Braket leaves as it is, `output`
    whether the bits to be returned are declared so, `joint` whether all bits must lie in one
    register, `zeros` whether bits that are asked for must have a value from the start.

    `conditions` has the form of branches: "blocks", "bits" (before each statement, on one bit),
    "registers" (so, on a whole one) or "" where there are none; `one` and `zero` test a bit.
    `statements` are what there is of barrier, delay and reset; those in `conditional` can also
    depend on bits.
    """

    name: str
    title: str
    version: str
    readers: str
    gates: tuple[str, ...]
    names: tuple[tuple[str, str], ...] = ()
    include: str = ""
    definitions: bool = False
    inputs: bool = False
    phase: bool = False
    physical: bool = False
    verbatim: bool = False
    output: bool = False
    joint: bool = False
    zeros: bool = False
    conditions: str = ""
    one: str = "{}"
    zero: str = "!{}"
    statements: tuple[str, ...] = ()
    conditional: tuple[str, ...] = ("measure", "reset")
    notes: str = ""


class UnknownDialect(ValueError):
    """There is no such dialect; `name` is what was asked for, `proposal` the nearest name or ""."""

    def __init__(self, name: str, proposal: str) -> None:
        known = ", ".join(list_dialects())
        hint = f"did you mean `{proposal}`?" if proposal else f"there are {known}"
        super().__init__(f"there is no dialect `{name}`; {hint}")
        self.name, self.proposal = name, proposal


@cache
def list_dialects() -> tuple[str, ...]:
    """The names of all dialects, in alphabetical order."""
    found = (path.name for path in _folder().iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml")))


@cache
def read_dialect(name: str) -> Dialect:
    """The dialect `name` (`braket`); UnknownDialect where there is none."""
    if name not in list_dialects():
        raise UnknownDialect(name, nearest(str(name), list_dialects()) or "")
    fields: Any = tomllib.loads((_folder() / f"{name}.toml").read_text(encoding="utf-8"))
    names = tuple(fields.pop("names", {}).items())
    return Dialect(name=name, names=names, **{key: _frozen(v) for key, v in fields.items()})


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _folder() -> Any:
    return files("qmlc.targets") / "dialects"
