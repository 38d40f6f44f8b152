"""What a pretrained model takes and yields, and why that may not be known."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PretrainedType:
    """The inputs and results of a model by name, each with its type as text."""

    inputs: tuple[tuple[str, str], ...]
    results: tuple[tuple[str, str], ...]
    needed: int = 1
    """How many inputs cannot be left out: the first ones."""
    blocks: int | None = None
    """How many blocks `last(k)` can choose from, where the configuration says it."""


class Unsupported(Exception):
    """A model that holds what is not run here; the message names it."""


class UnknownType(Exception):
    """A model that runs, but whose type nothing tells; the message names what is not known."""


class PackageMissing(Exception):
    """A package that reads the file is not installed; the message names it."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(package)
        self.help = f"pip install 'qmlc[{extra}]'"


def name_of(text: str) -> str:
    """A name of the language for one that may hold anything: `input_1` for `input.1`."""
    name = re.sub(r"\W", "_", text, flags=re.ASCII)
    return name if re.match(r"[A-Za-z]", name) else f"x{name}"
