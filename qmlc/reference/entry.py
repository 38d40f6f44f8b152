"""What the reference says of one thing that has a name: a line, and a page in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from qmlc.ops.parameters import REQUIRED, Parameter


@dataclass(frozen=True, slots=True)
class Entry:
    """One name of a catalogue; its page is written when it is asked for."""

    kind: str
    name: str
    summary: str
    """One line."""
    write: Callable[[], str]
    aliases: tuple[str, ...] = ()

    @property
    def page(self) -> str:
        """Markdown; fences are programs unless they say otherwise."""
        return self.write()


def written(page: str) -> Callable[[], str]:
    """What an entry holds of a page that costs nothing."""
    return lambda: page


def write_call(name: str, parameters: Iterable[Parameter]) -> str:
    """How it is called: `adam(lr=0.001, …)`; defaults as the language writes them."""
    arguments = (
        p.name if p.default is REQUIRED else f"{p.name}={write_value(p.default)}"
        for p in parameters
    )
    return f"{name}({', '.join(arguments)})"


def write_value(value: object) -> str:
    """A value as the language writes it."""
    if isinstance(value, tuple):
        return "[" + ", ".join(map(write_value, value)) + "]"
    if isinstance(value, str):
        return f'"{value}"'
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return str(value)
